import Quantities

/// One level of the network between nodes, as an operator describes it: a leaf switch, a spine, a
/// site. Levels are listed from the nodes outwards.
package struct FabricLevel: Hashable, Sendable {
  package var name: String
  /// Nodes that one switch (or group of switches) of this level joins; absent: all of them.
  package var nodes: Int?
  /// How many times less bandwidth a GPU has at this level than at its own network port.
  package var oversubscription: Double
  /// Per GPU and direction, where it was measured; instead of port and oversubscription.
  package var bandwidth: Bandwidth?
  package var latency: Seconds?
  /// `bandwidth` is what collectives reached, not what ports and switches are sold as.
  package var isMeasured: Bool

  package init(
    name: String, nodes: Int? = nil, oversubscription: Double = 1, bandwidth: Bandwidth? = nil,
    latency: Seconds? = nil, isMeasured: Bool = false
  ) {
    self.name = name
    self.nodes = nodes
    self.oversubscription = oversubscription
    self.bandwidth = bandwidth
    self.latency = latency
    self.isMeasured = isMeasured
  }

  /// Time of one small message between two nodes, software included: 8 µs under one switch, and
  /// 1 µs more for each level above.
  ///
  /// NCCL's tuning table has 4 µs (LL128) and 14 µs (Simple) for a ring step over the network
  /// (`src/graph/tuning.cc`, `hwLat`); ours lies between them.
  package static func defaultLatency(atDepth depth: Int) -> Seconds { .micro(Double(8 + depth)) }
}
