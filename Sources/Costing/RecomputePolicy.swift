/// What a layer computes again in the backward pass instead of keeping it (Chen et al. 2016).
package enum RecomputePolicy: String, Hashable, Sendable, CaseIterable {
  case none
  /// The attention scores, softmax and its dropout (Korthikanti et al. 2022).
  case selective
  /// Everything but the layer's input.
  case full
}
