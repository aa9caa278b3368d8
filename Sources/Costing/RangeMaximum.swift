/// The largest of any run of neighbouring numbers, in O(1) after O(n log n) of preparation.
///
/// Row `k` holds the maxima of all runs of 2^k numbers; any run is covered by two of them that may
/// overlap (Bender & Farach-Colton 2000, section 3).
struct RangeMaximum: Hashable, Sendable {
  private var rows: [Double]
  private let count: Int

  init(_ values: [Double]) {
    count = values.count
    rows = []
    rows.reserveCapacity(count * max(1, Int.bitWidth - count.leadingZeroBitCount))
    rows += values
    var width = 1
    while 2 * width <= count {
      let above = rows.count - count
      for index in 0..<count {
        let other = index + width
        let value = rows[above + index]
        rows.append(other < count ? max(value, rows[above + other]) : value)
      }
      width *= 2
    }
  }

  /// Zero for an empty range.
  func maximum(_ range: Range<Int>) -> Double {
    guard !range.isEmpty else { return 0 }
    let row = Int.bitWidth - 1 - range.count.leadingZeroBitCount
    let first = row * count
    return max(rows[first + range.lowerBound], rows[first + range.upperBound - 1 << row])
  }
}
