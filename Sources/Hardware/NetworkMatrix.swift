import Quantities

/// What each pair of nodes can send one another when nothing else runs, as somebody measured it.
package struct NetworkMatrix: Hashable, Sendable {
  /// Rows of bytes a second; symmetric, the diagonal of no meaning; zero where there is no direct way.
  package let bandwidth: [[Double]]

  /// Why an array of numbers is no matrix of a network.
  package enum Fault: Error, Hashable, Sendable {
    case tooManyNodes(limit: Int)
    case notSquare(row: Int, count: Int, expected: Int)
    case negative(row: Int, column: Int)
    /// The two directions of a pair differ by more than `tolerance`.
    case asymmetric(row: Int, column: Int)
    /// No chain of nodes joins these two.
    case disconnected(Int, Int)
  }

  package static let nodeLimit = 4096
  /// Two directions, or two pairs, count as equal within this part of the larger: measurements
  /// scatter.
  package static let tolerance = 0.01
  /// Bandwidths belong to one level of the network while they are above this part of its best.
  package static let levelTolerance = 0.9

  /// Complexity: O(nodes²).
  package init(_ rows: [[Double]]) throws(Fault) {
    let count = rows.count
    if count > Self.nodeLimit { throw .tooManyNodes(limit: Self.nodeLimit) }
    for (row, values) in rows.enumerated() {
      if values.count != count {
        throw .notSquare(row: row, count: values.count, expected: count)
      }
      for (column, value) in values.enumerated() where column != row {
        if !(value >= 0 && value.isFinite) { throw .negative(row: row, column: column) }
      }
    }
    for row in 0..<count {
      for column in 0..<row {
        let (a, b) = (rows[row][column], rows[column][row])
        if abs(a - b) > Self.tolerance * max(a, b) { throw .asymmetric(row: row, column: column) }
      }
    }
    bandwidth = rows
    for edge in Self.tree(over: rows) where edge.bandwidth == 0 {
      throw .disconnected(0, edge.node)
    }
  }

  /// The network as levels that are the same everywhere.
  package struct Levels: Hashable, Sendable {
    /// Nodes in an order in which those close to each other are consecutive.
    package var order: [Int]
    /// Innermost first; the last joins all nodes. Bandwidth is a node's.
    package var levels: [FabricLevel]
    /// Pairs without a direct way, to which the widest way through others was given.
    package var indirectPairs: Int
  }

  /// Clusters the nodes by single linkage (the maximum spanning tree, cut wherever bandwidth drops),
  /// and gives each level the least bandwidth of any pair that it joins: nothing is promised that
  /// was not measured.
  ///
  /// Complexity: O(nodes²).
  package func levels(limit: Int) -> Levels {
    let count = bandwidth.count
    let tree = Self.tree(over: bandwidth)
    let hierarchy = hierarchy(from: tree)
    let spans = hierarchy.levels
    var widest = WidestPaths(tree)
    var indirect = 0
    var least = [Double](repeating: .infinity, count: spans.spans.count)
    for a in 0..<count {
      for b in 0..<a {
        let (i, j) = (spans.order[a], spans.order[b])
        var value = min(bandwidth[i][j], bandwidth[j][i])
        if value == 0 {
          indirect += 1
          value = widest.between(i, j)
        }
        let level = spans.spans.firstIndex { a / $0.nodes == b / $0.nodes }!
        least[level] = min(least[level], value)
      }
    }
    var levels: [FabricLevel] = []
    for (span, value) in zip(spans.spans, least) {
      levels.append(
        FabricLevel(
          name: span.nodes == count ? "network" : "group-of-\(span.nodes)",
          nodes: span.nodes == count ? nil : span.nodes, bandwidth: Bandwidth(value)))
    }
    Self.thin(&levels, limit: limit)
    if levels.isEmpty { levels = [FabricLevel(name: "network")] }
    return Levels(order: spans.order, levels: levels, indirectPairs: indirect)
  }

  /// Leaves out the levels that differ least from those around them.
  private static func thin(_ levels: inout [FabricLevel], limit: Int) {
    func rate(_ index: Int) -> Double { levels[index].bandwidth!.value }
    // A level that is no better than the one around it says nothing.
    for index in levels.indices.dropLast().reversed() where rate(index) <= rate(index + 1) {
      levels.remove(at: index)
    }
    while levels.count > max(1, limit) {
      let least = levels.indices.dropLast().min {
        rate($0) / rate($0 + 1) < rate($1) / rate($1 + 1)
      }
      levels.remove(at: least!)
    }
  }

  /// One group a node for each threshold at which the bandwidth along the tree drops.
  private func hierarchy(from tree: [Edge]) -> NodeHierarchy {
    let count = bandwidth.count
    let rates = tree.dropFirst().map(\.bandwidth).sorted(by: >)
    var thresholds: [Double] = []
    var best = Double.infinity
    for rate in rates where rate < best * Self.levelTolerance || thresholds.isEmpty {
      best = rate
      thresholds.append(rate * Self.levelTolerance)
    }
    var paths = [[String]](repeating: [], count: count)
    for threshold in thresholds {
      // Parents come before children, so that one pass finds each node's group.
      var group = Array(0..<count)
      for edge in tree.dropFirst() where edge.bandwidth >= threshold {
        group[edge.node] = group[edge.parent]
      }
      for node in 0..<count { paths[node].append("\(group[node])") }
    }
    return NodeHierarchy(levelNames: thresholds.map { "\($0)" }, paths: paths)
  }

  struct Edge: Hashable, Sendable {
    var node: Int
    var parent: Int
    var bandwidth: Double
  }

  /// The maximum spanning tree by Prim's algorithm, in the order in which nodes join it; the first
  /// edge is the root's. An edge without bandwidth means that there is no way.
  private static func tree(over rows: [[Double]]) -> [Edge] {
    let count = rows.count
    guard count > 0 else { return [] }
    var best = rows[0]
    var parent = [Int](repeating: 0, count: count)
    var isIn = [Bool](repeating: false, count: count)
    isIn[0] = true
    var edges = [Edge(node: 0, parent: 0, bandwidth: .infinity)]
    for _ in 1..<max(1, count) {
      var next = -1
      for node in 0..<count where !isIn[node] && (next < 0 || best[node] > best[next]) {
        next = node
      }
      isIn[next] = true
      edges.append(Edge(node: next, parent: parent[next], bandwidth: best[next]))
      for node in 0..<count where !isIn[node] && rows[next][node] > best[node] {
        best[node] = rows[next][node]
        parent[node] = next
      }
    }
    return edges
  }
}

/// The bandwidth of the widest way between nodes, along a maximum spanning tree.
private struct WidestPaths {
  private var depth: [Int]
  private var up: [NetworkMatrix.Edge]

  init(_ tree: [NetworkMatrix.Edge]) {
    depth = [Int](repeating: 0, count: tree.count)
    up = tree
    for edge in tree.dropFirst() {
      depth[edge.node] = depth[edge.parent] + 1
      up[edge.node] = edge
    }
    if let root = tree.first { up[root.node] = root }
  }

  /// Complexity: O(nodes), usually far less.
  mutating func between(_ a: Int, _ b: Int) -> Double {
    var (a, b, least) = (a, b, Double.infinity)
    while a != b {
      if depth[a] < depth[b] { swap(&a, &b) }
      least = min(least, up[a].bandwidth)
      a = up[a].parent
    }
    return least
  }
}
