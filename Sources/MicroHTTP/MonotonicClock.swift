import Glibc

/// Nanoseconds since some fixed moment, never set back.
enum MonotonicClock {
  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// A span of that clock, as it is reported. Not a `Duration`, whose 128 bits cost more to divide than
/// a probe's other figures to count.
package struct Elapsed: Hashable, Comparable, Sendable {
  package var nanoseconds: UInt64

  package var seconds: Double { Double(nanoseconds) / 1e9 }

  package static let zero = Elapsed(nanoseconds: 0)

  package static func < (left: Elapsed, right: Elapsed) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}

extension Duration {
  /// Whole nanoseconds, held between 0 and 292 years.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < 9_000_000_000 else { return UInt64(Int64.max) }
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
  }

  /// Whole milliseconds, rounded up.
  var milliseconds: UInt64 { (nanoseconds + 999_999) / 1_000_000 }
}
