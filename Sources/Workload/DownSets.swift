/// Down-sets of a layer graph: sets that hold, with a layer, all that feed it. They are where a graph
/// can be cut in two so that every tensor crosses forwards.
///
/// A pipeline of `p` stages is a sequence ∅ = I₀ ⊂ I₁ ⊂ … ⊂ I_p of nested down-sets, and stage `k`
/// holds Iₖ \ Iₖ₋₁ (Tarnawski et al. 2020, "Efficient algorithms for device placement of DNN graph
/// operators", section 5.1.1, where they are called ideals). A chain of n layers has n + 1, branches
/// multiply theirs, and n layers of which none feeds another have 2ⁿ: so they are counted up to a limit,
/// and where there are more, some are chosen.
///
/// A class, as it is asked in the innermost loops and never changes.
package final class DownSets: Sendable {
  /// Whether these are all that the graph has.
  package let isComplete: Bool
  package let layerCount: Int
  /// By set: how many layers it holds.
  package let sizes: [Int]
  /// By set: one that it adds layers to, and where these stand in `added`. The empty set is the first,
  /// and adds nothing to itself.
  private let parents: [Int]
  private let additions: [Range<Int>]
  private let added: [Int]
  /// Bits by layer, `width` words a set.
  private let words: [UInt64]
  private let width: Int

  /// Sets come in an order in which none holds a later one.
  package var count: Int { sizes.count }

  /// All down-sets of a graph, if there are no more than `limit`. Otherwise those that do not cut
  /// through blocks of neighbours on a chain, for the smallest blocks of 2, 4, 8, … layers with which
  /// there are few enough, and those along the graph's own order.
  ///
  /// Complexity: O(limit · (branches + layers / 64)).
  package convenience init(_ graph: LayerGraph, limit: Int) {
    let layers = graph.nodes.count
    let single = Blocks(graph, blockSize: 1)
    if let all = single.downSets(limit: limit) {
      self.init(all, layers: layers, isComplete: true)
      return
    }
    var chosen: [FoundSet]?
    var (before, blockSize) = (single.members.count, 2)
    while chosen == nil {
      let blocks = Blocks(graph, blockSize: blockSize)
      guard blocks.members.count < before else { break }
      chosen = blocks.downSets(limit: limit)
      before = blocks.members.count
      blockSize *= 2
    }
    self.init(Blocks.prefixes(of: layers) + (chosen ?? []), layers: layers, isComplete: false)
  }

  private init(_ found: [FoundSet], layers: Int, isComplete: Bool) {
    var seen: Set<LayerSet> = []
    let distinct = found.filter { seen.insert($0.layers).inserted }
      .sorted { ($0.size, $1.layers) < ($1.size, $0.layers) }
    var numbers: [LayerSet: Int] = [:]
    for (number, set) in distinct.enumerated() { numbers[set.layers] = number }
    self.isComplete = isComplete
    layerCount = layers
    sizes = distinct.map(\.size)
    parents = distinct.map { numbers[$0.parent]! }
    var all: [Int] = []
    additions = distinct.map { set in
      let start = all.count
      all += set.added
      return start..<all.count
    }
    added = all
    width = LayerSet(count: layers).words.count
    words = distinct.flatMap(\.layers.words)
  }

  /// By set: whether it is what precedes some layer in the graph's order. Complexity: O(sets · layers).
  package var isAlongOrder: [Bool] {
    (0..<count).map { set in (0..<sizes[set]).allSatisfy { contains($0, in: set) } }
  }

  /// Complexity: O(layers / 64).
  package func isSubset(_ inner: Int, of outer: Int) -> Bool {
    let (a, b) = (inner * width, outer * width)
    for word in 0..<width where words[a + word] & ~words[b + word] != 0 { return false }
    return true
  }

  package func contains(_ layer: Int, in set: Int) -> Bool {
    words[set * width + layer / 64] >> UInt64(layer % 64) & 1 == 1
  }

  /// The layers of `outer` that are not in `inner`, in the graph's order. Complexity: O(layers).
  package func layers(from inner: Int, to outer: Int) -> [Int] {
    (0..<layerCount).filter { contains($0, in: outer) && !contains($0, in: inner) }
  }

  /// Whether `outer` holds one of some layers that `inner` does not hold. Complexity: O(layers / 64).
  package func adds(anyOf layers: LayerSet, from inner: Int, to outer: Int) -> Bool {
    let (a, b) = (inner * width, outer * width)
    for word in 0..<width where words[b + word] & ~words[a + word] & layers.words[word] != 0 {
      return true
    }
    return false
  }

  /// Visits every set but the empty one, after one that it holds, with the layers that it adds to that.
  ///
  /// Complexity: O(sets) layers in all, where few sets are chosen O(sets · layers).
  package func forEachAddition(
    _ visit: (_ set: Int, _ parent: Int, _ added: ArraySlice<Int>) -> Void
  ) {
    for set in 1..<max(1, count) { visit(set, parents[set], added[additions[set]]) }
  }
}

/// A set of layers, a bit for each.
package struct LayerSet: Hashable, Sendable, Comparable {
  fileprivate(set) var words: [UInt64]

  package init(count: Int) {
    words = [UInt64](repeating: 0, count: max(1, (count + 63) / 64))
  }

  package mutating func insert(_ layer: Int) { words[layer / 64] |= 1 << UInt64(layer % 64) }

  package static func < (a: LayerSet, b: LayerSet) -> Bool {
    a.words.lexicographicallyPrecedes(b.words)
  }
}

/// A down-set with the one that it was made from.
private struct FoundSet {
  var layers: LayerSet
  var size: Int
  var parent: LayerSet
  var added: [Int]
}

/// Layers in blocks, of which each is cut through nowhere.
private struct Blocks {
  let members: [[Int]]
  private let layers: Int
  private let successors: [[Int]]
  private let missing: [Int]

  /// A layer joins the block of the one before it where neither has another neighbour between them,
  /// up to `blockSize` layers. Complexity: O(layers + edges).
  init(_ graph: LayerGraph, blockSize: Int) {
    let count = graph.nodes.count
    layers = count
    var (before, after) = ([[Int]](repeating: [], count: count), [Int](repeating: 0, count: count))
    for edge in graph.edges {
      before[edge.target].append(edge.source)
      after[edge.source] += 1
    }
    var members: [[Int]] = []
    var block = [Int](repeating: 0, count: count)
    for layer in 0..<count {
      if before[layer].count == 1, let source = before[layer].first, after[source] == 1,
        members[block[source]].count < blockSize
      {
        block[layer] = block[source]
        members[block[source]].append(layer)
      } else {
        block[layer] = members.count
        members.append([layer])
      }
    }
    var successors = [Set<Int>](repeating: [], count: members.count)
    var missing = [Int](repeating: 0, count: members.count)
    for edge in graph.edges {
      let (source, target) = (block[edge.source], block[edge.target])
      if source != target, successors[source].insert(target).inserted { missing[target] += 1 }
    }
    self.members = members
    self.successors = successors.map { $0.sorted() }
    self.missing = missing
  }

  /// Size by size: each set adds one block to a smaller one. Nil where there are more than `limit`.
  func downSets(limit: Int) -> [FoundSet]? {
    /// Blocks that can be added next, and how many that feed each block are still missing.
    struct Front {
      var set: FoundSet
      var ready: [Int]
      var missing: [Int: Int]
    }
    let empty = LayerSet(count: layers)
    var found = [FoundSet(layers: empty, size: 0, parent: empty, added: [])]
    var fronts = [
      Front(set: found[0], ready: missing.indices.filter { missing[$0] == 0 }, missing: [:])
    ]
    while !fronts.isEmpty {
      var next: [Front] = []
      var seen: Set<LayerSet> = []
      for front in fronts {
        for block in front.ready {
          var set = FoundSet(
            layers: front.set.layers, size: front.set.size + members[block].count,
            parent: front.set.layers, added: members[block])
          for layer in members[block] { set.layers.insert(layer) }
          guard seen.insert(set.layers).inserted else { continue }
          found.append(set)
          guard found.count <= limit else { return nil }
          var child = Front(
            set: set, ready: front.ready.filter { $0 != block }, missing: front.missing)
          for successor in successors[block] {
            let left = (front.missing[successor] ?? missing[successor]) - 1
            child.missing[successor] = left == 0 ? nil : left
            if left == 0 { child.ready.append(successor) }
          }
          next.append(child)
        }
      }
      fronts = next
    }
    return found
  }

  /// The down-sets along the order of the layers.
  static func prefixes(of count: Int) -> [FoundSet] {
    var set = LayerSet(count: count)
    var found = [FoundSet(layers: set, size: 0, parent: set, added: [])]
    for layer in 0..<count {
      let parent = set
      set.insert(layer)
      found.append(FoundSet(layers: set, size: layer + 1, parent: parent, added: [layer]))
    }
    return found
  }
}
