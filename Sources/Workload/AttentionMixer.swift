/// Multi-head attention with as many or fewer heads of keys and values (Vaswani et al. 2017;
/// Ainslie et al. 2023).
package struct AttentionMixer: Hashable, Sendable {
  /// A norm on queries and keys before they meet.
  package enum QueryKeyNorm: Hashable, Sendable {
    /// One norm of a head's width for all heads of queries, one for all of keys (Qwen 3, Gemma 3).
    case shared(Norm)
    /// Scales of their own for every feature of every head (OLMo 2, Cohere, StableLM 2).
    case separate(Norm)
  }

  package var heads: Int
  package var keyValueHeads: Int
  package var headDimension: Int
  package var hasInputBias: Bool
  package var hasOutputBias: Bool
  package var queryKeyNorm: QueryKeyNorm?
  /// The output is multiplied, feature by feature, by a sigmoid of another projection (Qwen 3-Next).
  package var hasOutputGate: Bool
  /// One learned logit a head that takes part in the softmax (gpt-oss).
  package var hasSinks: Bool
  /// Positions enter by rotating queries and keys (Su et al. 2021).
  package var isRotary: Bool
  /// Keys that a query sees at most, itself included.
  package var window: Int?

  package init(
    heads: Int, keyValueHeads: Int, headDimension: Int, hasInputBias: Bool = false,
    hasOutputBias: Bool = false, queryKeyNorm: QueryKeyNorm? = nil, hasOutputGate: Bool = false,
    hasSinks: Bool = false, isRotary: Bool = true, window: Int? = nil
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.hasInputBias = hasInputBias
    self.hasOutputBias = hasOutputBias
    self.queryKeyNorm = queryKeyNorm
    self.hasOutputGate = hasOutputGate
    self.hasSinks = hasSinks
    self.isRotary = isRotary
    self.window = window
  }

  var queryWidth: Int { heads * headDimension }
  var keyWidth: Int { keyValueHeads * headDimension }

  func operators(hiddenSize: Int) -> [Operator] {
    let inputs = (hasOutputGate ? 2 : 1) * queryWidth + 2 * keyWidth
    var list = [
      Operator(
        "query_key_value", .matrixProduct(inputs: hiddenSize, outputs: inputs), sharding: .columns,
        parameters: hiddenSize * inputs + (hasInputBias ? inputs : 0),
        savedElements: Double(hiddenSize))
    ]
    if let normStep { list.append(normStep) }
    if isRotary {
      list.append(.rotation(elements: queryWidth + keyWidth))
    }
    list.append(core)
    if hasOutputGate {
      list.append(.outputGate(width: queryWidth))
    }
    list.append(
      Operator(
        "attention_output", .matrixProduct(inputs: queryWidth, outputs: hiddenSize),
        sharding: .rows, parameters: queryWidth * hiddenSize + (hasOutputBias ? hiddenSize : 0),
        savedElements: Double(queryWidth)))
    return list
  }

  private var normStep: Operator? {
    guard let queryKeyNorm else { return nil }
    let width = queryWidth + keyWidth
    let parameters =
      switch queryKeyNorm {
      case .shared(let norm): norm.parameters(width: 2 * headDimension)
      case .separate(let norm): norm.parameters(width: width)
      }
    return Operator(
      "query_key_norm", .elementwise(elements: 2 * Double(width)), sharding: .tensor,
      parameters: parameters, savedElements: Double(width))
  }

  /// Keeps query, key and value; its output is kept by what reads it.
  private var core: Operator {
    Operator(
      "attention",
      .attention(
        .init(
          heads: heads, keyValueHeads: keyValueHeads, keyDimension: headDimension,
          valueDimension: headDimension, window: window)),
      sharding: .tensor, parameters: hasSinks ? heads : 0,
      savedElements: Double(queryWidth + 2 * keyWidth))
  }
}

extension Operator {
  /// Rotates queries and keys by their positions; nothing is kept, as a rotation is undone by its
  /// inverse.
  static func rotation(elements: Int) -> Operator {
    Operator("rotary_positions", .elementwise(elements: 2 * Double(elements)), sharding: .tensor)
  }

  /// output · sigmoid(gate): keeps both factors.
  static func outputGate(width: Int) -> Operator {
    Operator(
      "output_gate", .elementwise(elements: 3 * Double(width)), sharding: .tensor,
      savedElements: 2 * Double(width))
  }
}
