import Hardware
import Quantities

/// What knowing the differences between pools gains.
package struct Comparison: Hashable, Sendable {
  /// The step of the best plan that takes all GPUs for alike: equal degrees, equal layers, equal
  /// shares. Nil where no such plan runs.
  package var evenStep: Seconds?
  /// The step of the best plan on one pool alone, and which pool that is.
  package var onePool: (name: String, step: Seconds)? {
    bestPool.map { ($0, bestPoolStep) }
  }
  package var step: Seconds
  /// GPUs that the plan leaves idle, by pool.
  package var idle: [Idle]
  private let objective: Objective
  private var bestPool: String?
  private var bestPoolStep = Seconds.zero

  package struct Idle: Hashable, Sendable {
    package var pool: String
    package var gpus: Int
    package var of: Int
  }

  init(
    _ best: MixedPlan, even: MixedPlan? = nil, alone: [MixedPlan] = [], on cluster: Cluster,
    _ objective: Objective
  ) {
    self.objective = objective
    step = best.plan.prediction.step
    evenStep = even?.plan.prediction.step
    if let pool = alone.min(by: { $0.plan.prediction.step < $1.plan.prediction.step }) {
      bestPool = cluster.pools[pool.strategy.lanes[0].seats[0].pool].name
      bestPoolStep = pool.plan.prediction.step
    }
    idle = cluster.pools.indices.compactMap { index in
      let pool = cluster.pools[index]
      let left = pool.gpus - best.strategy.gpus(onPool: index)
      return left > 0 ? Idle(pool: pool.name, gpus: left, of: pool.gpus) : nil
    }
  }

  /// How many times longer a step another plan takes.
  package func factor(_ other: Seconds) -> Double { other / step }

  var sentences: [String] {
    let better =
      switch objective {
      case .throughput: "is faster"
      case .memory: "holds as little and is faster"
      case .cost: "costs less"
      }
    return idle.map {
      "\($0.gpus) of the \($0.of) GPUs of pool \($0.pool) are left out: no plan that was found "
        + "\(better) with them."
    }
  }
}
