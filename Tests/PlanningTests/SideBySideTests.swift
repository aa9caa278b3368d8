import Costing
import Dispatch
import Hardware
import Quantities
import Testing

@testable import Planning

/// Parts of a search find the same in whatever order and on however many threads they are done.
@Suite struct SideBySideTests {
  private static let backwards = ParallelMap { count, body in
    for index in (0..<count).reversed() { body(index) }
  }
  private static let threads = ParallelMap {
    DispatchQueue.concurrentPerform(iterations: $0, execute: $1)
  }

  private static let clusters: [[(String, Int, Int)]] = [
    [("h100-sxm5-80gb", 1, 8), ("a100-sxm4-80gb", 2, 8)],
    [("a100-sxm4-40gb", 2, 4), ("v100-sxm2-32gb", 2, 4), ("t4", 4, 1)],
    // Nothing fits but with gradients or weights sharded.
    [("l40s", 1, 4), ("rtx4090", 2, 4)],
    // The first search is parted in two.
    [
      ("h100-sxm5-80gb", 1, 2), ("a100-sxm4-80gb", 1, 2), ("a100-sxm4-40gb", 1, 4),
      ("v100-sxm2-32gb", 1, 4),
    ],
  ]

  private static func problem(_ cluster: Int, batch: Int) -> ClusterProblem {
    var model = DecoderExample.llama7B
    model.layers = 16
    return model.problem(on: .example(clusters[cluster]), batch: batch, sequence: 2048)
  }

  @Test(arguments: clusters.indices, [12, 256])
  func findTheSame(cluster: Int, batch: Int) {
    let problem = Self.problem(cluster, batch: batch)
    for objective in [Objective.throughput, .memory] {
      var constraints = SearchConstraints()
      constraints.objective = objective
      let one = ClusterPlanner(problem).plan(constraints)
      #expect(one.best != nil)
      for parallel in [Self.backwards, Self.threads] {
        #expect(ClusterPlanner(problem, parallel: parallel).plan(constraints) == one)
      }
    }
  }

  /// A search that goes on bit by bit comes to what it comes to at once.
  @Test(arguments: clusters.indices)
  func bitByBit(cluster: Int) {
    let problem = Self.problem(cluster, batch: 48)
    func search() -> MixedSearch {
      MixedSearch(
        problem, SearchConstraints().byChunks[0], effort: .quick, tables: SeatTables(problem),
        incumbents: [])
    }
    let (whole, parted) = (search(), search())
    whole.sketch { false }
    whole.run { false }
    var bits = 0
    for phase in [SearchPhase.sketch, .whole] {
      parted.begin(phase)
      while !parted.advance(64, shouldStop: { false }) { bits += 1 }
    }
    #expect(bits > 4)
    #expect(parted.found == whole.found)
    #expect(parted.open == whole.open)
    #expect(parted.considered == whole.considered)
  }

  @Test func sharesWhatIsNew() {
    var first = SharedMemo<Int, String>()
    var second = first.beside
    #expect(first.value(1) { "one" } == "one")
    #expect(second[1] == nil)
    first.share()
    #expect(second[1] == "one")
    #expect(second.value(1) { "other" } == "one")
    #expect(second.value(2) { "two" } == "two")
    second.share()
    #expect(first[2] == "two")
  }

  @Test func mapsInOrder() {
    for parallel in [ParallelMap.sequential, Self.backwards, Self.threads] {
      #expect(parallel.map(Array(0..<100)) { "\($0 * $0)" } == (0..<100).map { "\($0 * $0)" })
      #expect(parallel.map([Int]()) { $0 }.isEmpty)
    }
  }

  /// Two and three replicas can share six sequences and not eight.
  @Test(arguments: [(6, [Int](), true), (8, [], false), (6, [2], false), (6, [2, 3], true)])
  func saysThatIndivisibleReplicasAreLeftOut(batch: Int, data: [Int], isSaid: Bool) {
    let problem = DecoderExample.small.problem(
      on: .example([("a100-sxm4-80gb", 1, 3), ("v100-sxm2-32gb", 1, 4)]), batch: batch,
      sequence: 1024)
    var constraints = SearchConstraints()
    constraints.data = data
    let words = MixedSpace(problem, constraints).unsearched.filter { $0.contains("divide") }
    #expect(words.count == (isSaid ? 1 : 0))
  }
}
