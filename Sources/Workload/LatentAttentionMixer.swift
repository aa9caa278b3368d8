/// Multi-head latent attention: keys and values, and often queries, are projected up from a narrow
/// latent (DeepSeek-V2, arXiv 2405.04434, section 2.1).
package struct LatentAttentionMixer: Hashable, Sendable {
  /// Chooses for every query the keys it attends to (DeepSeek-V3.2: sparse attention).
  package struct Indexer: Hashable, Sendable {
    package var heads: Int
    package var headDimension: Int
    /// Keys chosen.
    package var keys: Int

    package init(heads: Int, headDimension: Int, keys: Int) {
      self.heads = heads
      self.headDimension = headDimension
      self.keys = keys
    }
  }

  package var heads: Int
  /// Width of the queries' latent; `nil` where they are projected from the hidden state.
  package var queryRank: Int?
  package var keyValueRank: Int
  /// Elements of a head's query and key without position, and with one.
  package var plainDimension: Int
  package var rotaryDimension: Int
  package var valueDimension: Int
  /// On the products that read or write the residual stream.
  package var hasBias: Bool
  package var indexer: Indexer?

  package init(
    heads: Int, queryRank: Int?, keyValueRank: Int, plainDimension: Int, rotaryDimension: Int,
    valueDimension: Int, hasBias: Bool = false, indexer: Indexer? = nil
  ) {
    self.heads = heads
    self.queryRank = queryRank
    self.keyValueRank = keyValueRank
    self.plainDimension = plainDimension
    self.rotaryDimension = rotaryDimension
    self.valueDimension = valueDimension
    self.hasBias = hasBias
    self.indexer = indexer
  }

  var keyDimension: Int { plainDimension + rotaryDimension }

  /// The products down to the latents are done whole by every tensor-parallel rank, as in Megatron.
  func operators(hiddenSize: Int) -> [Operator] {
    let (queryWidth, valueWidth) = (heads * keyDimension, heads * valueDimension)
    var list = queryOperators(hiddenSize: hiddenSize)
    let latent = keyValueRank + rotaryDimension
    list.append(
      Operator(
        "key_value_down", .matrixProduct(inputs: hiddenSize, outputs: latent),
        sharding: .sequence, parameters: hiddenSize * latent + (hasBias ? latent : 0)))
    list.append(Norm.rms.step("key_value_norm", width: keyValueRank))
    let up = heads * (plainDimension + valueDimension)
    list.append(
      Operator(
        "key_value_up", .matrixProduct(inputs: keyValueRank, outputs: up), sharding: .columns,
        parameters: keyValueRank * up, savedElements: Double(keyValueRank)))
    // Every head's queries, and one key that all heads share.
    list.append(.rotation(elements: heads * rotaryDimension + rotaryDimension))
    if let indexer {
      list += indexer.operators(
        hiddenSize: hiddenSize, queryRank: queryRank ?? hiddenSize)
    }
    list.append(
      Operator(
        "attention",
        .attention(
          .init(
            heads: heads, keyValueHeads: heads, keyDimension: keyDimension,
            valueDimension: valueDimension, window: indexer?.keys)),
        sharding: .tensor, savedElements: Double(2 * queryWidth + valueWidth)))
    list.append(
      Operator(
        "attention_output", .matrixProduct(inputs: valueWidth, outputs: hiddenSize),
        sharding: .rows, parameters: valueWidth * hiddenSize + (hasBias ? hiddenSize : 0),
        savedElements: Double(valueWidth)))
    return list
  }

  /// The hidden state, which queries and keys are both projected from, is kept once.
  private func queryOperators(hiddenSize: Int) -> [Operator] {
    let width = heads * keyDimension
    guard let queryRank else {
      return [
        Operator(
          "query", .matrixProduct(inputs: hiddenSize, outputs: width), sharding: .columns,
          parameters: hiddenSize * width, savedElements: Double(hiddenSize))
      ]
    }
    return [
      Operator(
        "query_down", .matrixProduct(inputs: hiddenSize, outputs: queryRank), sharding: .sequence,
        parameters: hiddenSize * queryRank + (hasBias ? queryRank : 0),
        savedElements: Double(hiddenSize)),
      Norm.rms.step("query_norm", width: queryRank),
      Operator(
        "query_up", .matrixProduct(inputs: queryRank, outputs: width), sharding: .columns,
        parameters: queryRank * width, savedElements: Double(queryRank)),
    ]
  }
}

extension LatentAttentionMixer.Indexer {
  /// Its inputs are those of the attention it serves, and kept there.
  fileprivate func operators(hiddenSize: Int, queryRank: Int) -> [Operator] {
    let width = heads * headDimension
    return [
      Operator(
        "indexer_query", .matrixProduct(inputs: queryRank, outputs: width), sharding: .columns,
        parameters: queryRank * width),
      Operator(
        "indexer_key", .matrixProduct(inputs: hiddenSize, outputs: headDimension),
        sharding: .sequence, parameters: hiddenSize * headDimension),
      Norm.layer.step("indexer_key_norm", width: headDimension),
      Operator(
        "indexer_weights", .matrixProduct(inputs: hiddenSize, outputs: heads),
        sharding: .sequence, parameters: hiddenSize * heads),
      Operator(
        "indexer_scores",
        .attention(
          .init(heads: heads, keyValueHeads: 1, keyDimension: headDimension, valueDimension: 0)),
        sharding: .tensor, savedElements: Double(width + headDimension)),
    ]
  }
}
