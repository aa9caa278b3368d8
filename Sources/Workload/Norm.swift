/// A normalisation over features, by what it learns.
package enum Norm: String, Hashable, Sendable, CaseIterable {
  /// Root mean square, a scale per feature (Zhang and Sennrich 2019).
  case rms
  /// Mean and variance, a scale and a bias per feature (Ba et al. 2016).
  case layer
  /// Mean and variance, a scale per feature.
  case layerWithoutBias
  /// Nothing is learned.
  case plain

  package func parameters(width: Int) -> Int {
    switch self {
    case .rms, .layerWithoutBias: width
    case .layer: 2 * width
    case .plain: 0
    }
  }

  /// The norm as an operator over `width` features of every token; it keeps its input.
  func step(
    _ name: String, width: Int, sharding: Operator.Sharding = .sequence, keepsInput: Bool = true
  ) -> Operator {
    Operator(
      name, .elementwise(elements: 2 * Double(width)), sharding: sharding,
      parameters: parameters(width: width), savedElements: keepsInput ? Double(width) : 0)
  }
}
