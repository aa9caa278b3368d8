import Quantities

/// One level of a pool's network, from the innermost (the scale-up domain) outwards.
package struct NetworkLevel: Hashable, Sendable {
  package var name: String
  /// Consecutive GPUs that one group of this level joins; the outermost level joins all.
  package var span: Int
  /// Per GPU and direction, with oversubscription already applied.
  package var bandwidth: Bandwidth
  /// Of one message between two members.
  package var latency: Seconds

  package init(name: String, span: Int, bandwidth: Bandwidth, latency: Seconds) {
    self.name = name
    self.span = span
    self.bandwidth = bandwidth
    self.latency = latency
  }
}

/// Nodes of one kind, with one type of GPU.
package struct Pool: Hashable, Sendable {
  package var name: String
  package var accelerator: Accelerator
  package var gpusPerNode: Int
  /// One name a node, in rank order.
  package var nodeNames: [String]
  /// Memory that one GPU offers.
  package var memory: ByteCount
  /// Innermost first; spans increase strictly and each divides the next, but for the last.
  package var levels: [NetworkLevel]

  package init(
    name: String, accelerator: Accelerator, gpusPerNode: Int, nodeNames: [String],
    memory: ByteCount, levels: [NetworkLevel]
  ) {
    self.name = name
    self.accelerator = accelerator
    self.gpusPerNode = gpusPerNode
    self.nodeNames = nodeNames
    self.memory = memory
    self.levels = levels
  }

  package var nodes: Int { nodeNames.count }
  package var gpus: Int { nodes * gpusPerNode }
}

/// The GPUs a job may use: one pool, or several that differ.
package struct Cluster: Hashable, Sendable {
  package var pools: [Pool]
  /// What joins the pools.
  package var interPool: NetworkLevel?

  package init(pools: [Pool], interPool: NetworkLevel? = nil) {
    self.pools = pools
    self.interPool = interPool
  }

  package var gpus: Int { pools.reduce(0) { $0 + $1.gpus } }
  package var isHomogeneous: Bool { pools.count == 1 }
}
