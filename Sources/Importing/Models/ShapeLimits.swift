/// The largest sizes that a described model may have. They lie beyond any real model and keep every
/// operator's parameters within 64 bits (see `TransformerModel.isCountable`).
enum ShapeLimits {
  static let layers = 10_000
  static let hiddenSize = 1 << 20
  /// Of a projection, a feed-forward network or a table's vocabulary.
  static let width = 1 << 24
  static let heads = 1 << 16
  static let headDimension = 1 << 16
  static let experts = 1 << 14
  static let positions = 100_000_000
  /// Nodes of a user's graph, and edges.
  static let nodes = 100_000
  static let edges = 1_000_000
}
