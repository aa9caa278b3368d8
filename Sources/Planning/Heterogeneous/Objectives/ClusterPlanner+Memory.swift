import Quantities

extension ClusterPlanner {
  /// Of the plans whose fullest GPU holds no more than it has to, the fastest; nil where none fits.
  ///
  /// `ClusterMemorySearch` finds how little that is, and then the search for the fastest goes through plans
  /// that hold no more. Where less might do for what was not looked at, the proof speaks of those plans alone.
  /// Where it is to stop before it has found any, a fast plan is better than none.
  func leanest(
    _ constraints: SearchConstraints, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome? {
    var search = ClusterMemorySearch(problem, constraints, effort: effort)
    search.run(shouldStop: shouldStop, onProgress: onProgress)
    guard search.best != nil || shouldStop() else { return nil }
    // Sums are formed in another order than where plans are predicted.
    let limited = search.best.map { problem.limited(to: $0.memory * (1 + 1e-9)) } ?? problem
    let polish = PlanPolish(
      problem: limited, constraints: constraints, tables: [SeatTables(limited)])
    let plans = search.best.map { best in
      let plan = MixedPlan(limited, best.plan.strategy, best.plan.split, devices: [])
      return [polish.polished(plan, tries: effort.changes, shouldStop: shouldStop)]
    }
    guard
      var found = ClusterPlanner(limited, effort: effort, parallel: parallel)
        .fastest(constraints, knowing: plans ?? [], shouldStop, onProgress),
      case .found(var result) = found.outcome
    else { return nil }
    result.proof.strategiesConsidered += search.considered
    result.proof.strategiesPruned += search.pruned
    result.proof.isPartial = true
    result.warnings.append(
      "pipelines whose stages differ in data-parallel degree were not looked at for what holds least"
    )
    let least = ByteCount(search.open)
    if least < result.best.prediction.peakMemory * (1 - 1e-9) {
      result.warnings.append(
        "no plan holds less than \(least.inGibibytes) on its fullest GPU; between that and what this one holds "
          + "a plan over several pools may have been missed, and the bound speaks of plans that hold no more "
          + "than this one")
    }
    found.outcome = .found(result)
    return found
  }
}
