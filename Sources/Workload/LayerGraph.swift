/// A model as a graph of layers, in topological order.
///
/// Real models repeat a few kinds of layer many times, so the graph holds each distinct layer once
/// (`kinds`) and says of every node which kind it is. Costs are computed per kind; a pipeline stage
/// of thousands of layers then costs what its few kinds cost.
package struct LayerGraph: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package var name: String
    /// Index into `kinds`.
    package var kind: Int

    package init(name: String, kind: Int) {
      self.name = name
      self.kind = kind
    }
  }

  /// A tensor that one layer hands to a later one.
  package struct Edge: Hashable, Sendable {
    package var source: Int
    package var target: Int
    /// Activation elements a token.
    package var elementsPerToken: Double
    /// Bytes of one sequence that do not follow from the tokens (a user's own graph).
    package var bytesPerSequence: Double

    package init(
      source: Int, target: Int, elementsPerToken: Double, bytesPerSequence: Double = 0
    ) {
      self.source = source
      self.target = target
      self.elementsPerToken = elementsPerToken
      self.bytesPerSequence = bytesPerSequence
    }
  }

  package var name: String
  package var kinds: [Layer]
  package var nodes: [Node]
  /// Sorted by source, then target; `source < target` always.
  package var edges: [Edge]
  package var hiddenSize: Int
  package var vocabularySize: Int
  /// The longest sequence the model was made for, if it says so.
  package var maximumSequenceLength: Int?
  /// The head multiplies by the embedding's table: counted once, kept by both stages.
  package var tiesEmbeddings: Bool

  package init(
    name: String, kinds: [Layer], nodes: [Node], edges: [Edge], hiddenSize: Int,
    vocabularySize: Int, maximumSequenceLength: Int? = nil, tiesEmbeddings: Bool = false
  ) {
    self.name = name
    self.kinds = kinds
    self.nodes = nodes
    self.edges = edges
    self.hiddenSize = hiddenSize
    self.vocabularySize = vocabularySize
    self.maximumSequenceLength = maximumSequenceLength
    self.tiesEmbeddings = tiesEmbeddings
  }

  package func layer(_ node: Int) -> Layer { kinds[nodes[node].kind] }

  /// All parameters, a tied table once. Complexity: O(nodes).
  package var parameters: Int { nodes.reduce(0) { $0 + kinds[$1.kind].parameters } }

  package var activeParameters: Int { nodes.reduce(0) { $0 + kinds[$1.kind].activeParameters } }

  /// Some layer is a mixture of experts. Complexity: O(operators of all kinds).
  package var hasExperts: Bool {
    kinds.contains { $0.operators.contains { $0.sharding == .experts } }
  }

  /// Every edge joins neighbours: any cut between two nodes is crossed by one tensor.
  package var isChain: Bool {
    edges.count == max(0, nodes.count - 1)
      && edges.enumerated().allSatisfy { $1.source == $0 && $1.target == $0 + 1 }
  }
}
