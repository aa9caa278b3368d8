/// Two products with an activation function between them, or three where another projection gates
/// it (Shazeer 2020: SwiGLU, GEGLU).
package struct DenseFeedForward: Hashable, Sendable {
  package var width: Int
  package var isGated: Bool
  package var hasBias: Bool

  package init(width: Int, isGated: Bool, hasBias: Bool = false) {
    self.width = width
    self.isGated = isGated
    self.hasBias = hasBias
  }

  /// Outputs of the first product: the gate is fused with it.
  var upWidth: Int { isGated ? 2 * width : width }

  /// `keepsInput` is false where another operator keeps the same tensor.
  func operators(
    hiddenSize: Int, keepsInput: Bool, prefix: String = "feed_forward"
  ) -> [Operator] {
    [
      Operator(
        prefix + "_up", .matrixProduct(inputs: hiddenSize, outputs: upWidth), sharding: .columns,
        parameters: hiddenSize * upWidth + (hasBias ? upWidth : 0),
        savedElements: keepsInput ? Double(hiddenSize) : 0),
      Operator(
        prefix + "_activation", .elementwise(elements: Double(upWidth + width)), sharding: .tensor,
        savedElements: Double(upWidth)),
      Operator(
        prefix + "_down", .matrixProduct(inputs: width, outputs: hiddenSize), sharding: .rows,
        parameters: width * hiddenSize + (hasBias ? hiddenSize : 0),
        savedElements: Double(width)),
    ]
  }
}
