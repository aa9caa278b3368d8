extension LayerGraph {
  /// Each layer feeds the next, so that no other order of them is topological.
  package var hasOneOrder: Bool {
    var feedsNext = [Bool](repeating: false, count: nodes.count)
    for edge in edges where edge.target == edge.source + 1 { feedsNext[edge.source] = true }
    return !feedsNext.dropLast().contains(false)
  }

  /// The graph with its nodes in another order, that every edge follows too.
  ///
  /// Complexity: O(nodes + edges·log(edges)).
  package func inOrder(_ order: [Int]) -> LayerGraph {
    precondition(isTopological(order), "the order follows every edge")
    var place = [Int](repeating: 0, count: nodes.count)
    for (position, node) in order.enumerated() { place[node] = position }
    var graph = self
    graph.nodes = order.map { nodes[$0] }
    graph.edges = edges.map { edge in
      var moved = edge
      moved.source = place[edge.source]
      moved.target = place[edge.target]
      return moved
    }
    graph.edges.sort { ($0.source, $0.target) < ($1.source, $1.target) }
    return graph
  }

  /// Whether an order names every node once, each behind those that feed it. Complexity: O(nodes + edges).
  package func isTopological(_ order: [Int]) -> Bool {
    var place = [Int?](repeating: nil, count: nodes.count)
    guard order.count == nodes.count else { return false }
    for (position, node) in order.enumerated() {
      guard nodes.indices.contains(node), place[node] == nil else { return false }
      place[node] = position
    }
    return edges.allSatisfy { place[$0.source]! < place[$0.target]! }
  }
}
