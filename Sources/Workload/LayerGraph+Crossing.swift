/// What one set of layers hands to all others.
package struct Crossing: Hashable, Sendable {
  package var tensors = 0
  /// Activation elements a token, and bytes of one sequence that do not follow from the tokens.
  package var elementsPerToken = 0.0
  package var bytesPerSequence = 0.0

  fileprivate mutating func add(_ edge: LayerGraph.Edge) {
    tensors += 1
    elementsPerToken += edge.elementsPerToken
    bytesPerSequence += edge.bytesPerSequence
  }
}

extension LayerGraph {
  /// What crosses each cut of the layers' order, from before the first layer to behind the last.
  ///
  /// Edges of one layer that are of one size carry the same tensor: it crosses a cut once, and goes on
  /// from stage to stage until the last that needs it (as in Tarnawski et al. 2020, whose costs of
  /// communication belong to nodes). Edges of different sizes are different tensors, and edges between
  /// the same two layers stand for several, of which the graph holds the sum.
  ///
  /// Complexity: O(edges + the lengths of each tensor's longest edge).
  package var crossings: [Crossing] {
    var crossings = [Crossing](repeating: Crossing(), count: nodes.count + 1)
    for node in nodes.indices {
      // The farthest first.
      outgoingEdges(ofNode: node).reversed().forEachTensor { edge in
        for cut in (node + 1)...edge.target { crossings[cut].add(edge) }
      }
    }
    return crossings
  }

  /// The same for each of some down-sets. Complexity: O(sets · edges).
  package func crossings(of downSets: DownSets) -> [Crossing] {
    let sources = nodes.indices.map(outgoingEdges(ofNode:))
    return (0..<downSets.count).map { set in
      var crossing = Crossing()
      for (node, outgoing) in sources.enumerated() where downSets.contains(node, in: set) {
        let leaving = outgoing.filter { !downSets.contains($0.target, in: set) }
        leaving.forEachTensor { crossing.add($0) }
      }
      return crossing
    }
  }
}

extension Collection<LayerGraph.Edge> {
  /// Calls `body` with the first of the edges of each size.
  fileprivate func forEachTensor(_ body: (LayerGraph.Edge) -> Void) {
    guard count > 1 else { return forEach(body) }
    var seen: Set<SIMD2<Double>> = []
    for edge in self
    where seen.insert(SIMD2(edge.elementsPerToken, edge.bytesPerSequence)).inserted { body(edge) }
  }
}
