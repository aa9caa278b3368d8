/// Why a description of a pool, or of several, is none.
package enum PoolFault: Error, Hashable, Sendable {
  case noGPUs
  case noNodes
  case tooManyGPUs(limit: Int)
  case nodeCount(Int, differsFromNames: Int)
  case emptyNodeName(at: Int)
  case duplicateNodeName(String)
  case memoryNotPositive
  case intraNodeBandwidthNotPositive
  case intraNodeLatencyNegative
  case interNodeBandwidthNotPositive
  case interNodeLatencyNegative
  case priceNegative
  /// A scale-up domain holds whole nodes, or a node whole domains.
  case scaleUpDomain(Int, gpusPerNode: Int)
  case tooManyLevels(limit: Int)
  case fabricSpanNotPositive(level: Int)
  /// A level must join more nodes than the one below it.
  case fabricSpanNotIncreasing(level: Int, nodes: Int, inner: Int)
  /// A level joins whole groups of the one below it.
  case fabricSpanNotMultiple(level: Int, nodes: Int, inner: Int)
  /// The outermost level joins all nodes.
  case fabricEndsEarly(nodes: Int, of: Int)
  case fabricOversubscription(level: Int)
  case fabricBandwidthNotPositive(level: Int)
  case fabricLatencyNegative(level: Int)
  case noPools
}
