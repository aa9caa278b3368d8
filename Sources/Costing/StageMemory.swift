import Quantities

/// What one GPU of a stage holds at its fullest moment.
package struct StageMemory: Hashable, Sendable {
  package var weights = ByteCount.zero
  package var gradients = ByteCount.zero
  package var optimizer = ByteCount.zero
  package var activations = ByteCount.zero
  /// Logits and loss, communication buffers, temporary tensors and the runtime's own.
  package var workspace = ByteCount.zero

  package init() {}

  package var total: ByteCount { weights + gradients + optimizer + activations + workspace }
}
