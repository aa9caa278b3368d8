/// Durations counted into buckets.
struct Histogram: Sendable {
  /// Upper bounds in seconds, inclusive, from a probe's to a hard search's; above them is infinity.
  static let bounds = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
    5, 10, 30, 60, 120,
  ]

  /// By bucket, not cumulated; the last is what exceeds every bound.
  private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  private(set) var sum = 0.0

  mutating func record(_ seconds: Double) {
    var (low, high) = (0, Self.bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if seconds <= Self.bounds[middle] { high = middle } else { low = middle + 1 }
    }
    counts[low] += 1
    sum += seconds
  }
}
