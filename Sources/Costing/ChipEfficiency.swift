import Hardware
import Quantities

/// How much of a chip's catalogue figures real kernels reach. One set an architecture, fitted on
/// published runs (see `CostParameters`); every number has a physical meaning and a range it must
/// lie in.
package struct ChipEfficiency: Hashable, Sendable {
  /// Part of the dense 16- or 32-bit peak that a very large matrix product reaches.
  package var matrix: Double
  /// The same for 8-bit products, casts and scaling included.
  package var matrixFP8: Double
  /// Part of the 16-bit peak that fused attention reaches forward, counting only the products that
  /// a causal mask leaves.
  package var attention: Double
  /// Part of the memory bandwidth that element-wise kernels reach.
  package var memory: Double
  /// Part of the scale-up link's bandwidth that large collectives reach.
  package var scaleUp: Double
  /// Part of the network interface's bandwidth that large collectives reach.
  package var network: Double
  /// Part of the tensor-parallel traffic that is not hidden behind matrix products.
  package var tensorExposure: Double

  package init(
    matrix: Double, matrixFP8: Double, attention: Double, memory: Double, scaleUp: Double,
    network: Double, tensorExposure: Double
  ) {
    self.matrix = matrix
    self.matrixFP8 = matrixFP8
    self.attention = attention
    self.memory = memory
    self.scaleUp = scaleUp
    self.network = network
    self.tensorExposure = tensorExposure
  }
}

/// What the software around the kernels costs, on every chip.
package struct SoftwareEfficiency: Hashable, Sendable {
  /// A matrix product with a side of `n` reaches 1 / (1 + n₀/n) of its rate (tiles, pipeline
  /// fill): this is n₀, for each of the three sides.
  package var matrixHalfSize: Double
  /// From one kernel to the next on the same stream.
  package var kernelLaunch: Seconds
  /// Of one hop of a collective inside the scale-up domain, and over the network.
  package var scaleUpLatency: Seconds
  package var networkLatency: Seconds
  /// Part of the backward pass behind which gradient reduction can hide.
  package var gradientOverlap: Double
  /// The same for the gathers and scatters of fully sharded weights.
  package var weightGatherOverlap: Double
  /// Of every optimizer step: data, logging, gradient norm, scaler.
  package var stepOverhead: Seconds
  /// Of every micro-batch on every stage: schedule, send and receive calls.
  package var microBatchOverhead: Seconds
  /// Busiest expert's tokens over the mean.
  package var expertImbalance: Double
  /// Growth of the step per doubling of nodes, from waiting for the slowest.
  package var stragglerGrowth: Double
  /// Rate of matrix products whose rows are no multiple of 16 bytes, as a part of the others'.
  package var misalignedRate: Double
  /// Fused attention with heads of this size reaches half of its rate.
  package var attentionHalfHead: Double
  /// Fused attention over this many keys reaches half of its rate.
  package var attentionHalfLength: Double
  /// Part of the expert exchange that is not hidden.
  package var expertExposure: Double
  /// Frameworks that shard weights (FSDP, ZeRO-3) run model code written for one GPU, of separate
  /// kernels: rate of its attention as a part of the hand-fused stacks'.
  package var modularAttention: Double
  /// Memory traffic of its element-wise kernels, as a multiple of the hand-fused stacks'.
  package var modularTraffic: Double
  /// Memory of the driver's context, the framework and communication buffers on every GPU.
  package var runtimeMemory: ByteCount

  package init(
    matrixHalfSize: Double, kernelLaunch: Seconds, scaleUpLatency: Seconds,
    networkLatency: Seconds, gradientOverlap: Double, weightGatherOverlap: Double,
    stepOverhead: Seconds, microBatchOverhead: Seconds, expertImbalance: Double,
    stragglerGrowth: Double, misalignedRate: Double, attentionHalfHead: Double,
    attentionHalfLength: Double, expertExposure: Double, modularAttention: Double,
    modularTraffic: Double, runtimeMemory: ByteCount
  ) {
    self.matrixHalfSize = matrixHalfSize
    self.kernelLaunch = kernelLaunch
    self.scaleUpLatency = scaleUpLatency
    self.networkLatency = networkLatency
    self.gradientOverlap = gradientOverlap
    self.weightGatherOverlap = weightGatherOverlap
    self.stepOverhead = stepOverhead
    self.microBatchOverhead = microBatchOverhead
    self.expertImbalance = expertImbalance
    self.stragglerGrowth = stragglerGrowth
    self.misalignedRate = misalignedRate
    self.attentionHalfHead = attentionHalfHead
    self.attentionHalfLength = attentionHalfLength
    self.expertExposure = expertExposure
    self.modularAttention = modularAttention
    self.modularTraffic = modularTraffic
    self.runtimeMemory = runtimeMemory
  }
}

/// All fitted numbers of the analytic cost model.
package struct CostParameters: Hashable, Sendable {
  package var chips: [Accelerator.Architecture: ChipEfficiency]
  package var software: SoftwareEfficiency

  package init(
    chips: [Accelerator.Architecture: ChipEfficiency], software: SoftwareEfficiency
  ) {
    self.chips = chips
    self.software = software
  }

  /// Of an architecture without measured runs, those of its nearest relative.
  package func chip(_ architecture: Accelerator.Architecture) -> ChipEfficiency {
    if let known = chips[architecture] { return known }
    let relative: Accelerator.Architecture =
      switch architecture {
      case .volta, .turing: .volta
      case .ampere, .ada: .ampere
      case .hopper, .cdna2, .cdna3, .gaudi, .tpu, .davinci: .hopper
      case .blackwell, .blackwellUltra, .cdna4: .blackwell
      }
    guard let known = chips[relative] ?? chips[.ampere] else {
      preconditionFailure(
        "cost parameters hold no architecture that \(architecture) can borrow from")
    }
    return known
  }
}
