/// A model, a cluster and a job as Galvatron knows them: from measured profiles. Sizes are in MB of
/// 2^20 bytes, times in milliseconds, bandwidths in MB a millisecond, as in its files.
package struct MeasuredJob: Hashable, Sendable {
  /// The embedding and the head, where both are on one stage or on one of two.
  package struct EndMemory: Hashable, Sendable {
    /// Weights, gradients and two moments in 32 bits, by tensor-parallel degree.
    package var states: [Int: Double]
    /// Of one sample, by degree.
    package var activations: [Int: Double]

    package init(states: [Int: Double], activations: [Int: Double]) {
      self.states = states
      self.activations = activations
    }
  }

  // MARK: The model
  package var layers: Int
  package var hiddenSize: Int
  package var sequenceLength: Int
  /// Forward time of one layer on one GPU.
  package var forward: TimeLaw
  /// Forward time of the embedding and the head.
  package var endForward: TimeLaw
  /// Weights of one layer in 32 bits.
  package var layerParameters: Double
  /// Of one sample and layer, by degree.
  package var layerActivations: [Int: Double]
  package var recomputedActivations: Double
  /// Where the pipeline has one stage, and for the first and last of several.
  package var onlyStage: EndMemory
  package var firstStage: EndMemory
  package var lastStage: EndMemory

  // MARK: The cluster
  package var gpus: Int
  /// Bus bandwidth of an all-reduce by group size, over neighbouring and over distant ranks.
  package var consecutiveBandwidth: [Int: Double]
  package var stridedBandwidth: [Int: Double]
  /// Between neighbouring stages, by how many there are.
  package var stageBandwidth: [Int: Double]
  package var allReduce: [Int: MessageTimes]
  package var allToAll: [Int: MessageTimes]
  /// How much longer a kernel takes while another overlaps it.
  package var overlapSlowdown: Double

  // MARK: The run
  package var run = RunSettings()

  package init(
    layers: Int, hiddenSize: Int, sequenceLength: Int, forward: TimeLaw, endForward: TimeLaw,
    layerParameters: Double, layerActivations: [Int: Double], recomputedActivations: Double,
    onlyStage: EndMemory, firstStage: EndMemory, lastStage: EndMemory, gpus: Int,
    consecutiveBandwidth: [Int: Double], stridedBandwidth: [Int: Double],
    stageBandwidth: [Int: Double], allReduce: [Int: MessageTimes],
    allToAll: [Int: MessageTimes], overlapSlowdown: Double
  ) {
    self.layers = layers
    self.hiddenSize = hiddenSize
    self.sequenceLength = sequenceLength
    self.forward = forward
    self.endForward = endForward
    self.layerParameters = layerParameters
    self.layerActivations = layerActivations
    self.recomputedActivations = recomputedActivations
    self.onlyStage = onlyStage
    self.firstStage = firstStage
    self.lastStage = lastStage
    self.gpus = gpus
    self.consecutiveBandwidth = consecutiveBandwidth
    self.stridedBandwidth = stridedBandwidth
    self.stageBandwidth = stageBandwidth
    self.allReduce = allReduce
    self.allToAll = allToAll
    self.overlapSlowdown = overlapSlowdown
  }

  /// Bytes of an activation's element.
  package var elementBytes: Double { run.usesMixedPrecision ? 2 : 4 }

  /// The hidden states of some samples, in MB.
  package func hiddenStates(samples: Int) -> Double {
    Double(samples * sequenceLength * hiddenSize) * elementBytes / 1024 / 1024
  }

  /// Degrees, of tensor parallelism and of Ulysses, for which everything is known.
  package func knows(degree: Int, split: LayerStrategy.Split) -> Bool {
    guard layerActivations[degree] != nil else { return false }
    guard degree > 1 else { return true }
    return switch split {
    case .tensor: allReduce[degree] != nil
    case .ulysses: allToAll[degree] != nil
    }
  }
}
