import Quantities

/// Nodes of one kind: one type of GPU, the same number of GPUs on each.
///
/// A cluster whose nodes differ (by type, or because some have lost GPUs) is several pools; a pool is
/// always uniform, so that ranks, spans and memory follow from a few numbers.
package struct Pool: Hashable, Sendable {
  package var name: String
  package var accelerator: Accelerator
  package var gpusPerNode: Int
  /// One name a node, in rank order.
  package var nodeNames: [String]
  /// Memory that one GPU offers.
  package var memory: ByteCount
  /// Innermost first, never empty; spans increase strictly and each divides the next, but for the
  /// last, which is the whole pool.
  package var levels: [NetworkLevel]
  /// From the pool to other pools; `span` is of no meaning here.
  package var uplink: NetworkLevel
  /// The provider's machine that a node is, where that is known.
  package var machine: MachineType?
  /// What one GPU costs an hour, in the caller's currency.
  package var pricePerGPUHour: Double?
  var measurements: MeasuredNetwork?

  package init(
    name: String, accelerator: Accelerator, gpusPerNode: Int, nodeNames: [String],
    memory: ByteCount, levels: [NetworkLevel], uplink: NetworkLevel? = nil,
    pricePerGPUHour: Double? = nil
  ) {
    self.name = name
    self.accelerator = accelerator
    self.gpusPerNode = gpusPerNode
    self.nodeNames = nodeNames
    self.memory = memory
    self.levels = levels
    self.uplink =
      uplink
      ?? NetworkLevel(
        name: "network", span: gpusPerNode * nodeNames.count,
        bandwidth: accelerator.networkBandwidth, latency: FabricLevel.defaultLatency(atDepth: 0))
    self.pricePerGPUHour = pricePerGPUHour
  }

  package var nodes: Int { nodeNames.count }
  package var gpus: Int { nodes * gpusPerNode }

  /// Nodes that so many GPUs fill, the last one perhaps in part.
  package func nodes(holding gpus: Int) -> Int { (gpus + gpusPerNode - 1) / gpusPerNode }
}
