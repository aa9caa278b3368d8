/// The largest values that requests may carry.
///
/// They lie beyond any real job and keep every product that is formed from them within 64 bits, so
/// that arithmetic on a request cannot overflow.
enum WireLimits {
  /// Ways to split along one dimension, stages, and micro-batches on one replica.
  static let degree = 1 << 20
  /// Sequences of one step, and tokens of one sequence.
  static let batch = 100_000_000
  static let sequenceLength = 100_000_000
  /// Values that one search dimension may list.
  static let choices = 256
  static let alternatives = 100
  /// A day.
  static let deadlineMilliseconds = 86_400_000
  static let stages = 100_000
}
