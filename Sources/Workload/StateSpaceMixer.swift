/// A Mamba-2 mixer (Dao and Gu 2024, arXiv 2405.21060): a causal convolution and a selective state
/// space of `stateSize` a channel, shared by the channels of a head.
package struct StateSpaceMixer: Hashable, Sendable {
  package var heads: Int
  package var headDimension: Int
  /// Groups of heads that share the input and output matrices of the state.
  package var groups: Int
  package var stateSize: Int
  /// Tokens that the convolution sees.
  package var convolutionWidth: Int
  package var hasConvolutionBias: Bool
  /// On the products in and out.
  package var hasBias: Bool

  package init(
    heads: Int, headDimension: Int, groups: Int, stateSize: Int, convolutionWidth: Int,
    hasConvolutionBias: Bool = true, hasBias: Bool = false
  ) {
    self.heads = heads
    self.headDimension = headDimension
    self.groups = groups
    self.stateSize = stateSize
    self.convolutionWidth = convolutionWidth
    self.hasConvolutionBias = hasConvolutionBias
    self.hasBias = hasBias
  }

  func operators(hiddenSize: Int) -> [Operator] {
    let width = heads * headDimension
    let mixed = width + 2 * groups * stateSize
    // Beside the convolution's channels: the gate, and the time step of every head.
    let projected = mixed + width + heads
    return [
      Operator(
        "input_projection", .matrixProduct(inputs: hiddenSize, outputs: projected),
        sharding: .columns, parameters: hiddenSize * projected + (hasBias ? projected : 0),
        savedElements: Double(hiddenSize)),
      Operator(
        "convolution", .elementwise(elements: Double(2 * mixed)), sharding: .tensor,
        parameters: mixed * convolutionWidth + (hasConvolutionBias ? mixed : 0),
        savedElements: Double(mixed)),
      // Writing the state and reading it: two products of `stateSize` a channel. Learned are decay,
      // skip and time-step bias of every head.
      Operator(
        "state_space", .matrixProduct(inputs: width, outputs: 2 * stateSize), sharding: .tensor,
        parameters: 3 * heads, savedElements: Double(mixed + heads)),
      Operator(
        "gated_norm", .elementwise(elements: Double(3 * width)), sharding: .tensor,
        parameters: width, savedElements: Double(2 * width)),
      Operator(
        "output_projection", .matrixProduct(inputs: width, outputs: hiddenSize), sharding: .rows,
        parameters: width * hiddenSize + (hasBias ? hiddenSize : 0),
        savedElements: Double(width)),
    ]
  }
}
