import Testing

@testable import Workload

@Suite struct DownSetTests {
  /// Layers in order, edges by pairs; each edge as wide as its source's number plus one.
  private func graph(_ layers: Int, _ edges: [(Int, Int)]) -> LayerGraph {
    LayerGraph(
      name: "g", kinds: [Layer(kind: .custom, operators: [])],
      nodes: (0..<layers).map { .init(name: "\($0)", kind: 0) },
      edges: edges.sorted { $0 < $1 }.map {
        .init(source: $0.0, target: $0.1, elementsPerToken: Double($0.0 + 1))
      }, hiddenSize: 0, vocabularySize: 0)
  }

  private func chain(_ layers: Range<Int>) -> [(Int, Int)] {
    zip(layers, layers.dropFirst()).map { ($0, $1) }
  }

  @Test func areCountedByTheShapeOfTheGraph() {
    #expect(DownSets(graph(1, []), limit: 10).count == 2)
    #expect(DownSets(graph(9, chain(0..<9)), limit: 10).count == 10)
    #expect(DownSets(graph(6, []), limit: 64).count == 64)
    // Two towers of 5 and 7 layers that meet in one more.
    let towers = graph(13, chain(0..<5) + chain(5..<12) + [(4, 12), (11, 12)])
    let sets = DownSets(towers, limit: 49)
    #expect(sets.isComplete && sets.count == 6 * 8 + 1)
    // A skip connection leaves a chain a chain.
    #expect(DownSets(graph(9, chain(0..<9) + [(0, 8)]), limit: 10).count == 10)
  }

  /// Against all sets of layers.
  @Test(arguments: 1..<60)
  func areAllThereAre(seed: Int) {
    var state = UInt64(seed)
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    let layers = 1 + random(70) % 9
    var edges: [(Int, Int)] = []
    for source in 0..<layers {
      for target in (source + 1)..<max(source + 1, layers) where random(3) == 0 {
        edges.append((source, target))
      }
    }
    let graph = graph(layers, edges)
    let sets = DownSets(graph, limit: 512)
    let expected = (0..<(1 << layers)).filter { set in
      edges.allSatisfy { set >> $0.1 & 1 == 0 || set >> $0.0 & 1 == 1 }
    }
    let found = (0..<sets.count).map { set in
      sets.layers(from: 0, to: set).reduce(0) { $0 | 1 << $1 }
    }
    #expect(Set(found) == Set(expected) && found.count == expected.count && sets.isComplete)
    #expect(found[0] == 0 && found[found.count - 1] == 1 << layers - 1)
    var weights = [Double](repeating: 0, count: sets.count)
    sets.forEachAddition { set, parent, added in
      weights[set] = added.reduce(weights[parent]) { $0 + Double(1 << $1) }
    }
    let crossings = graph.crossings(of: sets)
    for (number, set) in found.enumerated() {
      #expect(weights[number] == Double(set) && sets.sizes[number] == set.nonzeroBitCount)
      for (other, outer) in found.enumerated() {
        #expect(sets.isSubset(number, of: other) == (set & outer == set))
        if set & outer == set { #expect(number <= other) }
      }
      // A layer's output crosses once, however many layers take it.
      let sources = Set(edges.filter { set >> $0.0 & 1 == 1 && set >> $0.1 & 1 == 0 }.map(\.0))
      #expect(crossings[number].tensors == sources.count)
      #expect(crossings[number].elementsPerToken == Double(sources.reduce(0) { $0 + $1 + 1 }))
    }
    // Along the order they are the same figures.
    for (cut, crossing) in graph.crossings.enumerated() {
      #expect(crossing == crossings[found.firstIndex(of: 1 << cut - 1)!])
    }
  }

  /// Blocks of a chain are cut through only along the graph's own order.
  @Test func someAreChosenWhereThereAreTooMany() {
    let towers = graph(65, chain(0..<32) + chain(32..<64) + [(31, 64), (63, 64)])
    #expect(DownSets(towers, limit: 33 * 33 + 1).isComplete)
    let sets = DownSets(towers, limit: 33 * 33)
    #expect(!sets.isComplete)
    // 17 · 17 of blocks of two, and those along the order that cut through one.
    #expect(sets.count == 17 * 17 + 1 + 32)
    #expect(DownSets(towers, limit: 9 * 9 + 1).count == 9 * 9 + 1 + 48)
    // Nothing to take together: only the order is left.
    let wide = DownSets(graph(40, []), limit: 1000)
    #expect(!wide.isComplete && wide.sizes == Array(0...40))
  }

  /// Edges of one layer and one size carry one tensor.
  @Test func tensorsAreToldApartByTheirSize() {
    var graph = graph(4, [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)])
    graph.edges[1].elementsPerToken = 7
    #expect(graph.crossings.map(\.elementsPerToken) == [0.0, 8, 10, 4, 0])
    #expect(graph.crossings.map(\.tensors) == [0, 2, 3, 2, 0])
  }

  @Test func ordersAreChecked() {
    let graph = graph(3, [(0, 2), (1, 2)])
    #expect(graph.isTopological([1, 0, 2]) && !graph.isTopological([0, 2, 1]))
    #expect(!graph.isTopological([0, 0, 2]) && !graph.isTopological([0, 1]))
    #expect(!graph.hasOneOrder)
    let other = graph.inOrder([1, 0, 2])
    #expect(other.nodes.map(\.name) == ["1", "0", "2"])
    #expect(other.edges.map(\.elementsPerToken) == [2, 1])
    #expect(other.edges.map { [$0.source, $0.target] } == [[0, 2], [1, 2]])
  }
}
