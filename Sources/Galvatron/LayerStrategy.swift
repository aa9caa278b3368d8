/// How one transformer layer, or the embedding and the head, is split over the GPUs of its pipeline
/// stage. What is left of the stage's GPUs are data-parallel replicas.
package struct LayerStrategy: Hashable, Sendable {
  package enum Split: Hashable, Sendable {
    /// Weights and activations are split (Megatron-LM).
    case tensor
    /// Only activations are, by tokens (DeepSpeed-Ulysses, Jacobs et al. 2023).
    case ulysses
  }

  /// GPUs that share a sample.
  package var degree: Int
  /// `.tensor` where the degree is 1.
  package var split: Split
  /// ZeRO-3. Otherwise the plan's default holds.
  package var shardsWeights: Bool
  /// Activations are recomputed in the backward pass (activation checkpointing).
  package var recomputes: Bool

  /// - Precondition: `degree` is positive.
  package init(
    degree: Int = 1, split: Split = .tensor, shardsWeights: Bool = false, recomputes: Bool = false
  ) {
    precondition(degree >= 1, "a sample is on one GPU at least")
    self.degree = degree
    self.split = degree == 1 ? .tensor : split
    self.shardsWeights = shardsWeights
    self.recomputes = recomputes
  }

  /// GPUs that share the weights.
  package var tensorDegree: Int { split == .tensor ? degree : 1 }
  package var usesUlysses: Bool { split == .ulysses }
}

/// What happens to the states of layers that do not shard their weights.
package enum DefaultSharding: String, Hashable, Sendable, CaseIterable {
  /// Every replica holds all states.
  case ddp
  /// Gradients and optimizer states are sharded.
  case zero2
  /// Weights too, in every layer.
  case zero3
}

package enum LayerwiseSchedule: String, Hashable, Sendable, CaseIterable {
  case gpipe
  /// 1F1B (PipeDream-Flush, Narayanan et al. 2020).
  case pipedreamFlush = "pipedream_flush"
}
