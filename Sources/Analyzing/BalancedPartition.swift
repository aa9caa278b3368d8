/// Splits a row of weights into parts that follow each other, none of them empty: the largest part as
/// small as it can be, and of all such splits the one with the least variance.
///
/// The sum being given, the least variance (and coefficient of variation) is the least sum of squares.
/// Squares of sums of non-negative weights satisfy the quadrangle inequality, also with parts above a
/// limit forbidden, so the best last cut never moves back as the row grows, and each layer of the
/// dynamic program is filled by divide and conquer (Galil and Park 1992, Dynamic programming with
/// convexity, concavity and sparsity).
struct BalancedPartition {
  /// Sums of the weights before each, one entry more than there are weights.
  private let sums: [Double]
  /// The smallest largest part of a split into 1, 2, … parts.
  private let bottlenecks: [Double]

  /// - Parameter sums: start at 0 and never fall.
  /// - Complexity: O(weights · parts).
  init(sums: [Double], mostParts: Int) {
    precondition(mostParts >= 1 && mostParts < sums.count, "no part is empty")
    self.sums = sums
    bottlenecks = Self.bottlenecks(sums, mostParts)
  }

  func bottleneck(parts: Int) -> Double { bottlenecks[parts - 1] }

  /// The largest part of a row's beginning grows with the beginning, the last part shrinks with it:
  /// the best cut is where they cross, and moves on with the row's end.
  private static func bottlenecks(_ sums: [Double], _ mostParts: Int) -> [Double] {
    let count = sums.count - 1
    // Of the first j weights, in as many parts as there were rounds.
    var least = sums
    var found = [least[count]]
    for parts in stride(from: 2, through: mostParts, by: 1) {
      var next = [Double](repeating: .infinity, count: count + 1)
      var cut = parts - 1
      for end in parts...count {
        while cut < end - 1, least[cut] < sums[end] - sums[cut] { cut += 1 }
        next[end] = max(least[cut], sums[end] - sums[cut])
        if cut > parts - 1 {
          next[end] = min(next[end], max(least[cut - 1], sums[end] - sums[cut - 1]))
        }
      }
      least = next
      found.append(least[count])
    }
    return found
  }

  /// Where the parts begin and the last one ends; of equals, the split with the earliest cuts from
  /// the end on. Complexity: O(parts · weights · log(weights)).
  func boundaries(parts: Int) -> [Int] {
    var program = LeastSquares(sums: sums, limit: bottleneck(parts: parts))
    return program.boundaries(parts: parts)
  }
}

/// The least sum of squares of parts that do not exceed a limit.
private struct LeastSquares {
  private let sums: [Double]
  /// For each end, the earliest beginning of a part within the limit.
  private let earliest: [Int]
  private var least: [Double]
  private var next: [Double]
  private var cuts: [Int32]

  init(sums: [Double], limit: Double) {
    self.sums = sums
    var earliest = [Int](repeating: 0, count: sums.count)
    var begin = 0
    for end in sums.indices {
      while sums[end] - sums[begin] > limit { begin += 1 }
      earliest[end] = begin
    }
    self.earliest = earliest
    least = [Double](repeating: .infinity, count: sums.count)
    next = least
    cuts = []
  }

  mutating func boundaries(parts: Int) -> [Int] {
    let count = sums.count - 1
    cuts = [Int32](repeating: 0, count: (parts + 1) * sums.count)
    // Ends that are reached lie between one weight a part and the farthest that the limit allows.
    var farthest = 0
    for end in 1...count where earliest[end] == 0 {
      least[end] = sums[end] * sums[end]
      farthest = end
    }
    for part in stride(from: 2, through: parts, by: 1) {
      let latestCut = farthest
      while farthest < count, earliest[farthest + 1] <= latestCut { farthest += 1 }
      for end in next.indices { next[end] = .infinity }
      fill(
        part, ends: (part == parts ? count : part)...farthest, cuts: (part - 1)...latestCut)
      swap(&least, &next)
    }
    var boundaries = [count]
    for part in stride(from: parts, to: 1, by: -1) {
      boundaries.append(Int(cuts[part * sums.count + boundaries[boundaries.count - 1]]))
    }
    boundaries.append(0)
    return boundaries.reversed()
  }

  /// Finds the best cut for the middle end among `cuts`; ends before it have theirs no later, ends
  /// behind it no earlier.
  private mutating func fill(_ part: Int, ends: ClosedRange<Int>, cuts range: ClosedRange<Int>) {
    let middle = (ends.lowerBound + ends.upperBound) / 2
    var best = (cost: Double.infinity, cut: 0)
    var cut = max(range.lowerBound, earliest[middle])
    while cut <= min(range.upperBound, middle - 1) {
      let size = sums[middle] - sums[cut]
      let cost = least[cut] + size * size
      if cost < best.cost { best = (cost, cut) }
      cut += 1
    }
    precondition(best.cost < .infinity, "every end in reach has a cut")
    next[middle] = best.cost
    cuts[part * sums.count + middle] = Int32(best.cut)
    if ends.lowerBound < middle {
      fill(part, ends: ends.lowerBound...(middle - 1), cuts: range.lowerBound...best.cut)
    }
    if middle < ends.upperBound {
      fill(part, ends: (middle + 1)...ends.upperBound, cuts: best.cut...range.upperBound)
    }
  }
}
