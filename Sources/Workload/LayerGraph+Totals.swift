import Quantities

extension LayerGraph {
  /// What one micro-batch asks of the whole graph, and of its weights.
  package struct Totals: Hashable, Sendable {
    package var parameters: Int
    /// Parameters that one token uses.
    package var activeParameters: Int
    package var weightBytes: ByteCount
    package var forwardFLOPs: FLOPs
  }

  /// How many nodes are of each kind. Complexity: O(nodes).
  package var nodesOfKinds: [Int] {
    var counts = [Int](repeating: 0, count: kinds.count)
    for node in nodes { counts[node.kind] += 1 }
    return counts
  }

  /// The kind that most nodes are of, and how many these are. Complexity: O(nodes).
  package var commonKind: (kind: Int, count: Int) {
    let counts = nodesOfKinds
    let kind = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    return (kind, counts[kind])
  }

  /// Complexity: O(nodes + operators of all kinds).
  package func totals(tokens: Double, sequenceLength: Int, precision: Precision) -> Totals {
    var totals = Totals(
      parameters: 0, activeParameters: 0, weightBytes: .zero, forwardFLOPs: .zero)
    for (layer, count) in zip(kinds, nodesOfKinds) {
      totals.parameters += layer.parameters * count
      totals.activeParameters += layer.activeParameters * count
      totals.weightBytes += layer.weightBytes(precision) * count
      totals.forwardFLOPs +=
        layer.forwardFLOPs(tokens: tokens, sequenceLength: sequenceLength) * count
    }
    return totals
  }

  /// Bytes of what a node hands on from one micro-batch of `sequences`: the hidden state, the head's
  /// logits, or, in a user's own graph, the largest tensor on its outgoing edges.
  ///
  /// Complexity: O(log edges + edges of the node).
  package func outputBytes(
    ofNode node: Int, sequences: Double, sequenceLength: Int, precision: Precision
  ) -> ByteCount {
    let tokens = sequences * Double(sequenceLength)
    switch layer(node).kind {
    case .head: return ByteCount(Double(vocabularySize) * tokens * precision.activationBytes)
    case .embedding, .transformerBlock, .finalNorm:
      return ByteCount(Double(hiddenSize) * tokens * precision.activationBytes)
    case .custom:
      return outgoingEdges(ofNode: node).reduce(.zero) {
        max($0, bytes(of: $1, sequences: sequences, sequenceLength: sequenceLength, precision))
      }
    }
  }

  /// Bytes that one micro-batch sends over an edge.
  package func bytes(
    of edge: Edge, sequences: Double, sequenceLength: Int, _ precision: Precision
  ) -> ByteCount {
    let perSequence =
      edge.elementsPerToken * Double(sequenceLength) * precision.activationBytes
      + edge.bytesPerSequence
    return ByteCount(perSequence * sequences)
  }

  /// Edges that leave a node: a slice, as they are sorted by source.
  package func outgoingEdges(ofNode node: Int) -> ArraySlice<Edge> {
    let first = firstEdge { $0.source >= node }
    let last = firstEdge { $0.source > node }
    return edges[first..<last]
  }

  private func firstEdge(where reaches: (Edge) -> Bool) -> Int {
    var (low, high) = (0, edges.count)
    while low < high {
      let middle = (low + high) / 2
      if reaches(edges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
