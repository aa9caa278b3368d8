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
      for edge in outgoingEdges(ofNode: node).reversed().distinctTensors {
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
        for edge in leaving.distinctTensors { crossing.add(edge) }
      }
      return crossing
    }
  }
}

extension Collection<LayerGraph.Edge> {
  /// Of edges of one size the first.
  fileprivate var distinctTensors: [LayerGraph.Edge] {
    if count == 1 { return Array(self) }
    var seen: Set<SIMD2<Double>> = []
    return filter { seen.insert(SIMD2($0.elementsPerToken, $0.bytesPerSequence)).inserted }
  }
}
