import Costing
import Hardware
import Quantities
import Scheduling

/// Predicts and finds plans on clusters of several pools. Pools of equal GPUs are one pool, and on one
/// pool this is `Planner` and nothing else.
package struct ClusterPlanner: Sendable {
  package let problem: ClusterProblem
  package let effort: SearchEffort

  package init(_ problem: ClusterProblem, effort: SearchEffort = SearchEffort()) {
    self.problem = problem
    self.effort = effort
  }

  /// Predicts one mixed strategy; a plan that exceeds some GPU's memory too, with `fits` false.
  package func simulate(
    _ strategy: MixedStrategy, split: PipelineSplit, devices: [[DeviceGroup]]? = nil
  ) -> Plan {
    MixedPlan(problem, strategy, split, devices: devices).plan
  }

  /// A step of the slowest replica of a plan, pass by pass. Complexity: O(passes).
  package func playback(of plan: MixedPlan) -> Playback {
    let model = MixedModel(problem, plan.strategy)
    let lanes = plan.strategy.lanes.indices
    let times = lanes.map { model.pipelineTimes(plan.split, lane: $0) }
    let schedule = plan.strategy.base.schedule
    let slowest = lanes.max {
      schedule.makespan(times[$0], microBatches: plan.strategy.lanes[$0].microBatches)
        < schedule.makespan(times[$1], microBatches: plan.strategy.lanes[$1].microBatches)
    }!
    return schedule.play(
      times[slowest], microBatches: plan.strategy.lanes[slowest].microBatches, withTimeline: true)
  }

  /// The best plan, with a bound on any other: pipelines whose stages lie on different pools,
  /// replicas on different pools with unequal shares, and each pool alone. Devices that would slow
  /// the job down are left out. `shouldStop` is asked as by `Planner`.
  package func plan(
    _ constraints: SearchConstraints, shouldStop: () -> Bool = { false },
    onProgress: (SearchProgress) -> Void = { _ in }
  ) -> ClusterOutcome {
    let merged = problem.cluster.merged
    guard merged.pools.count > 1 else {
      let alone = problem.on(merged)
      let outcome = Planner(alone.pools[0]).plan(
        constraints, shouldStop: shouldStop, onProgress: onProgress)
      return ClusterOutcome(outcome: outcome, comparison: nil)
    }
    if merged != problem.cluster {
      return ClusterPlanner(problem.on(merged), effort: effort)
        .plan(constraints, shouldStop: shouldStop, onProgress: onProgress)
    }
    var wasStopped = false
    func stops() -> Bool {
      wasStopped = wasStopped || shouldStop()
      return wasStopped
    }
    var outcome =
      switch constraints.objective {
      case .throughput:
        // Where searches for good plans find none, the one that holds least may fit.
        fastest(constraints, stops, onProgress)
          ?? problem.leanest(constraints, effort: effort, stops).flatMap {
            fastest(constraints, knowing: [$0.plan], stops, onProgress)
          }
      case .memory: leanest(constraints, stops, onProgress)
      case .cost: cheapest(constraints, stops, onProgress)
      }
    if constraints.wantsFrontier, let best = outcome?.best,
      case .found(var result) = outcome?.outcome
    {
      // The frontier tells nothing.
      onProgress(progress(best, result.proof, constraints.objective))
      result.frontier = frontier(knowing: best, constraints, stops)
      result.warnings.append(
        "over several pools the frontier holds the fastest plans that short searches found within each memory: "
          + "others may be faster")
      outcome?.outcome = .found(result)
    }
    if let outcome { return outcome }
    let why = ClusterInfeasibility(problem: problem, constraints: constraints, effort: effort)
    let known = wasStopped ? nil : why.run(stops)
    return ClusterOutcome(
      outcome: known.map { .infeasible($0) } ?? .undecided, comparison: nil)
  }

  /// What is known of a plan in the end, in what the objective counts.
  private func progress(
    _ best: MixedPlan, _ proof: OptimalityProof, _ objective: Objective
  ) -> SearchProgress {
    let score =
      objective == .cost
      ? StepPrices(problem.cluster).cost(best) : best.plan.prediction.step.value
    return SearchProgress(
      best: score, bound: score * (1 - proof.gapFraction),
      strategiesConsidered: proof.strategiesConsidered, strategiesPruned: proof.strategiesPruned)
  }

  /// The plan with the shortest step; nil where none was found.
  ///
  /// - Parameter plans: That are known.
  func fastest(
    _ constraints: SearchConstraints, knowing plans: [MixedPlan] = [], _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome? {
    var known = Known(plans: plans)
    var outcome = search(constraints, &known, shouldStop, onProgress)
    // Sharding gradients and weights takes time to save memory: over several pools it is searched where
    // nothing fits without, or nothing is better than a pool alone with it.
    if constraints.zeroStage.isEmpty, Self.areSharded(known.plans) {
      var sharded = constraints
      sharded.zeroStage = [.gradients, .weights]
      outcome = search(sharded, &known, shouldStop, onProgress) ?? outcome
    }
    return outcome
  }

  /// What one search leaves to another.
  private struct Known {
    var plans: [MixedPlan]
    /// The least that a plan might take which was not looked for to the end.
    var open = Double.infinity
    var considered = 0
    var pruned = 0
  }

  /// Whether there is no plan, or the best has gradients or weights sharded.
  private static func areSharded(_ plans: [MixedPlan]) -> Bool {
    plans.first.map { $0.plan.strategy.zeroStage > .optimizer } ?? true
  }

  /// Nil where no plan was found.
  private func search(
    _ constraints: SearchConstraints, _ known: inout Known, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome? {
    let tables = SeatTables(problem)
    let slices = PoolSlices(problem)
    // Until all other plans are bounded, no plan is.
    func noteUnbounded(_ progress: SearchProgress) { onProgress(progress.bounded(by: 0)) }
    func note(_ progress: SearchProgress, of search: any PoolSearch) {
      let isLast = !constraints.zeroStage.isEmpty || !Self.areSharded(search.found)
      if isLast { onProgress(progress) } else { noteUnbounded(progress) }
    }
    var baselines = Baselines(problem, constraints, tables: tables, slices: slices)
    baselines.run(shouldStop: shouldStop)
    let parts = constraints.byChunks
    let searches = parts.flatMap {
      problem.searches($0, effort: effort, tables: tables, slices: slices)
    }
    var kept = BestPlans(most: 4 * effort.kept, baselines.plans + known.plans)
    func advance(_ index: Int, _ search: (any PoolSearch) -> Void) {
      for plan in kept.plans { searches[index].keep(plan) }
      search(searches[index])
      for plan in searches[index].found { kept.keep(plan) }
    }
    // Good plans first, from where most are, so that most others are excluded at once.
    for index in searches.indices.prefix(2) {
      advance(index) { $0.sketch(shouldStop: shouldStop, onProgress: noteUnbounded) }
    }
    baselines.close(below: kept.best, shouldStop: shouldStop)
    for plan in baselines.plans { kept.keep(plan) }
    // What has the least bound of all before need not be bounded any better.
    for index in searches.indices {
      let others = Tally(baselines, searches.indices.filter { $0 != index }.map { searches[$0] })
      let aim = index == 0 ? .infinity : Tally(baselines, searches.prefix(index)).open
      advance(index) { search in
        search.run(below: aim, shouldStop: shouldStop) { note(others.added(to: $0), of: search) }
      }
    }
    let bounded = Tally(baselines, searches)
    // Last: few jobs gain by pipelines whose stages differ in replicas, and there are many of these.
    let partingEffort = effort.partingBatches(gpus: problem.cluster.gpus)
    let parting = (shouldStop() ? [] : parts).map { part in
      let search = MixedSearch(
        problem, part, partsBatches: true, effort: partingEffort, tables: tables, slices: slices,
        incumbents: kept.plans)
      search.run(below: bounded.open, shouldStop: shouldStop) {
        note(bounded.added(to: $0.bounded(by: bounded.open)), of: search)
      }
      for plan in search.found { kept.keep(plan) }
      return search
    }
    if let best = kept.plans.first {
      let polish = PlanPolish(problem: problem, constraints: constraints, tables: tables)
      kept.keep(polish.polished(best, tries: effort.changes, shouldStop: shouldStop))
    }
    let all = Tally(baselines, searches + parting)
    let found = kept.distinct(constraints.alternatives + 1).map(problem.placed)
    known.plans = kept.plans
    let boundsParting = parting.count == parts.count && all.open >= min(bounded.open, kept.best)
    known.open = min(known.open, boundsParting ? all.open : bounded.open)
    known.considered += all.considered
    known.pruned += all.pruned
    guard let best = found.first else { return nil }
    let step = best.plan.prediction.step
    // Bounds are summed in another order than steps.
    let isClosed = known.open >= step.value * (1 - SplitSearch.tolerance)
    let bound = isClosed ? step.value : known.open
    let unsearched =
      MixedSpace(problem, constraints).unsearched
      + (boundsParting ? [] : ["some pipelines whose stages differ in data-parallel degree"])
      + (problem.graph.hasOneOrder ? [] : ["other orders of the layers"])
    let proof = OptimalityProof(
      lowerBound: Seconds(bound), gapFraction: (step.value - bound) / step.value,
      strategiesConsidered: known.considered, strategiesPruned: known.pruned,
      isPartial: !unsearched.isEmpty)
    let comparison = Comparison(
      best, even: baselines.even, alone: baselines.alone, on: problem.cluster,
      constraints.objective)
    let result = PlanningResult(
      best: best.plan,
      alternatives: found.dropFirst().map(\.plan),
      proof: proof,
      warnings: comparison.sentences + [Self.reach(unsearched)])
    return ClusterOutcome(outcome: .found(result), comparison: comparison, best: best)
  }

  /// What the bound of a search over several pools does not speak of.
  private static func reach(_ unsearched: [String]) -> String {
    "over several pools the bound covers pipelines whose stages are split alike where they lie on one pool, "
      + "and unequal replicas, each on one pool, as many as it holds"
      + (unsearched.isEmpty
        ? "" : "; across pools these were not searched: " + unsearched.joined(separator: ", "))
  }
}

/// What a search on several pools found, and what it is worth.
package struct ClusterOutcome: Hashable, Sendable {
  package var outcome: PlanningOutcome
  /// Nil on one pool.
  package var comparison: Comparison?
  package var best: MixedPlan?

  init(outcome: PlanningOutcome, comparison: Comparison?, best: MixedPlan? = nil) {
    self.outcome = outcome
    self.comparison = comparison
    self.best = best
  }
}

/// What some searches together have looked at, and the least bound of what they have not.
private struct Tally {
  let open: Double
  let considered: Int
  let pruned: Int

  init(_ baselines: Baselines, _ searches: some Sequence<any PoolSearch>) {
    open = searches.reduce(baselines.open) { min($0, $1.open) }
    considered = searches.reduce(baselines.considered) { $0 + $1.considered }
    pruned = searches.reduce(baselines.pruned) { $0 + $1.pruned }
  }

  func added(to progress: SearchProgress) -> SearchProgress {
    SearchProgress(
      best: progress.best, bound: min(progress.bound, open),
      strategiesConsidered: progress.strategiesConsidered + considered,
      strategiesPruned: progress.strategiesPruned + pruned)
  }
}
