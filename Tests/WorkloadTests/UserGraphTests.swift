import Testing
import Workload

@Suite struct UserGraphTests {
  private func node(_ name: String, _ parameters: Int = 1, saved: Double = 10) -> UserGraph.Node {
    .init(
      name: name, parameters: parameters,
      figures: .init(forwardFLOPs: 100, savedBytes: saved))
  }

  @Test func nodesComeInTopologicalOrderSmallestIndexFirst() throws {
    let graph = UserGraph(
      name: "g", nodes: ["d", "b", "a", "c"].map { node($0) },
      edges: [
        .init(source: 2, target: 1), .init(source: 2, target: 3), .init(source: 3, target: 0),
        .init(source: 1, target: 0),
      ])
    #expect(graph.topologicalOrder == .order([2, 1, 3, 0]))
    let built = graph.layerGraph(inOrder: [2, 1, 3, 0])
    #expect(built.nodes.map(\.name) == ["a", "b", "c", "d"])
    #expect(built.kinds.count == 1)
    #expect(built.edges.map { [$0.source, $0.target] } == [[0, 1], [0, 2], [1, 3], [2, 3]])
    #expect(!built.isChain)
  }

  @Test func anOrderedGraphStaysAsItIs() {
    let edges = (0..<500).flatMap { source in
      (source + 1..<min(500, source + 4)).map { (source: source, target: $0) }
    }
    #expect(TopologicalOrder(nodes: 500, edges: edges.reversed()) == .order(Array(0..<500)))
  }

  /// Edges by their nodes' digits.
  @Test(arguments: [
    ("01 12 20", "012"), ("00", "0"), ("01 12 23 32 34", "23"), ("43 32 24 21 10", "234"),
  ])
  func cyclesAreFound(edges: String, members: String) throws {
    let pairs = edges.split(separator: " ").map { $0.map { $0.wholeNumberValue! } }
    let order = TopologicalOrder(nodes: 5, edges: pairs.map { (source: $0[0], target: $0[1]) })
    guard case .cycle(let cycle) = order else {
      Issue.record("no cycle was found")
      return
    }
    #expect(Set(cycle) == Set(members.map { $0.wholeNumberValue! }))
    for (from, to) in zip(cycle, cycle.dropFirst() + cycle.prefix(1)) {
      #expect(pairs.contains([from, to]))
    }
  }

  @Test func edgesCarryTheirBytesOrWhatTheSourceKeeps() {
    let built = UserGraph(
      name: "g", sequenceLength: 512, nodes: [node("a", saved: 70), node("b"), node("c")],
      edges: [
        .init(source: 0, target: 1), .init(source: 1, target: 2, bytes: 5),
        .init(source: 1, target: 2, bytes: 6),
      ]
    ).layerGraph(inOrder: [0, 1, 2])
    #expect(built.edges.map(\.bytesPerSequence) == [70, 11])
    #expect(built.isChain)
    #expect(built.maximumSequenceLength == 512)
    #expect(
      built.outputBytes(ofNode: 0, sequences: 3, sequenceLength: 512, precision: .bf16).value
        == 210)
    #expect(
      built.outputBytes(ofNode: 2, sequences: 3, sequenceLength: 512, precision: .bf16).value == 0)
  }

  @Test func figuresAreForOneSequence() {
    let built = UserGraph(name: "g", nodes: [node("a", 7), node("b", 8)], edges: [])
      .layerGraph(inOrder: [0, 1])
    let totals = built.totals(tokens: 4 * 512, sequenceLength: 512, precision: .fp32)
    #expect(totals.parameters == 15)
    #expect(totals.forwardFLOPs.value == 2 * 4 * 100)
    #expect(built.kinds.count == 2)
    #expect(
      built.layer(0).savedBytes(tokens: 1024, sequenceLength: 512, precision: .bf16).value == 20)
  }
}
