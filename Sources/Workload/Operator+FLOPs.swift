import Quantities

extension Operator {
  /// FLOPs of the forward pass over `tokens` tokens in sequences of `sequenceLength`.
  ///
  /// Products count 2·inputs·outputs a token; attention 2·heads·(keyDimension + valueDimension) for
  /// each of the keys in reach, all of the sequence or the window, without a discount for the causal
  /// mask (the convention of Narayanan et al. 2021 and Korthikanti et al. 2022). What is bound by
  /// memory counts nothing.
  package func forwardFLOPs(tokens: Double, sequenceLength: Int) -> FLOPs {
    let perToken: Double
    switch work {
    case .matrixProduct(let inputs, let outputs):
      perToken = 2 * Double(inputs) * Double(outputs)
    case .expertProduct(let inputs, let outputs, _, let active):
      perToken = 2 * Double(inputs) * Double(outputs) * Double(active)
    case .attention(let shape):
      let keys = Double(min(sequenceLength, shape.window ?? .max))
      perToken =
        2 * Double(shape.heads) * Double(shape.keyDimension + shape.valueDimension) * keys
    case .opaque(let figures):
      return FLOPs(figures.forwardFLOPs * tokens / Double(sequenceLength))
    case .lookup, .elementwise, .crossEntropy, .expertExchange:
      perToken = 0
    }
    return FLOPs(perToken * tokens)
  }
}

extension Layer {
  /// FLOPs of the forward pass (see `Operator.forwardFLOPs`). Complexity: O(operators).
  package func forwardFLOPs(tokens: Double, sequenceLength: Int) -> FLOPs {
    operators.reduce(.zero) {
      $0 + $1.forwardFLOPs(tokens: tokens, sequenceLength: sequenceLength)
    }
  }

  /// Memory of the weights as the forward pass reads them.
  package func weightBytes(_ precision: Precision) -> ByteCount {
    ByteCount(Double(parameters) * precision.weightBytes)
  }

  /// What one micro-batch leaves in memory for the backward pass, whole: neither split nor
  /// recomputed, without dropout, attention's scores not kept.
  package func savedBytes(
    tokens: Double, sequenceLength: Int, precision: Precision
  ) -> ByteCount {
    operators.reduce(.zero) { sum, op in
      var bytes = op.savedElements * tokens * precision.activationBytes
      if case .opaque(let figures) = op.work {
        bytes += figures.savedBytes * tokens / Double(sequenceLength)
      }
      return sum + ByteCount(bytes)
    }
  }
}
