/// Numbers all choices of how many groups of each kind to use, from none to the most: digits of a mixed
/// radix, the first kind's the lowest. The choice without any group is number 0.
struct GroupStates {
  /// Choices of each kind.
  let sizes: [Int]
  /// Of all kinds together.
  let count: Int
  private let strides: [Int]

  /// - Precondition: `count(most:)` is not too large to be counted.
  init(most: [Int]) {
    sizes = most.map { $0 + 1 }
    var (strides, count) = ([Int](), 1)
    for size in sizes {
      strides.append(count)
      count *= size
    }
    self.strides = strides
    self.count = count
  }

  /// Choices that there are, or `Int.max` where those are more than an `Int` counts.
  static func count(most: [Int]) -> Int {
    most.reduce(1) { product, count in
      let (next, overflow) = product.multipliedReportingOverflow(by: count + 1)
      return overflow ? .max : next
    }
  }

  /// Groups of each kind. Complexity: O(kinds).
  func counts(_ state: Int) -> [Int] {
    sizes.indices.map { state / strides[$0] % sizes[$0] }
  }

  /// The choice of so many groups of each kind.
  func state(_ counts: [Int]) -> Int {
    zip(counts, strides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Makes the groups of a state those of the next one.
  ///
  /// - Returns: how many groups that are more.
  func advance(_ counts: inout [Int]) -> Int {
    var (index, more) = (0, 1)
    while counts[index] + 1 == sizes[index] {
      more -= counts[index]
      counts[index] = 0
      index += 1
    }
    counts[index] += 1
    return more
  }

  /// By how much the number grows with one group more of a kind.
  func stride(_ kind: Int) -> Int { strides[kind] }

  /// The choice with one group less of a kind, of which there is one.
  func state(_ state: Int, without kind: Int) -> Int { state - strides[kind] }
}
