import Hardware

/// Switches and the nodes below them, as a topology file tells them.
package struct SwitchTree: Hashable, Sendable {
  /// The switch or block that each node hangs on.
  private var switchOfNode: [String: String] = [:]
  /// The switch above each switch.
  private var parents: [String: String] = [:]
  /// Whether the groups are blocks (which network hardware joins) and not switches of a tree.
  private var isBlocks = false

  package init() {}

  /// Of several switches that claim a node, the first has it: one way is enough to tell distances.
  mutating func hang(nodes: [String], on name: String, isBlock: Bool = false) {
    isBlocks = isBlocks || isBlock
    for node in nodes where switchOfNode[node] == nil { switchOfNode[node] = name }
  }

  mutating func hang(switches: [String], on name: String) {
    for child in switches where parents[child] == nil { parents[child] = name }
  }

  /// A switch that is above itself, if there is one.
  var cycle: String? {
    for start in parents.keys.sorted() {
      var seen: Set<String> = [start]
      var current = start
      while let parent = parents[current] {
        if !seen.insert(parent).inserted { return parent }
        current = parent
      }
    }
    return nil
  }

  package func contains(_ node: String) -> Bool { switchOfNode[node] != nil }

  /// The groups of these nodes, all of which the tree contains, as a hierarchy; shorter branches
  /// reach their root early.
  package func hierarchy(of nodes: [String]) -> NodeHierarchy {
    let ways = nodes.map { way(from: $0) }
    let depth = ways.map(\.count).max() ?? 0
    let padded = ways.map { way in
      way + Array(repeating: way.last ?? "", count: depth - way.count)
    }
    return NodeHierarchy(levelNames: Self.levelNames(depth, isBlocks: isBlocks), paths: padded)
  }

  private func way(from node: String) -> [String] {
    var way = switchOfNode[node].map { [$0] } ?? []
    while let last = way.last, let parent = parents[last] { way.append(parent) }
    return way
  }

  private static func levelNames(_ depth: Int, isBlocks: Bool) -> [String] {
    let usual = isBlocks ? ["block"] : ["leaf", "spine", "core"]
    return (0..<depth).map { $0 < usual.count ? usual[$0] : "tier-\($0)" }
  }
}
