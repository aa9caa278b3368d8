import Quantities

/// The GPUs a job may use: one pool, or several that differ.
package struct Cluster: Hashable, Sendable {
  package var pools: [Pool]
  /// What joins the pools.
  package var interPool: NetworkLevel?
  /// What a description left out and was taken for granted, or held and was passed over, in
  /// sentences.
  package var notes: [String]

  package init(pools: [Pool], interPool: NetworkLevel? = nil, notes: [String] = []) {
    self.pools = pools
    self.interPool = interPool
    self.notes = notes
  }

  package var gpus: Int { pools.reduce(0) { $0 + $1.gpus } }
  package var nodes: Int { pools.reduce(0) { $0 + $1.nodes } }
  package var isHomogeneous: Bool { pools.count == 1 }

  /// Joins pools by a network that gives each GPU what the weakest pool's ports give, unless the
  /// caller knows better. Pools of one name are told apart by a number; nodes must have names of
  /// their own.
  package static func joining(
    _ pools: [Pool], by override: LinkOverride = LinkOverride()
  ) throws(PoolFault) -> Cluster {
    if pools.isEmpty { throw .noPools }
    var (gpus, nodeNames) = (0, Set<String>())
    for pool in pools {
      // At most `gpuLimit` each, and as many pools as a caller can write down: no overflow.
      gpus += pool.gpus
      for name in pool.nodeNames where !nodeNames.insert(name).inserted {
        throw .duplicateNodeName(name)
      }
    }
    if gpus > Pool.gpuLimit { throw .tooManyGPUs(limit: Pool.gpuLimit) }
    if let rate = override.bandwidth, !rate.isUsable { throw .interNodeBandwidthNotPositive }
    if let time = override.latency, !time.isUsable { throw .interNodeLatencyNegative }
    let pools = distinctlyNamed(pools)
    guard pools.count > 1 else { return Cluster(pools: pools) }
    return Cluster(
      pools: pools,
      interPool: NetworkLevel(
        name: "network", span: gpus,
        bandwidth: override.bandwidth ?? pools.map(\.uplink.bandwidth).min()!,
        latency: override.latency ?? pools.map(\.uplink.latency).max()!,
        isMeasured: override.isMeasured))
  }

  private static func distinctlyNamed(_ pools: [Pool]) -> [Pool] {
    var taken = Set<String>()
    return pools.map { pool in
      var (pool, number, name) = (pool, 2, pool.name)
      while !taken.insert(name).inserted {
        name = "\(pool.name)-\(number)"
        number += 1
      }
      pool.name = name
      return pool
    }
  }
}
