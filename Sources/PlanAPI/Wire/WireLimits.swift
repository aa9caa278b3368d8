/// The largest values that requests may carry.
///
/// They lie beyond any real job and keep every product that is formed from them within 64 bits, so
/// that arithmetic on a request cannot overflow.
enum WireLimits {
  /// Ways to split along one dimension, stages, and micro-batches on one replica.
  static let degree = 1 << 20
  /// Sequences of one step. Playing a schedule can take time in proportion.
  static let batch = 1 << 20
  /// Tokens of one sequence.
  static let sequenceLength = 100_000_000
  /// Of the whole training: as far as every JSON reader counts exactly.
  static let totalTokens = (1 << 53) - 1
  /// Values that one search dimension may list.
  static let choices = 256
  static let exports = 32
  static let alternatives = 100
  static let batchedRequests = 256
  /// A day.
  static let deadlineMilliseconds = 86_400_000
  static let stages = 100_000
  static let layers = 100_000
  /// Of all pools together: each has a name, so nodes take memory.
  static let nodes = 1 << 16
  static let gpusPerNode = 1024
  static let pools = 256
  /// 2^50 bytes, a thousand times what a GPU has.
  static let memoryBytes = 1 << 50
  /// 10^9 bytes a second, or 10^9 bits.
  static let bandwidth = 1e9
  static let latencyMicroseconds = 1e6
  static let oversubscription = 1e4
  static let nameLength = 253
  /// Steps that a plan is judged over.
  static let steps = 1_000_000_000
  static let restartSeconds = 1e6
  /// Passes of a schedule that are listed one by one.
  static let listedPasses = 50_000
  /// Passes of a schedule that are drawn.
  static let drawnPasses = 400_000
  /// Of an analysis.
  static let partitionStages = 1024
  /// The square of an analysis's most stages times the model's layers: what splitting exactly costs.
  static let partitionWork = 1 << 26
  static let shorthandLength = 4096
  /// Runs, or layers, that one calibration takes.
  static let measurements = 4096
}
