import Quantities

/// What a caller knows better than the catalogue about a link.
package struct LinkOverride: Hashable, Sendable {
  package var bandwidth: Bandwidth?
  package var latency: Seconds?
  /// The bandwidth is what collectives reached, not what the link is sold as.
  package var isMeasured: Bool

  package init(bandwidth: Bandwidth? = nil, latency: Seconds? = nil, isMeasured: Bool = false) {
    self.bandwidth = bandwidth
    self.latency = latency
    self.isMeasured = isMeasured
  }
}
