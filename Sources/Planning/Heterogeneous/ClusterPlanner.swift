import Costing
import Hardware
import Quantities
import Scheduling

/// Predicts and finds plans on clusters of several pools. Pools of equal GPUs are one pool, and on one
/// pool this is `Planner` and nothing else.
package struct ClusterPlanner: Sendable {
  package let problem: ClusterProblem
  package let effort: SearchEffort
  package let parallel: ParallelMap

  package init(
    _ problem: ClusterProblem, effort: SearchEffort = SearchEffort(),
    parallel: ParallelMap = .sequential
  ) {
    self.problem = problem
    self.effort = effort
    self.parallel = parallel
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
  /// the job down are left out. `shouldStop` is asked as by `Planner`, on the threads of `parallel`; once it
  /// has said so, it has to go on saying so.
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
      return ClusterPlanner(problem.on(merged), effort: effort, parallel: parallel)
        .plan(constraints, shouldStop: shouldStop, onProgress: onProgress)
    }
    var outcome =
      switch constraints.objective {
      case .throughput:
        // Where searches for good plans find none, the one that holds least may fit.
        fastest(constraints, shouldStop, onProgress)
          ?? problem.leanest(constraints, effort: effort, shouldStop).flatMap {
            fastest(constraints, knowing: [$0.plan], shouldStop, onProgress)
          }
      case .memory: leanest(constraints, shouldStop, onProgress)
      case .cost: cheapest(constraints, shouldStop, onProgress)
      }
    if constraints.wantsFrontier, let best = outcome?.best,
      case .found(var result) = outcome?.outcome
    {
      // The frontier tells nothing.
      onProgress(progress(best, result.proof, constraints.objective))
      result.frontier = frontier(knowing: best, constraints, shouldStop)
      result.warnings.append(
        "over several pools the frontier holds the fastest plans that short searches found within each memory: "
          + "others may be faster")
      outcome?.outcome = .found(result)
    }
    if let outcome { return outcome }
    let why = ClusterInfeasibility(problem: problem, constraints: constraints, effort: effort)
    let known = shouldStop() ? nil : why.run(shouldStop)
    return ClusterOutcome(
      outcome: known.map { .infeasible($0) } ?? .undecided, comparison: nil)
  }

  /// What is known of a plan in the end, in what the objective counts.
  private func progress(
    _ best: MixedPlan, _ proof: OptimalityProof, _ objective: Objective
  ) -> SearchProgress {
    let score =
      objective == .cost
      ? StepPrices(problem.cluster).cost(best) : best.step
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
    var searches: [ClusterSearch] = []
    func search(_ constraints: SearchConstraints, knowing plans: [MixedPlan]) {
      var search = ClusterSearch(
        problem, constraints, effort: effort, parallel: parallel, knowing: plans)
      search.run(shouldStop: shouldStop, onProgress: onProgress)
      searches.append(search)
    }
    search(constraints, knowing: plans)
    // Sharding gradients and weights takes time to save memory: over several pools it is searched where
    // nothing fits without, or nothing is better than a pool alone with it.
    if searches[0].leavesSharding {
      var sharded = constraints
      sharded.zeroStage = [.gradients, .weights]
      search(sharded, knowing: searches[0].plans)
    }
    return outcome(searches, constraints)
  }

  /// What searches found that know of one another's plans; nil where that is none.
  private func outcome(
    _ searches: [ClusterSearch], _ constraints: SearchConstraints
  ) -> ClusterOutcome? {
    guard let last = searches.last else { return nil }
    let found = last.kept.distinct(constraints.alternatives + 1).map(problem.placed)
    guard let best = found.first else { return nil }
    let step = best.plan.prediction.step
    let open = searches.reduce(Double.infinity) { min($0, $1.open) }
    // Bounds are summed in another order than steps.
    let isClosed = open >= step.value * (1 - SplitSearch.tolerance)
    let bound = isClosed ? step.value : open
    let unsearched =
      MixedSpace(problem, last.constraints).unsearched
      + (searches.allSatisfy(\.boundsParting)
        ? [] : ["some pipelines whose stages differ in data-parallel degree"])
      + (problem.graph.hasOneOrder ? [] : ["other orders of the layers"])
    let proof = OptimalityProof(
      lowerBound: Seconds(bound), gapFraction: (step.value - bound) / step.value,
      strategiesConsidered: searches.reduce(0) { $0 + $1.considered },
      strategiesPruned: searches.reduce(0) { $0 + $1.pruned },
      isPartial: !unsearched.isEmpty)
    let comparison = Comparison(
      best, even: last.baselines.even, alone: last.baselines.alone, on: problem.cluster,
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
      + "and unequal replicas, each on one pool: as many as each holds, or any number on one pool alone"
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
