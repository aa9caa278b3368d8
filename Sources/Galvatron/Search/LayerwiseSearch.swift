/// Searches the plan that Galvatron's judge likes best: each layer its own strategy, in an even
/// division over the stages.
///
/// Layers are alike, and the judge only adds them up, so a stage is a count for each strategy: not a
/// dynamic program over layers and megabytes, but a small knapsack (`StageSearch`). Batch,
/// micro-batches, stages, gather buffer and the embedding's strategy make families, each with a
/// bound from its linear relaxation; they are searched from the lowest bound up until no bound is
/// below the best plan.
package struct LayerwiseSearch: Sendable {
  package let job: MeasuredJob
  package let space: SearchSpace
  package let budget: MemoryBudget

  package init(_ job: MeasuredJob, _ space: SearchSpace, budget: MemoryBudget) {
    self.job = job
    self.space = space
    self.budget = budget
  }

  private struct Candidate {
    /// Seconds a sample.
    var bound: Double
    var field: Int
    var family: Int
    var end: Int
  }

  /// `shouldStop` is asked now and then, from the first moment on, and `onPlan` told of the first plan.
  /// Once it is to stop, the search takes what it has a bound of so far, with the bound that was left open,
  /// or 0 where some families have none.
  package func run(
    shouldStop: () -> Bool = { false }, onPlan: () -> Void = {}
  ) -> LayerwiseOutcome {
    var fields: [BatchField] = []
    var candidates: [Candidate] = []
    var nearest: (field: Int, stage: Int, megabytes: Int)?
    var hasBounds = true
    for judge in judges {
      guard !shouldStop() else {
        hasBounds = false
        break
      }
      guard let field = BatchField(judge, space) else { continue }
      fields.append(field)
      collect(field, at: fields.count - 1, &candidates, &nearest)
    }
    candidates.sort {
      ($0.bound, $0.field, $0.family, $0.end) < ($1.bound, $1.field, $1.family, $1.end)
    }
    guard !candidates.isEmpty else {
      return hasBounds ? .infeasible(reason(fields, nearest)) : .undecided
    }
    return choose(fields, candidates, hasBounds: hasBounds, shouldStop, onPlan)
  }

  /// One for each way to divide the batch and the layers.
  private var judges: some Sequence<Judge> {
    space.batchSizes.lazy.flatMap { batch in
      space.microBatchCounts(batch).flatMap { microBatches in
        space.stageCounts(job, microBatches: microBatches).map { stages in
          Judge(job, globalBatchSize: batch, microBatches: microBatches, stages: stages)
        }
      }
    }
  }

  private func collect(
    _ field: BatchField, at index: Int, _ candidates: inout [Candidate],
    _ nearest: inout (field: Int, stage: Int, megabytes: Int)?
  ) {
    let samples = Double(field.judge.globalBatchSize)
    for (position, family) in field.families.enumerated() {
      for end in family.ends {
        if let bound = field.bound(family, end: end, budget: budget.usable) {
          candidates.append(
            Candidate(bound: bound / samples, field: index, family: position, end: end))
        } else {
          let shortage = field.shortage(family, end: end, budget: budget.usable)
          if shortage.megabytes < nearest?.megabytes ?? .max {
            nearest = (index, shortage.stage, shortage.megabytes)
          }
        }
      }
    }
  }

  /// Steps of the search over all stages at once, in all: some milliseconds.
  private static var steps: Int { 30_000 }

  /// Every family that may hold the best plan is searched quickly; those on which that leaves a doubt
  /// then thoroughly, from the lowest bound up.
  ///
  /// - Parameter hasBounds: Every family that fits is a candidate.
  private func choose(
    _ fields: [BatchField], _ candidates: [Candidate], hasBounds: Bool, _ shouldStop: () -> Bool,
    _ onPlan: () -> Void
  ) -> LayerwiseOutcome {
    var best: (perSample: Double, candidate: Candidate, found: FamilySearch.Found)?
    func search(
      _ candidate: Candidate, _ run: (FamilySearch, Double, Double) -> FamilySearch.Outcome
    ) -> Double {
      let field = fields[candidate.field]
      let samples = Double(field.judge.globalBatchSize)
      let search = FamilySearch(
        field: field, family: field.families[candidate.family], end: candidate.end,
        budget: budget.usable)
      let limit = (best?.perSample).map { $0 * samples } ?? .infinity
      let outcome = run(search, limit, candidate.bound * samples)
      if let found = outcome.found {
        if best == nil { onPlan() }
        best = (found.seconds / samples, candidate, found)
      }
      return outcome.bound / samples
    }
    var doubtful: [Candidate] = []
    var considered = 0
    for candidate in candidates {
      guard candidate.bound < best?.perSample ?? .infinity else { break }
      considered += 1
      var seen = candidate
      if best == nil || !shouldStop() {
        seen.bound = search(candidate) { $0.quick(below: $1, bound: $2) }
      }
      doubtful.append(seen)
    }
    doubtful.sort {
      ($0.bound, $0.field, $0.family, $0.end) < ($1.bound, $1.field, $1.family, $1.end)
    }
    var open = hasBounds ? Double.infinity : 0
    var steps = Self.steps
    for candidate in doubtful {
      guard let known = best?.perSample, candidate.bound < known else { break }
      var bound = candidate.bound
      if !shouldStop() {
        // No family uses up what others may need.
        var share = steps / 2
        steps -= share
        bound = search(candidate) { $0.thorough(below: $1, bound: $2, steps: &share) }
        steps += share
      }
      open = min(open, bound)
    }
    guard let best else { preconditionFailure("a family with a bound has a plan that fits") }
    let field = fields[best.candidate.field]
    let plan = plan(field, best.candidate, best.found)
    let verdict = field.judge.verdict(plan)
    let bound = min(open * Double(plan.globalBatchSize), verdict.seconds)
    return .found(
      LayerwiseResult(
        plan: plan, judge: field.judge, verdict: verdict, budget: budget, lowerBound: bound,
        considered: considered, pruned: candidates.count - considered))
  }

  /// Layers of one strategy stand together, those that recompute first.
  private func plan(
    _ field: BatchField, _ candidate: Candidate, _ found: FamilySearch.Found
  ) -> LayerwisePlan {
    let family = field.families[candidate.family]
    var layers: [LayerStrategy] = []
    for (choices, counts) in zip(family.choices, found.counts) {
      let stage = zip(choices.options, counts).flatMap { option, count in
        Array(repeating: field.strategies[option.strategy], count: count)
      }
      layers += stage.sorted { $0.rank < $1.rank }
    }
    return LayerwisePlan(
      stageLayers: field.stageLayers, layers: layers,
      embedding: field.ends[candidate.end].strategy,
      globalBatchSize: field.judge.globalBatchSize, microBatches: field.judge.microBatches,
      schedule: job.run.schedule, defaultSharding: job.run.defaultSharding)
  }

  private func reason(
    _ fields: [BatchField], _ nearest: (field: Int, stage: Int, megabytes: Int)?
  ) -> LayerwiseInfeasibility {
    guard let nearest else { return .noStrategy }
    let judge = fields[nearest.field].judge
    return .memory(
      stage: nearest.stage, excess: nearest.megabytes, globalBatchSize: judge.globalBatchSize,
      microBatches: judge.microBatches, stages: judge.stages)
  }
}

extension LayerStrategy {
  /// The order in a stage: by degree, so that hidden states are seldom laid out anew.
  fileprivate var rank: Int {
    degree * 8 + (usesUlysses ? 4 : 0) + (recomputes ? 0 : 2) + (shardsWeights ? 0 : 1)
  }
}
