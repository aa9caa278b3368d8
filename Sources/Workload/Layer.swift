/// A node of the layer graph: what one layer computes, as operators in the order they run.
package struct Layer: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case embedding
    case transformerBlock = "transformer_block"
    case finalNorm = "final_norm"
    case head = "output_head"
    /// A node of a user's own graph.
    case custom
  }

  package var kind: Kind
  package var operators: [Operator]

  package init(kind: Kind, operators: [Operator]) {
    self.kind = kind
    self.operators = operators
  }

  /// Parameters that the layer owns. Complexity: O(operators).
  package var parameters: Int { operators.reduce(0) { $0 + $1.parameters } }

  /// Parameters that one token uses: of the experts only those it is routed to.
  package var activeParameters: Int {
    operators.reduce(0) { sum, op in
      guard case .expertProduct(_, _, let experts, let active) = op.work else {
        return sum + op.parameters
      }
      return sum + op.parameters / experts * active
    }
  }
}
