import Quantities

/// What a caller knows better than the catalogue about a link.
package struct LinkOverride: Hashable, Sendable {
  package var bandwidth: Bandwidth?
  package var latency: Seconds?

  package init(bandwidth: Bandwidth? = nil, latency: Seconds? = nil) {
    self.bandwidth = bandwidth
    self.latency = latency
  }
}
