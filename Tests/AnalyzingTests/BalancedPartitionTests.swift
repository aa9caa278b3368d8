import Testing

@testable import Analyzing

/// Every way of cutting a row of weights into so many parts, none of them empty.
private func allBoundaries(count: Int, parts: Int) -> [[Int]] {
  func cuts(from first: Int, _ left: Int) -> [[Int]] {
    guard left > 0 else { return [[]] }
    guard first <= count - left else { return [] }
    return (first...(count - left)).flatMap { cut in
      cuts(from: cut + 1, left - 1).map { [cut] + $0 }
    }
  }
  return cuts(from: 1, parts - 1).map { [0] + $0 + [count] }
}

private func parts(_ weights: [Int], _ boundaries: [Int]) -> [Int] {
  zip(boundaries, boundaries.dropFirst()).map { weights[$0..<$1].reduce(0, +) }
}

private func sums(_ weights: [Int]) -> [Double] {
  weights.reduce(into: [0]) { $0.append($0[$0.count - 1] + Double($1)) }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct BalancedPartitionTests {
  /// Against all splits, for rows with zeros, equal weights and outliers.
  @Test(arguments: 0..<40)
  func isTheBestOfAllSplits(seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    let count = Int.random(in: 1...11, using: &random)
    let most = [1, 3, 9, 1000][seed % 4]
    let weights = (0..<count).map { _ in
      Int.random(in: 0...9, using: &random) == 0
        ? Int.random(in: 0...5_000, using: &random) : Int.random(in: 0...most, using: &random)
    }
    let balanced = BalancedPartition(sums: sums(weights), mostParts: count)
    for stages in 1...count {
      let all = allBoundaries(count: count, parts: stages).map { parts(weights, $0) }
      let least = all.map { $0.max()! }.min()!
      let squares = all.filter { $0.max()! == least }.map { $0.reduce(0) { $0 + $1 * $1 } }.min()!
      let found = balanced.boundaries(parts: stages)
      #expect(balanced.bottleneck(parts: stages) == Double(least), "seed \(seed), \(weights)")
      #expect(found.count == stages + 1 && found.first == 0 && found.last == count)
      #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 }, "no part is empty")
      let chosen = parts(weights, found)
      #expect(chosen.max() == least, "seed \(seed), \(stages) of \(weights)")
      #expect(chosen.reduce(0) { $0 + $1 * $1 } == squares, "seed \(seed), \(stages) of \(weights)")
    }
  }

  /// More parts never make the largest one larger.
  @Test func bottlenecksFall() {
    var random = SplitMix(state: 7)
    let weights = (0..<2_000).map { _ in Int.random(in: 0...1_000_000, using: &random) }
    let balanced = BalancedPartition(sums: sums(weights), mostParts: 64)
    let all = (1...64).map { balanced.bottleneck(parts: $0) }
    #expect(zip(all, all.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(all[63] >= Double(weights.max()!))
    for stages in [2, 17, 64] {
      let chosen = parts(weights, balanced.boundaries(parts: stages))
      #expect(Double(chosen.max()!) == all[stages - 1])
    }
  }

  @Test func nothingToShare() {
    let balanced = BalancedPartition(sums: sums([0, 0, 0]), mostParts: 3)
    #expect(balanced.boundaries(parts: 3) == [0, 1, 2, 3])
    #expect(balanced.boundaries(parts: 1) == [0, 3])
  }
}
