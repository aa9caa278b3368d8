import Quantities

/// What the software around the kernels costs, on every chip.
package struct SoftwareEfficiency: Hashable, Sendable {
  /// A product that runs at 250 TFLOP/s when large takes 1 + k₀/k times as long over an inner side
  /// of `k`: filling and draining the pipeline of each tile takes a fixed time, so k₀ grows with the
  /// rate. This is k₀.
  package var matrixFill: Double
  /// A product of `m` x `n` outputs takes 1 + c/(m·n) times as long: the last wave of tiles leaves
  /// part of the chip idle, less where a long inner side is split over it. This is c, about half the
  /// outputs of one wave.
  package var matrixWave: Double
  /// From one kernel to the next on the same stream.
  package var kernelLaunch: Seconds
  /// Of one hop of a collective inside a scale-up domain of NVLink (others in the proportion of their
  /// links' latencies), and over the network.
  package var scaleUpLatency: Seconds
  package var networkLatency: Seconds
  /// Part of the backward pass behind which gradient reduction can hide.
  package var gradientOverlap: Double
  /// How many times as long a kernel takes while a collective hides behind it.
  package var overlapSlowdown = 1.0
  /// The same for the gathers and scatters of fully sharded weights.
  package var weightGatherOverlap: Double
  /// Gathers that a layer's weights take where each tensor is gathered by itself.
  package var gathersPerLayer: Double
  /// Of every optimizer step: data and logging. A stack may add its own
  /// (`StackEfficiency.stepOverhead`).
  package var stepOverhead: Seconds
  /// Of every micro-batch on every stage: schedule, send and receive calls.
  package var microBatchOverhead: Seconds
  /// Rate of products in batches (attention over written-out scores) whose rows are no multiple of
  /// 16 bytes, as a part of the others': they run on the vector units. Of a chip whose vector units do a
  /// sixteenth of what its matrix units do (A100); of others in proportion.
  package var misalignedRate: Double
  /// Fused attention with heads of this size reaches half of its rate.
  package var attentionHalfHead: Double
  /// Fused attention over this many keys reaches half of its rate.
  package var attentionHalfLength: Double
  /// Traffic of softmax and masks over written-out scores, as a multiple of the least.
  package var scoreTraffic: Double
  /// Traffic of casting the inputs and gradients of 8-bit products, as a multiple of reading two
  /// bytes and writing the value and its transpose.
  package var castTraffic: Double
  /// Rate of the experts' products as a part of one large product's: many groups of unlike sizes,
  /// the busiest of which decides.
  package var expertRate: Double
  /// Traffic of routing, sorting and restoring tokens, as a multiple of reading and writing each
  /// copy once.
  package var expertTraffic: Double
  /// Part of the expert exchange that is not hidden, inside the scale-up domain and over the network.
  package var expertExposure: Double
  package var expertNetworkExposure: Double
  package var runtimeMemory: ByteCount

  package init(
    matrixFill: Double, matrixWave: Double, kernelLaunch: Seconds, scaleUpLatency: Seconds,
    networkLatency: Seconds, gradientOverlap: Double, weightGatherOverlap: Double,
    gathersPerLayer: Double, stepOverhead: Seconds, microBatchOverhead: Seconds,
    misalignedRate: Double, attentionHalfHead: Double, attentionHalfLength: Double,
    scoreTraffic: Double, castTraffic: Double, expertRate: Double, expertTraffic: Double,
    expertExposure: Double, expertNetworkExposure: Double, runtimeMemory: ByteCount
  ) {
    self.matrixFill = matrixFill
    self.matrixWave = matrixWave
    self.kernelLaunch = kernelLaunch
    self.scaleUpLatency = scaleUpLatency
    self.networkLatency = networkLatency
    self.gradientOverlap = gradientOverlap
    self.weightGatherOverlap = weightGatherOverlap
    self.gathersPerLayer = gathersPerLayer
    self.stepOverhead = stepOverhead
    self.microBatchOverhead = microBatchOverhead
    self.misalignedRate = misalignedRate
    self.attentionHalfHead = attentionHalfHead
    self.attentionHalfLength = attentionHalfLength
    self.scoreTraffic = scoreTraffic
    self.castTraffic = castTraffic
    self.expertRate = expertRate
    self.expertTraffic = expertTraffic
    self.expertExposure = expertExposure
    self.expertNetworkExposure = expertNetworkExposure
    self.runtimeMemory = runtimeMemory
  }

  /// What a collective M adds to the kernels K behind which it can hide: what of it is left over, and
  /// what it slows them down by, max(M − K, 0) + (s − 1)·min(M, K). From a slowdown s of 2 on, hiding
  /// does not pay, and all of it counts.
  func exposed(_ collective: Seconds, behind kernels: Seconds) -> Seconds {
    let left = max(collective - kernels, .zero)
    guard overlapSlowdown > 1 else { return left }
    return left + (collective - left) * (min(2, overlapSlowdown) - 1)
  }
}
