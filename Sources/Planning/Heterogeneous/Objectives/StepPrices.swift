import Hardware

/// What a second of a plan's GPUs costs, by pool; or, where not every pool has a price, how many GPUs they are.
package struct StepPrices: Hashable, Sendable {
  /// Of one GPU of each pool, a second.
  let ofGPU: [Double]
  /// In the caller's currency; else GPUs are counted.
  package let areInCurrency: Bool

  package init(_ cluster: Cluster) {
    let known = cluster.pools.compactMap(\.pricePerGPUHour)
    areInCurrency = known.count == cluster.pools.count
    ofGPU = areInCurrency ? known.map { $0 / 3600 } : cluster.pools.map { _ in 1 }
  }

  /// Of all GPUs that a strategy uses, a second.
  func rate(_ strategy: MixedStrategy) -> Double {
    ofGPU.indices.reduce(0) { $0 + ofGPU[$1] * Double(strategy.gpus(onPool: $1)) }
  }

  /// Of a step.
  func cost(_ plan: MixedPlan) -> Double {
    plan.step * rate(plan.strategy)
  }
}
