import Quantities
import Testing

@testable import Hardware

@Suite struct NodeHierarchyTests {
  private func hierarchy(_ groups: [[String]]) -> NodeHierarchy.Levels {
    NodeHierarchy(
      levelNames: ["leaf", "spine", "site"].prefix(groups.first?.count ?? 0).map(\.self),
      paths: groups
    ).levels
  }

  @Test func equalGroupsAreExact() {
    let levels = hierarchy(
      ["a", "b", "a", "b", "c", "d", "c", "d"].map { [$0, $0 < "c" ? "s1" : "s2"] })
    #expect(levels.order == [0, 2, 1, 3, 4, 6, 5, 7])
    #expect(levels.spans.map(\.nodes) == [2, 4, 8])
    #expect(levels.spans.map(\.name) == ["leaf", "spine", "network"])
    #expect(levels.dropped.isEmpty)
  }

  @Test func unequalGroupsTakeTheirGreatestCommonDivisor() {
    let levels = hierarchy(
      (0..<12).map { [$0 < 4 ? "a" : "b", "s"] })
    #expect(levels.spans.map(\.nodes) == [4, 12])
    #expect(levels.spans.map(\.name) == ["leaf", "spine"])
    let coprime = hierarchy((0..<8).map { [$0 < 3 ? "a" : "b"] })
    #expect(coprime.spans.map(\.name) == ["network"])
    #expect(coprime.dropped == ["leaf"])
  }

  @Test func groupsOfOneNameUnderDifferentParentsDiffer() {
    let levels = hierarchy([["a", "s1"], ["a", "s2"], ["a", "s1"], ["a", "s2"]])
    #expect(levels.order == [0, 2, 1, 3])
    #expect(levels.spans.map(\.nodes) == [2, 4])
  }

  @Test func aBlockOfEverySpanLiesInOneGroup() {
    var random = SplitMix(seed: 7)
    for _ in 0..<300 {
      let count = Int.random(in: 1...24, using: &random)
      let paths = (0..<count).map { _ in
        [Int.random(in: 0...3, using: &random), Int.random(in: 0...1, using: &random)].map {
          "\($0)"
        }
      }
      let levels = NodeHierarchy(levelNames: ["leaf", "spine"], paths: paths).levels
      #expect(levels.order.sorted() == Array(0..<count))
      for span in levels.spans where span.name != "network" {
        let depth = span.name == "leaf" ? 0 : 1
        for block in stride(from: 0, to: count, by: span.nodes) {
          let groups = Set(levels.order[block..<(block + span.nodes)].map { paths[$0][depth...] })
          #expect(groups.count == 1)
        }
      }
      #expect(levels.spans.last?.nodes ?? 1 == count)
    }
  }

  @Test func relabellingChangesNothing() {
    let one = hierarchy([["a", "s"], ["b", "s"], ["a", "s"], ["b", "s"]])
    let other = hierarchy([["x", "q"], ["m", "q"], ["x", "q"], ["m", "q"]])
    #expect(one == other)
  }
}

@Suite struct NetworkMatrixTests {
  /// Nodes in blocks: the bandwidth of a pair is that of the innermost block that holds both.
  private func blocks(_ count: Int, _ levels: [(Int, Double)]) -> [[Double]] {
    (0..<count).map { a in
      (0..<count).map { b in levels.first { a / $0.0 == b / $0.0 }!.1 }
    }
  }

  @Test func blocksComeOutAsLevels() throws {
    let matrix = try NetworkMatrix(blocks(16, [(4, 100e9), (8, 50e9), (16, 10e9)]))
    let levels = matrix.levels(limit: 6)
    #expect(levels.order == Array(0..<16))
    #expect(levels.levels.map(\.nodes) == [4, 8, nil])
    #expect(levels.levels.map { $0.bandwidth?.value } == [100e9, 50e9, 10e9])
    #expect(levels.indirectPairs == 0)
  }

  @Test func shuffledNodesAreSortedTogether() throws {
    var random = SplitMix(seed: 3)
    let plain = blocks(12, [(3, 100), (6, 40), (12, 10)])
    for _ in 0..<50 {
      let order = Array(0..<12).shuffled(using: &random)
      let matrix = try NetworkMatrix(order.map { a in order.map { b in plain[a][b] } })
      let levels = matrix.levels(limit: 6)
      #expect(levels.levels.map(\.nodes) == [3, 6, nil])
      for block in stride(from: 0, to: 12, by: 3) {
        #expect(Set(levels.order[block..<(block + 3)].map { order[$0] / 3 }).count == 1)
      }
    }
  }

  /// What makes the levels safe to plan with, on any matrix.
  @Test func neverPromisesMoreThanWasMeasured() throws {
    var random = SplitMix(seed: 11)
    for _ in 0..<200 {
      let count = Int.random(in: 1...14, using: &random)
      var rows = [[Double]](repeating: Array(repeating: 0, count: count), count: count)
      for a in 0..<count {
        for b in 0..<a {
          rows[a][b] = [10, 11, 40, 100, 95][Int.random(in: 0..<5, using: &random)]
          rows[b][a] = rows[a][b]
        }
      }
      let levels = try NetworkMatrix(rows).levels(limit: 3)
      #expect(levels.levels.count <= 3 && levels.levels.last?.nodes == nil)
      for a in 0..<count {
        for b in 0..<a {
          let level = levels.levels.first { a / ($0.nodes ?? count) == b / ($0.nodes ?? count) }!
          #expect(level.bandwidth!.value <= rows[levels.order[a]][levels.order[b]])
        }
      }
    }
  }

  @Test func noiseDoesNotMakeLevels() throws {
    var random = SplitMix(seed: 5)
    var rows = blocks(8, [(4, 100), (8, 25)])
    for a in 0..<8 {
      for b in 0..<a {
        rows[a][b] *= Double.random(in: 0.96...1.0, using: &random)
        rows[b][a] = rows[a][b] * Double.random(in: 0.995...1.0, using: &random)
      }
    }
    #expect(try NetworkMatrix(rows).levels(limit: 6).levels.map(\.nodes) == [4, nil])
  }

  @Test func pairsWithoutADirectWayTakeTheWidestOther() throws {
    // A ring of four: 0-1-2-3-0.
    let matrix = try NetworkMatrix([
      [0, 10, 0, 5], [10, 0, 10, 0], [0, 10, 0, 10], [5, 0, 10, 0],
    ])
    let levels = matrix.levels(limit: 6)
    #expect(levels.indirectPairs == 2)
    #expect(levels.levels.map { $0.bandwidth?.value } == [5])
  }

  @Test(
    arguments: [
      ([[0, 1], [2, 0]], .asymmetric(row: 1, column: 0)),
      ([[0, 1], [1]], .notSquare(row: 1, count: 1, expected: 2)),
      ([[0, -1], [-1, 0]], .negative(row: 0, column: 1)),
      ([[0, .nan], [1, 0]], .negative(row: 0, column: 1)),
      ([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], .disconnected(0, 2)),
    ] as [([[Double]], NetworkMatrix.Fault)])
  func faultsAreNamed(rows: [[Double]], fault: NetworkMatrix.Fault) {
    #expect(throws: fault) { try NetworkMatrix(rows) }
  }

  @Test func oneNodeIsANetwork() throws {
    let levels = try NetworkMatrix([[7]]).levels(limit: 6)
    #expect(levels.order == [0])
    #expect(levels.levels == [FabricLevel(name: "network")])
    #expect(try NetworkMatrix([]).levels(limit: 6).order.isEmpty)
  }
}

/// Seeded, so that a failure comes again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
