import Hardware
import Quantities

/// What collectives reach on the levels of a pool's network: worked out once, and asked for every split.
package struct NetworkRates: Hashable, Sendable {
  /// Levels beyond the fourth are merged into it.
  let count: Int
  /// Levels of which not all GPUs share a block.
  let innerCount: Int
  /// GPUs of a block of each level.
  let spans: SIMD4<Int>
  /// Achieved bytes a second per GPU of each level, and latency of one hop.
  let bandwidth: SIMD4<Double>
  let latency: SIMD4<Double>
  /// Of the innermost level.
  let carriesOverlappedTraffic: Bool

  package init(_ pool: Pool, chip: ChipEfficiency, software: SoftwareEfficiency) {
    var spans = SIMD4(repeating: 0)
    var bandwidth = SIMD4(repeating: Double.infinity)
    var latency = SIMD4(repeating: 0.0)
    let innermost = ScaleUpLink(rawValue: pool.levels[0].name) ?? .nvlink
    // What software adds to a hop are handshakes over the link: they take as many times its latency.
    let link = pool.accelerator.scaleUpLink.latency / ScaleUpLink.nvlink.latency
    for (index, level) in pool.levels.prefix(4).enumerated() {
      let isScaleUp = index == 0
      spans[index] = level.span
      let part = isScaleUp ? chip.scaleUp * innermost.collectivePart : chip.network
      bandwidth[index] = level.bandwidth(atEfficiency: part).value
      let added = isScaleUp ? software.scaleUpLatency * link : software.networkLatency
      latency[index] = max(level.latency.value, added.value)
    }
    count = min(4, pool.levels.count)
    innerCount = min(4, pool.levels.count - 1)
    carriesOverlappedTraffic = innermost.carriesOverlappedTraffic
    self.spans = spans
    self.bandwidth = bandwidth
    self.latency = latency
  }
}
