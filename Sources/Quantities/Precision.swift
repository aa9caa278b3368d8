/// The number format in which matrices are multiplied during training.
public enum Precision: String, Hashable, Sendable, CaseIterable {
  case bf16, fp16, fp32, fp8

  /// Bytes of one activation element as it is kept for the backward pass and sent between GPUs.
  /// FP8 training keeps activations in 16 bits and quantises on the way into a matrix product.
  public var activationBytes: Double {
    switch self {
    case .bf16, .fp16, .fp8: 2
    case .fp32: 4
    }
  }

  /// Bytes of one weight as the forward pass reads it.
  public var weightBytes: Double { activationBytes }
}
