/// What waiting for the slowest replica adds to steps over several pools (see `PlanningProblem.stragglerFraction`),
/// at hand for searches that ask for it all the time.
struct Straggling {
  /// By doublings of one replica.
  private let fractions: [Double]
  private let gpusPerNode: [Int]

  init(_ problem: ClusterProblem) {
    let pools = problem.cluster.pools
    gpusPerNode = pools.map(\.gpusPerNode)
    // No more replicas than GPUs meet.
    let most = Self.doublings(problem.cluster.gpus)
    fractions = (0...most).map {
      MixedModel.stragglerFraction(problem, nodes: 1 << $0, replicas: 1 << $0)
    }
  }

  private static func doublings(_ replicas: Int) -> Int {
    replicas > 1 ? Int.bitWidth - (replicas - 1).leadingZeroBitCount : 0
  }

  /// Of so many replicas of weights on so many nodes, as on one pool.
  func fraction(nodes: Int, replicas: Int) -> Double {
    fractions[Self.doublings(min(nodes, replicas))]
  }

  /// Of a pipeline with so many stages on groups of each kind, of each pool one at most.
  func fraction(_ groups: some Sequence<(SeatCosts, Int)>) -> Double {
    var (nodes, replicas) = (0, Int.max)
    for (seat, count) in groups where count > 0 {
      let each = gpusPerNode[seat.pool]
      nodes += (count * seat.gpus + each - 1) / each
      replicas = min(replicas, seat.model.strategy.weightReplicas)
    }
    return fraction(nodes: nodes, replicas: replicas)
  }
}
