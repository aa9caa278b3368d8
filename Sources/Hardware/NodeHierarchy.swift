/// Nodes grouped by the switches (or racks, or zones) that join them, as labels or a topology file
/// tell it; made into levels that are the same everywhere, as a pool needs them.
///
/// Groups of one level need not be of one size: part of a rack may be down, or not ours. Its span is
/// then the greatest common divisor of the sizes, so that any run of that many nodes, aligned to it,
/// lies inside one group for certain. That is exact for equal groups, and never promises more
/// locality than there is.
package struct NodeHierarchy: Hashable, Sendable {
  /// Level names, from the innermost outwards.
  package var levelNames: [String]
  /// For each node, the names of its groups, innermost first. A group is known by its name and those
  /// of the groups around it.
  package var paths: [[String]]

  package init(levelNames: [String], paths: [[String]]) {
    precondition(
      paths.allSatisfy { $0.count == levelNames.count }, "every node has a group at every level")
    self.levelNames = levelNames
    self.paths = paths
  }

  /// The hierarchy in a form that a pool takes.
  package struct Levels: Hashable, Sendable {
    /// Nodes in an order in which each group's are consecutive.
    package var order: [Int]
    /// Nodes joined by a group of each level that is left, and the level's name, innermost first;
    /// spans increase and each divides the next. The last joins all nodes.
    package var spans: [Span]
    /// Levels that are left out because their groups have no common size, innermost first.
    package var dropped: [String]
  }

  package struct Span: Hashable, Sendable {
    package var name: String
    package var nodes: Int
  }

  /// Complexity: O(nodes · levels · log nodes).
  package var levels: Levels {
    let order = order
    var result = Levels(order: order, spans: [], dropped: [])
    for (level, name) in levelNames.enumerated() {
      let sizes = groupSizes(inOrder: order, level: level)
      let span = sizes.reduce(0, greatestCommonDivisor)
      let inner = result.spans.last?.nodes ?? 1
      if span > inner {
        result.spans.append(Span(name: name, nodes: span))
      } else if sizes.contains(where: { $0 > span }) {
        result.dropped.append(name)
      }
    }
    if result.spans.last?.nodes ?? 1 < paths.count {
      result.spans.append(Span(name: "network", nodes: paths.count))
    }
    return result
  }

  /// Groups in the order of their first nodes, from the outermost level inwards.
  private var order: [Int] {
    var firsts: [[String]: Int] = [:]
    var keys: [[Int]] = []
    for (node, path) in paths.enumerated() {
      var around: [String] = []
      var key: [Int] = []
      for group in path.reversed() {
        around.append(group)
        let first = firsts[around] ?? node
        firsts[around] = first
        key.append(first)
      }
      keys.append(key + [node])
    }
    return paths.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
  }

  private func groupSizes(inOrder order: [Int], level: Int) -> [Int] {
    var sizes: [Int] = []
    var last: ArraySlice<String>?
    for node in order {
      let group = paths[node][level...]
      if group == last { sizes[sizes.count - 1] += 1 } else { sizes.append(1) }
      last = group
    }
    return sizes
  }
}
