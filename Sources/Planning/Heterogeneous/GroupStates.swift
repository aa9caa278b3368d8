/// Numbers all choices of how many groups of each kind to use, from none to the most: digits of a mixed
/// radix, the first kind's the lowest. The choice without any group is number 0.
struct GroupStates {
  /// Choices of each kind.
  let sizes: [Int]
  /// Of all kinds together.
  let count: Int
  private let strides: [Int]

  /// - Precondition: The product of all `most[i] + 1` is an `Int`.
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

  /// Groups of each kind. Complexity: O(kinds).
  func counts(_ state: Int) -> [Int] {
    sizes.indices.map { state / strides[$0] % sizes[$0] }
  }

  /// The choice with one group less of a kind, of which there is one.
  func state(_ state: Int, without kind: Int) -> Int { state - strides[kind] }
}
