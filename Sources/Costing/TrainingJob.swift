import Quantities

/// What is trained, how: everything that a request fixes before a parallel strategy is chosen.
package struct TrainingJob: Hashable, Sendable {
  /// Sequences that one optimizer step sees.
  package var globalBatchSize: Int
  /// Tokens of one sequence.
  package var sequenceLength: Int
  /// Tokens of the whole training, where that is known; no step depends on them.
  package var totalTokens: Int?
  package var precision: Precision
  package var optimizer: Optimizer
  /// Kept apart from the precision's habit only if the request says so.
  package var gradientBytesOverride: Double?
  /// How attention scores are computed; left out, the precision and the chip decide
  /// (see `CostModel.attentionKernel`).
  package var attention: AttentionKernel?
  /// Dropout masks are kept, and dropout kernels run.
  package var usesDropout: Bool
  /// Trained by a framework of the years of loss scaling (`SoftwareStack.lossScaled`): the habit of
  /// fp16 jobs, but on clusters whose every chip came later.
  package var isLossScaled: Bool

  package init(
    globalBatchSize: Int, sequenceLength: Int, precision: Precision = .bf16,
    optimizer: Optimizer = .adam, gradientBytesOverride: Double? = nil,
    attention: AttentionKernel? = nil, usesDropout: Bool = false, isLossScaled: Bool? = nil
  ) {
    self.globalBatchSize = globalBatchSize
    self.sequenceLength = sequenceLength
    self.precision = precision
    self.optimizer = optimizer
    self.gradientBytesOverride = gradientBytesOverride
    self.attention = attention
    self.usesDropout = usesDropout
    self.isLossScaled = isLossScaled ?? (precision == .fp16)
  }

  /// Bytes of one weight's gradient, as it is accumulated, and reduced where weights are whole: 4 in bf16
  /// jobs, whose 8 bits of mantissa lose small contributions, as Megatron-LM does by default; 2 with fp16's
  /// loss scaling; 2 in fp8 jobs, whose recipes reduce in bf16 (NeMo, Megatron Bridge and the MLPerf
  /// submissions).
  package var gradientBytes: Double {
    if let gradientBytesOverride { return gradientBytesOverride }
    switch precision {
    case .bf16, .fp32: return 4
    case .fp8, .fp16: return 2
    }
  }

  /// The same as it is scattered with fully sharded weights: as wide as what the passes compute, which is
  /// what PyTorch's `fully_shard` does by itself (`MixedPrecisionPolicy.reduce_dtype`). The shard
  /// accumulates in `gradientBytes`.
  package var scatteredGradientBytes: Double {
    gradientBytesOverride ?? min(gradientBytes, precision.activationBytes)
  }

  /// Bytes of one updated weight, as the replicas that share its optimizer state gather it: 8-bit jobs
  /// update 8-bit weights (Megatron Core's `fp8_param_gather`).
  package var gatheredWeightBytes: Double { precision == .fp8 ? 1 : precision.weightBytes }

  /// Bytes of optimizer state a parameter: the 32-bit master copy where weights are narrower, and
  /// the moments.
  package var optimizerBytes: Double {
    (precision == .fp32 ? 0 : 4) + optimizer.momentBytes
  }
}

package enum AttentionKernel: String, Hashable, Sendable, CaseIterable {
  /// Scores never reach memory (Dao et al. 2022, FlashAttention).
  case fused
  /// Scores, softmax and its mask are written out and kept for the backward pass.
  case unfused
}

package enum Optimizer: String, Hashable, Sendable, CaseIterable {
  case adam, adamw, adam8bit = "adam-8bit", momentum, sgd, adafactor, lion, muon

  /// Bytes of moments a parameter, beside the master copy.
  package var momentBytes: Double {
    switch self {
    case .adam, .adamw: 8
    case .adam8bit: 2
    case .momentum, .lion, .muon: 4
    // One row and one column vector a matrix: nothing next to the matrix.
    case .sgd, .adafactor: 0
    }
  }
}
