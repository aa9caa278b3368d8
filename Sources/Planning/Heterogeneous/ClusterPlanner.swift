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
    var last: SearchProgress?
    func tell(_ progress: SearchProgress) {
      last = progress
      onProgress(progress)
    }
    var outcome =
      switch constraints.objective {
      case .throughput:
        // Where searches for good plans find none, the one that holds least may fit.
        fastest(constraints, shouldStop, tell)
          ?? problem.leanest(constraints, effort: effort, shouldStop).flatMap {
            fastest(constraints, knowing: [$0.plan], above: last?.bound ?? 0, shouldStop, tell)
          }
      case .memory: leanest(constraints, shouldStop, tell)
      case .cost: cheapest(constraints, shouldStop, tell)
      }
    if constraints.wantsFrontier, let best = outcome?.best,
      case .found(var result) = outcome?.outcome
    {
      // The frontier tells nothing: who listens now and then is to know this before.
      if let last { onProgress(last) }
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

  /// The plan with the shortest step; nil where none was found.
  ///
  /// - Parameters:
  ///   - plans: That are known.
  ///   - bound: Seconds that no plan undercuts.
  func fastest(
    _ constraints: SearchConstraints, knowing plans: [MixedPlan] = [], above bound: Double = 0,
    _ shouldStop: () -> Bool, _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome? {
    var searches = Searches(bound: bound)
    func search(_ constraints: SearchConstraints, knowing plans: [MixedPlan]) {
      var search = ClusterSearch(
        problem, constraints, effort: effort, parallel: parallel, knowing: plans)
      search.run(shouldStop: shouldStop) { onProgress(searches.progress(with: $0)) }
      searches.all.append(search)
    }
    search(constraints, knowing: plans)
    // Sharding gradients and weights takes time to save memory: over several pools it is searched where
    // nothing fits without, or nothing is better than a pool alone with it.
    if searches.all[0].leavesSharding {
      var sharded = constraints
      sharded.zeroStage = [.gradients, .weights]
      search(sharded, knowing: searches.all[0].plans)
    }
    return outcome(searches, constraints)
  }

  /// What searches found that know of one another's plans; nil where that is none.
  private func outcome(
    _ searches: Searches, _ constraints: SearchConstraints
  ) -> ClusterOutcome? {
    guard let last = searches.all.last else { return nil }
    let found = last.kept.distinct(constraints.alternatives + 1).map(problem.placed)
    guard let best = found.first else { return nil }
    let step = best.plan.prediction.step
    let open = searches.open
    // Bounds are summed in another order than steps.
    let isClosed = open >= step.value * (1 - SplitSearch.tolerance)
    let bound = isClosed ? step.value : open
    let unsearched =
      MixedSpace(problem, last.constraints).unsearched
      + (searches.all.allSatisfy(\.boundsParting)
        ? [] : ["some pipelines whose stages differ in data-parallel degree"])
      + (problem.graph.hasOneOrder ? [] : ["other orders of the layers"])
    let proof = OptimalityProof(
      lowerBound: Seconds(bound), gapFraction: (step.value - bound) / step.value,
      strategiesConsidered: searches.considered,
      strategiesPruned: searches.pruned,
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

/// Searches one after another, each for a part of what is wanted and with the plans of those before it.
private struct Searches {
  var all: [ClusterSearch] = []
  /// Seconds that are known beforehand of no plan to undercut.
  let bound: Double

  init(bound: Double) { self.bound = bound }

  /// The least that a plan might take which was not looked for to the end.
  var open: Double { max(bound, all.reduce(.infinity) { min($0, $1.open) }) }

  var considered: Int { all.reduce(0) { $0 + $1.considered } }
  var pruned: Int { all.reduce(0) { $0 + $1.pruned } }

  /// How far all have come together with the next, which goes on.
  func progress(with next: SearchProgress) -> SearchProgress {
    SearchProgress(
      best: next.best, bound: max(bound, min(next.bound, open)),
      strategiesConsidered: considered + next.strategiesConsidered,
      strategiesPruned: pruned + next.strategiesPruned)
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
