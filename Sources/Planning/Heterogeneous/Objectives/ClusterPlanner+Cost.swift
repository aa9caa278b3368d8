import Quantities

extension ClusterPlanner {
  /// The plan whose step costs least at the pools' prices; nil where none was found.
  func cheapest(
    _ constraints: SearchConstraints, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) -> ClusterOutcome? {
    var search = ClusterCostSearch(problem, constraints, effort: effort)
    search.run(shouldStop: shouldStop, onProgress: onProgress)
    let prices = search.prices
    let found = search.found.distinct(constraints.alternatives + 1).map(problem.placed)
    guard let best = found.first else { return nil }
    let cost = prices.cost(best)
    // What costs nothing costs least.
    let gap = cost > 0 ? max(0, (cost - search.open) / cost) : 0
    let isClosed = gap <= SplitSearch.tolerance
    let step = best.plan.prediction.step
    let comparison = Comparison(best, on: problem.cluster, .cost)
    let result = PlanningResult(
      best: best.plan, alternatives: found.dropFirst().map(\.plan),
      proof: OptimalityProof(
        lowerBound: isClosed ? step : step * (1 - gap), gapFraction: isClosed ? 0 : gap,
        strategiesConsidered: search.considered, strategiesPruned: search.pruned),
      warnings: comparison.sentences + unpriced(prices))
    return ClusterOutcome(outcome: .found(result), comparison: comparison, best: best)
  }

  /// Prices that are passed over.
  private func unpriced(_ prices: StepPrices) -> [String] {
    let without = problem.cluster.pools.filter { $0.pricePerGPUHour == nil }
    guard !prices.areInCurrency, without.count < problem.cluster.pools.count else { return [] }
    return [
      "price_per_gpu_hour is not known of \(without.map(\.name).joined(separator: ", ")): plans are "
        + "compared by GPU-hours, whatever these cost"
    ]
  }
}
