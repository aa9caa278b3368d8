/// Gated delta-rule linear attention (Yang et al. 2024, arXiv 2412.06464), as Qwen 3-Next has it: a
/// short causal convolution, a recurrent state of `keyDimension` x `valueDimension` a value head,
/// a gated norm and a product back.
package struct GatedDeltaMixer: Hashable, Sendable {
  package var keyHeads: Int
  package var valueHeads: Int
  package var keyDimension: Int
  package var valueDimension: Int
  /// Tokens that the convolution sees.
  package var convolutionWidth: Int

  package init(
    keyHeads: Int, valueHeads: Int, keyDimension: Int, valueDimension: Int, convolutionWidth: Int
  ) {
    self.keyHeads = keyHeads
    self.valueHeads = valueHeads
    self.keyDimension = keyDimension
    self.valueDimension = valueDimension
    self.convolutionWidth = convolutionWidth
  }

  func operators(hiddenSize: Int) -> [Operator] {
    let (keyWidth, valueWidth) = (keyHeads * keyDimension, valueHeads * valueDimension)
    let mixed = 2 * keyWidth + valueWidth
    // Beside queries, keys and values: the output's gate, and decay and step of every head.
    let projected = mixed + valueWidth + 2 * valueHeads
    let stateInputs = valueHeads * keyDimension
    return [
      Operator(
        "query_key_value", .matrixProduct(inputs: hiddenSize, outputs: projected),
        sharding: .columns, parameters: hiddenSize * projected,
        savedElements: Double(hiddenSize)),
      Operator(
        "convolution", .elementwise(elements: Double(2 * mixed)), sharding: .tensor,
        parameters: mixed * convolutionWidth, savedElements: Double(mixed)),
      // Reading what the state holds for a key, writing the difference, reading for the query: three
      // products of a head's key (or query) with its state.
      Operator(
        "delta_rule", .matrixProduct(inputs: stateInputs, outputs: 3 * valueDimension),
        sharding: .tensor, parameters: 2 * valueHeads,
        savedElements: Double(mixed + 2 * valueHeads)),
      Operator(
        "gated_norm", .elementwise(elements: Double(3 * valueWidth)), sharding: .tensor,
        parameters: valueDimension, savedElements: Double(2 * valueWidth)),
      Operator(
        "attention_output", .matrixProduct(inputs: valueWidth, outputs: hiddenSize),
        sharding: .rows, parameters: valueWidth * hiddenSize, savedElements: Double(valueWidth)),
    ]
  }
}
