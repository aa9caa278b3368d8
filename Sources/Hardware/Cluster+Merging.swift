extension Cluster {
  /// The cluster with pools joined into one that differ in nothing but their names, where the network
  /// between them is the one within: such GPUs are equal, and no plan should tell them apart.
  package var merged: Cluster {
    guard let interPool else { return self }
    var joined: [Pool] = []
    for pool in pools {
      let same = joined.firstIndex { $0.isLike(pool) && $0.continues(as: interPool) }
      if let same { joined[same].append(pool, over: interPool) } else { joined.append(pool) }
    }
    return Cluster(
      pools: joined, interPool: joined.count > 1 ? interPool : nil, notes: notes)
  }
}

extension Pool {
  /// The levels that a larger pool of such nodes has too.
  private var innerLevels: [NetworkLevel] {
    guard let last = levels.last, nodes > 1, last.isLike(uplink) else { return levels }
    return levels.dropLast()
  }

  fileprivate func isLike(_ other: Pool) -> Bool {
    accelerator == other.accelerator && gpusPerNode == other.gpusPerNode
      && memory == other.memory && pricePerGPUHour == other.pricePerGPUHour
      && innerLevels == other.innerLevels && uplink.isLike(other.uplink)
  }

  /// Whether more nodes, joined by `level`, make a larger pool of the same kind: its network ends
  /// with a level like that one, or with its only node.
  fileprivate func continues(as level: NetworkLevel) -> Bool {
    uplink.isLike(level) && (innerLevels.last?.span ?? gpusPerNode) <= gpusPerNode * nodes
      && (nodes == 1 || levels.last?.isLike(uplink) == true)
  }

  fileprivate mutating func append(_ other: Pool, over level: NetworkLevel) {
    var outermost = uplink
    let inner = innerLevels
    nodeNames += other.nodeNames
    outermost.span = gpus
    levels = inner + [outermost]
    uplink.span = gpus
  }
}

extension NetworkLevel {
  /// Of the same quality, whatever it joins.
  fileprivate func isLike(_ other: NetworkLevel) -> Bool {
    bandwidth == other.bandwidth && latency == other.latency
      && peerBandwidth == other.peerBandwidth
  }
}
