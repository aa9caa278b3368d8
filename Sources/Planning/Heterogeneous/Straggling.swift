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
    var (nodes, replicas) = (0, 1)
    for (seat, count) in groups where count > 0 {
      nodes += self.nodes(count, seat)
      replicas = max(replicas, seat.model.strategy.weightReplicas)
    }
    return fraction(nodes: nodes, replicas: replicas)
  }

  /// The least of pipelines with so many stages on groups of each class, whichever of its kinds they are of.
  func leastFraction(_ classes: [[SeatCosts]], _ counts: [Int]) -> Double {
    var (nodes, replicas) = (0, 1)
    for (seats, count) in zip(classes, counts) where count > 0 {
      nodes += seats.reduce(.max) { min($0, self.nodes(count, $1)) }
      replicas = max(
        replicas, seats.reduce(.max) { min($0, $1.model.strategy.weightReplicas) })
    }
    return fraction(nodes: nodes, replicas: replicas)
  }

  private func nodes(_ count: Int, _ seat: SeatCosts) -> Int {
    let each = gpusPerNode[seat.pool]
    return (count * seat.gpus + each - 1) / each
  }
}
