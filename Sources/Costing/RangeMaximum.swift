/// The largest of any run of neighbouring numbers, in O(1) after O(n log n) of preparation.
///
/// Row `k` holds the maxima of all runs of 2^k numbers; any run is covered by two of them that may
/// overlap (Bender & Farach-Colton 2000, section 3).
struct RangeMaximum: Sendable {
  private var rows: [Double]
  private let count: Int

  /// Of so many numbers.
  init(count: Int, _ value: (Int) -> Double) {
    self.count = count
    let depth = max(1, Int.bitWidth - count.leadingZeroBitCount)
    rows = Array(unsafeUninitializedCapacity: count * depth) { rows, written in
      for index in 0..<count { rows.initializeElement(at: index, to: value(index)) }
      var (row, width) = (0, 1)
      while 2 * width <= count {
        let both = count - width
        for index in row..<row + both {
          rows.initializeElement(at: count + index, to: max(rows[index], rows[index + width]))
        }
        for index in row + both..<row + count {
          rows.initializeElement(at: count + index, to: rows[index])
        }
        row += count
        width *= 2
      }
      written = count == 0 ? 0 : row + count
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
