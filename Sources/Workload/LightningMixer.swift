/// Lightning attention, linear attention with a fixed decay a head (Qin et al. 2024,
/// arXiv 2401.04658), as MiniMax-01 has it: its output is normalised and gated.
package struct LightningMixer: Hashable, Sendable {
  package var heads: Int
  package var headDimension: Int

  package init(heads: Int, headDimension: Int) {
    self.heads = heads
    self.headDimension = headDimension
  }

  func operators(hiddenSize: Int) -> [Operator] {
    let width = heads * headDimension
    return [
      Operator(
        "query_key_value", .matrixProduct(inputs: hiddenSize, outputs: 4 * width),
        sharding: .columns, parameters: hiddenSize * 4 * width,
        savedElements: Double(hiddenSize)),
      Operator(
        "activation", .elementwise(elements: Double(6 * width)), sharding: .tensor,
        savedElements: Double(3 * width)),
      // Adding a key's and value's outer product to the state, and reading it for the query.
      Operator(
        "linear_attention", .matrixProduct(inputs: width, outputs: 2 * headDimension),
        sharding: .tensor, savedElements: Double(3 * width)),
      Norm.rms.step("output_norm", width: width, sharding: .tensor),
      .outputGate(width: width),
      Operator(
        "attention_output", .matrixProduct(inputs: width, outputs: hiddenSize), sharding: .rows,
        parameters: width * hiddenSize, savedElements: Double(width)),
    ]
  }
}
