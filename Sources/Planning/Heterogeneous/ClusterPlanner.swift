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
  /// the job down are left out.
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
    return search(constraints, shouldStop, onProgress)
  }

  private func search(
    _ constraints: SearchConstraints, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome {
    let tables = SeatTables(problem)
    var alone: [PoolAlone] = []
    var nearest: Infeasibility?
    for pool in problem.pools.indices {
      // A plan on one pool is one on the cluster, but its bound does not hold there.
      let outcome = Planner(problem.pools[pool]).plan(constraints, shouldStop: shouldStop) {
        let best = alone.reduce($0.best) { min($0, $1.plan.plan.prediction.step.value) }
        onProgress(
          SearchProgress(
            best: best, bound: 0, strategiesConsidered: $0.strategiesConsidered,
            strategiesPruned: $0.strategiesPruned))
      }
      switch outcome {
      case .found(let result):
        let strategy = MixedStrategy(result.best.strategy, pool: pool)
        alone.append(
          PoolAlone(
            pool: pool, proof: result.proof,
            plan: MixedPlan(
              problem, strategy, result.best.split, devices: [], tables: tables)))
      case .infeasible(let infeasibility):
        if case .memory = infeasibility.reason, nearest == nil { nearest = infeasibility }
      }
    }
    var mixed = MixedSearch(
      problem, constraints, effort: effort, tables: tables, incumbents: alone.map(\.plan))
    let even = EvenPlan(problem).best(constraints)
    if let even, even.meets(constraints) { mixed.keep(even) }
    mixed.run(shouldStop: shouldStop, onProgress: onProgress)
    var lanes = LaneSearch(
      problem, constraints, effort: effort, tables: tables, below: mixed.best)
    let elsewhere = alone.reduce(mixed.open) { min($0, $1.proof.lowerBound.value) }
    lanes.run(shouldStop: shouldStop) { progress in
      onProgress(
        SearchProgress(
          best: progress.best, bound: min(progress.bound, elsewhere),
          strategiesConsidered: mixed.considered + progress.strategiesConsidered,
          strategiesPruned: mixed.pruned + progress.strategiesPruned))
    }
    for plan in lanes.found { mixed.keep(plan) }
    let found = mixed.found.prefix(constraints.alternatives + 1).map {
      $0.placed(on: problem.cluster)
    }
    guard let best = found.first else {
      let reason = nearest ?? Infeasibility(reason: .noStrategy([]))
      return ClusterOutcome(outcome: .infeasible(reason), comparison: nil)
    }
    let step = best.plan.prediction.step
    var bound = min(mixed.open, lanes.open, step.value)
    for pool in alone { bound = min(bound, pool.proof.lowerBound.value) }
    // Interleaving is searched on each pool; over several it can be simulated, but is not searched.
    let leavesInterleavingOpen =
      constraints.schedule.isEmpty || constraints.schedule.contains(.interleaved)
    let proof = OptimalityProof(
      lowerBound: Seconds(bound), gapFraction: (step.value - bound) / step.value,
      strategiesConsidered: mixed.considered + lanes.considered
        + alone.reduce(0) { $0 + $1.proof.strategiesConsidered },
      strategiesPruned: mixed.pruned + lanes.pruned
        + alone.reduce(0) { $0 + $1.proof.strategiesPruned },
      isPartial: leavesInterleavingOpen || !problem.graph.hasOneOrder)
    let comparison = Comparison(
      best, even: even, alone: alone.map(\.plan), cluster: problem.cluster)
    let result = PlanningResult(
      best: best.plan,
      alternatives: found.dropFirst().map(\.plan),
      proof: proof, warnings: comparison.sentences + [reach(leavesInterleavingOpen)])
    return ClusterOutcome(outcome: .found(result), comparison: comparison, best: best)
  }

  /// What the bound of a search over several pools does not speak of.
  private func reach(_ leavesInterleavingOpen: Bool) -> String {
    "over several pools the bound covers pipelines whose stages all have one data-parallel degree, "
      + "and tensor groups within a node"
      + (leavesInterleavingOpen ? "; interleaved schedules across pools were not searched" : "")
      + (problem.graph.hasOneOrder ? "" : "; of the layers' orders one is cut")
  }

  private struct PoolAlone {
    var pool: Int
    var proof: OptimalityProof
    var plan: MixedPlan
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
