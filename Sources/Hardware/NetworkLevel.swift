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
  /// To a single peer, where this level wires peers one to one: a group of `g` members then has
  /// `min(bandwidth, (g - 1) · peerBandwidth)` each.
  package var peerBandwidth: Bandwidth?
  /// The bandwidth is what collectives reached; efficiencies do not apply to it again.
  package var isMeasured: Bool

  package init(
    name: String, span: Int, bandwidth: Bandwidth, latency: Seconds,
    peerBandwidth: Bandwidth? = nil, isMeasured: Bool = false
  ) {
    self.name = name
    self.span = span
    self.bandwidth = bandwidth
    self.latency = latency
    self.peerBandwidth = peerBandwidth
    self.isMeasured = isMeasured
  }

  /// What collectives reach, where they reach this part of what links are sold as.
  package func bandwidth(atEfficiency part: Double) -> Bandwidth {
    isMeasured ? bandwidth : bandwidth * part
  }

  /// What each of `members` neighbours can send to the others of their group together.
  package func bandwidth(amongMembers members: Int) -> Bandwidth {
    guard let peerBandwidth, members > 1 else { return bandwidth }
    return min(bandwidth, peerBandwidth * (members - 1))
  }
}
