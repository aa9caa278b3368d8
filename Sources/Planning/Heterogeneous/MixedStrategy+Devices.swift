import Hardware

/// One stage of a plan as somebody gives it: degrees, shares and devices.
package struct SeatedStage: Hashable, Sendable {
  package var share: StageShare
  /// Replica by replica, `tensor · context` GPUs each.
  package var devices: [DeviceGroup]

  package init(share: StageShare, devices: [DeviceGroup]) {
    self.share = share
    self.devices = devices
  }
}

/// Why stages on given devices make no mixed strategy.
package enum SeatingFault: Error, Hashable, Sendable {
  case unknownDevice(stage: Int, group: Int)
  case deviceCount(stage: Int, needed: Int, found: Int)
  case shareCount(stage: Int, replicas: Int, found: Int)
  /// GPUs that work on one layer together are of one type, be it at different speeds.
  case replicaOnTwoTypes(stage: Int, replica: Int)
  /// The replicas of a stage are not as many as those of the first and fall into other groups (by pool
  /// and share), or run other shares.
  case unlikeFirstStage(stage: Int)
  /// The stages' tensor degrees or shares leave no whole micro-batch to a replica.
  case unevenBatch(stage: Int, microBatches: Int)
  /// Sharded gradients or weights are exchanged with every micro-batch, so that all replicas need
  /// equally many.
  case unequalSharesWithSharding
  /// Only where all stages of a replica are alike, and on nodes of one kind, can they lie next to each
  /// other.
  case rankOrderOfUnlikeStages
}

extension MixedStrategy {
  /// Reads lanes off the stages: neighbouring replicas that have one share and lie on one pool at every
  /// stage are a lane. A replica on nodes of one kind that differ in speed counts as on the slowest.
  ///
  /// - Parameter base: What the stages share; of its degrees only context, experts and chunks count.
  /// Complexity: O(GPUs).
  package init(
    base: ParallelStrategy, stages: [SeatedStage], on cluster: Cluster, batch: Int
  ) throws(SeatingFault) {
    let places = PoolPlaces(cluster)
    var parts: [[Part]] = []
    for (index, stage) in stages.enumerated() {
      parts.append(try Self.lanes(of: stage, index, base, places, batch: batch))
    }
    var lanes: [Lane] = []
    for (index, found) in Self.aligned(parts).enumerated() {
      if index == 0 {
        lanes = found.map { Lane(seats: [$0.seat], microBatches: $0.microBatches) }
        continue
      }
      guard found.map(\.microBatches) == lanes.map(\.microBatches),
        Set(found.map(\.seat.tensor)).count == 1
      else { throw .unlikeFirstStage(stage: index) }
      for (lane, part) in found.enumerated() { lanes[lane].seats.append(part.seat) }
    }
    if base.zeroStage > .optimizer, Set(lanes.map(\.microBatches)).count > 1 {
      throw .unequalSharesWithSharding
    }
    if base.rankOrder != .tensorContextDataPipeline,
      lanes.contains(where: { !$0.isAlike(on: cluster) })
    {
      throw .rankOrderOfUnlikeStages
    }
    var base = base
    base.pipeline = stages.count
    self.init(base: base, lanes: lanes)
  }

  private typealias Part = (seat: StageSeat, microBatches: Int)

  /// Stages of equally many replicas, each cut wherever one of them is. Complexity: O(stages · lanes).
  private static func aligned(_ stages: [[Part]]) -> [[Part]] {
    let ends = stages.map { parts in
      parts.reduce(into: [Int]()) { ends, part in ends.append((ends.last ?? 0) + part.seat.data) }
    }
    guard Set(ends.map(\.last)).count == 1 else { return stages }
    let all = Set(ends.joined()).sorted()
    return zip(stages, ends).map { parts, ends in
      var (place, start) = (0, 0)
      return all.map { end in
        if end > ends[place] { place += 1 }
        var part = parts[place]
        part.seat.data = end - start
        start = end
        return part
      }
    }
  }

  private static func lanes(
    of stage: SeatedStage, _ index: Int, _ base: ParallelStrategy, _ places: PoolPlaces,
    batch: Int
  ) throws(SeatingFault) -> [Part] {
    let share = stage.share
    let replica = share.tensor * base.context
    let pools = try places.pools(of: stage.devices, stage: index)
    if pools.count != replica * share.data {
      throw .deviceCount(stage: index, needed: replica * share.data, found: pools.count)
    }
    if share.microBatches.count != share.data {
      throw .shareCount(stage: index, replicas: share.data, found: share.microBatches.count)
    }
    let all = share.microBatches.reduce(0, +)
    guard all > 0, batch.isMultiple(of: all), share.microBatches.allSatisfy({ $0 > 0 }) else {
      throw .unevenBatch(stage: index, microBatches: all)
    }
    var parts: [Part] = []
    for number in 0..<share.data {
      let own = pools[(number * replica)..<((number + 1) * replica)]
      guard let (pool, home) = places.slowest(of: own) else {
        throw .replicaOnTwoTypes(stage: index, replica: number)
      }
      let microBatches = share.microBatches[number]
      if let last = parts.last, last.seat.pool == pool, last.seat.home == home,
        last.microBatches == microBatches
      {
        parts[parts.count - 1].seat.data += 1
      } else {
        let seat = StageSeat(
          pool: pool, home: home, tensor: share.tensor, data: 1, microBatchSize: batch / all)
        parts.append((seat, microBatches))
      }
    }
    return parts
  }
}

/// Which pool each node is of.
private struct PoolPlaces {
  private var poolOfNode: [String: Int] = [:]
  private let cluster: Cluster

  init(_ cluster: Cluster) {
    self.cluster = cluster
    for (index, pool) in cluster.pools.enumerated() {
      for node in pool.nodeNames { poolOfNode[node] = index }
    }
  }

  /// The pool of each GPU, in order.
  func pools(of groups: [DeviceGroup], stage: Int) throws(SeatingFault) -> [Int] {
    var pools: [Int] = []
    for (index, group) in groups.enumerated() {
      guard let pool = poolOfNode[group.node],
        group.gpus.allSatisfy({ (0..<cluster.pools[pool].gpusPerNode).contains($0) })
      else { throw .unknownDevice(stage: stage, group: index) }
      pools += Array(repeating: pool, count: group.gpus.count)
    }
    return pools
  }

  /// The slowest of the pools that a replica's GPUs are on, and how many of them are on it if not all; nil
  /// where the pools are not of one kind.
  func slowest(of own: ArraySlice<Int>) -> (pool: Int, home: Int?)? {
    let pool = own.min {
      cluster.pools[$0].accelerator.memoryBandwidth < cluster.pools[$1].accelerator.memoryBandwidth
    }!
    guard own.allSatisfy({ cluster.pools[$0].isOfOneKind(with: cluster.pools[pool]) }) else {
      return nil
    }
    let home = own.count { $0 == pool }
    return (pool, home < own.count ? home : nil)
  }
}

extension Lane {
  /// Whether all stages have the same degrees, on nodes of one kind.
  fileprivate func isAlike(on cluster: Cluster) -> Bool {
    let first = seats[0]
    return seats.allSatisfy {
      ($0.tensor, $0.data, $0.microBatchSize) == (first.tensor, first.data, first.microBatchSize)
        && cluster.pools[$0.pool].isOfOneKind(with: cluster.pools[first.pool])
    }
  }
}

extension Plan {
  /// The stages with what they share and where they run; without shares of their own, all alike.
  package var seatedStages: [SeatedStage] {
    stages.map { stage in
      SeatedStage(
        share: stage.share
          ?? StageShare(
            tensor: strategy.tensor, data: strategy.data,
            microBatches: Array(repeating: strategy.microBatches, count: strategy.data)),
        devices: stage.devices)
    }
  }
}

extension ClusterPlanner {
  /// A plan of this cluster as what it was predicted from.
  package func mixed(_ plan: Plan) throws(SeatingFault) -> MixedPlan {
    let strategy = try MixedStrategy(
      base: plan.strategy, stages: plan.seatedStages, on: problem.cluster,
      batch: problem.job.globalBatchSize)
    return MixedPlan(problem, strategy, plan.split, devices: plan.stages.map(\.devices))
  }
}
