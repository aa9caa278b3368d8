import HeapModule

/// Nodes `0..<n` of a directed graph in an order that every edge follows, or why there is none.
package enum TopologicalOrder: Hashable, Sendable {
  case order([Int])
  /// Nodes that lead to each other in a circle, the last to the first.
  case cycle([Int])

  /// Of the nodes whose predecessors all stand already, the one of the smallest index comes next
  /// (Kahn 1962), so that the order follows from the graph alone and leaves an ordered graph as it
  /// is. Complexity: O(nodes·log(nodes) + edges).
  package init(nodes: Int, edges: [(source: Int, target: Int)]) {
    var successors = [[Int]](repeating: [], count: nodes)
    var missing = [Int](repeating: 0, count: nodes)
    for edge in edges {
      successors[edge.source].append(edge.target)
      missing[edge.target] += 1
    }
    var ready = Heap(missing.indices.filter { missing[$0] == 0 })
    var order: [Int] = []
    order.reserveCapacity(nodes)
    while let next = ready.popMin() {
      order.append(next)
      for target in successors[next] {
        missing[target] -= 1
        if missing[target] == 0 { ready.insert(target) }
      }
    }
    self =
      order.count == nodes
      ? .order(order) : .cycle(Self.cycle(missing: missing, edges: edges))
  }

  /// Every node that is left has a predecessor that is left, so walking from one to another runs in
  /// a circle at last.
  private static func cycle(
    missing: [Int], edges: [(source: Int, target: Int)]
  ) -> [Int] {
    var predecessor: [Int: Int] = [:]
    for edge in edges.reversed() where missing[edge.source] > 0 && missing[edge.target] > 0 {
      predecessor[edge.target] = edge.source
    }
    guard var node = missing.firstIndex(where: { $0 > 0 }) else {
      preconditionFailure("a graph whose nodes are all in order has no cycle")
    }
    var step: [Int: Int] = [:]
    var path: [Int] = []
    while step[node] == nil {
      step[node] = path.count
      path.append(node)
      guard let before = predecessor[node] else {
        preconditionFailure("a node that could not be placed waits for one that could not either")
      }
      node = before
    }
    return path[step[node]!...].reversed()
  }
}
