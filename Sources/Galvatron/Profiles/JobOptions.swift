/// What Galvatron's search is told beside the profiles.
package struct JobOptions: Hashable, Sendable {
  /// How times are taken from a computation profile.
  package enum TimeMode: String, Hashable, Sendable, CaseIterable {
    /// The first row.
    case first = "static"
    /// A line through batch sizes at the job's sequence length.
    case batch
    /// A parabola through sequence lengths with one sample, for the ends a line.
    case sequence
  }

  /// How sizes are taken from a memory profile.
  package enum MemoryMode: String, Hashable, Sendable, CaseIterable {
    /// Of the job's sequence length.
    case first = "static"
    /// In proportion, from the longest.
    case sequence
  }

  package var layers: Int
  package var hiddenSize: Int
  package var sequenceLength: Int
  package var gpus: Int
  /// Left out, what the profile has enough rows for.
  package var timeMode: TimeMode?
  package var memoryMode: MemoryMode?
  /// Degrees of tensor parallelism and Ulysses that may be asked for.
  package var mostDegree = 8
  package var run = RunSettings()

  package init(layers: Int, hiddenSize: Int, sequenceLength: Int, gpus: Int) {
    self.layers = layers
    self.hiddenSize = hiddenSize
    self.sequenceLength = sequenceLength
    self.gpus = gpus
  }

  /// Powers of two up to what may be asked for and the cluster has.
  package var degrees: [Int] {
    var degrees = [1]
    while degrees[degrees.count - 1] * 2 <= min(mostDegree, gpus) {
      degrees.append(degrees[degrees.count - 1] * 2)
    }
    return degrees
  }
}
