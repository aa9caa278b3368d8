import Costing
import Hardware
import Quantities
import Scheduling

/// A strategy with its stages, devices and prediction.
package struct Plan: Hashable, Sendable {
  package var strategy: ParallelStrategy
  package var stages: [StagePlan]
  /// The graph's nodes in the order that the stages' ranges count, where it is not their own.
  package var order: [Int]?
  package var prediction: Prediction
  /// Coefficient of variation of the stages' time for one micro-batch.
  package var balanceScore: Double
  /// Every stage stays below its memory limit.
  package var fits: Bool

  package init(
    strategy: ParallelStrategy, stages: [StagePlan], prediction: Prediction,
    balanceScore: Double, fits: Bool
  ) {
    self.strategy = strategy
    self.stages = stages
    self.prediction = prediction
    self.balanceScore = balanceScore
    self.fits = fits
  }
}

/// What one pipeline stage holds, and what that costs each of its GPUs.
package struct StagePlan: Hashable, Sendable {
  package var id: Int
  /// Nodes of the layer graph in the plan's order, one closed range a model chunk (one, unless interleaved).
  package var layerRanges: [ClosedRange<Int>]
  package var parameters: Int
  /// Layers that are recomputed in the backward pass.
  package var recomputedLayers: Int
  package var devices: [DeviceGroup]
  package var forward: Seconds
  package var backward: Seconds
  package var memory: StageMemory
  package var memoryLimit: ByteCount
  /// The stage's own degrees, where stages need not be alike; they hold over the strategy's.
  package var share: StageShare?

  package init(
    id: Int, layerRanges: [ClosedRange<Int>], parameters: Int, recomputedLayers: Int,
    devices: [DeviceGroup], forward: Seconds, backward: Seconds, memory: StageMemory,
    memoryLimit: ByteCount
  ) {
    self.id = id
    self.layerRanges = layerRanges
    self.parameters = parameters
    self.recomputedLayers = recomputedLayers
    self.devices = devices
    self.forward = forward
    self.backward = backward
    self.memory = memory
    self.memoryLimit = memoryLimit
  }
}

/// How one stage splits its work, where stages differ.
package struct StageShare: Hashable, Sendable {
  package var tensor: Int
  package var data: Int
  /// Micro-batches that each replica runs in a step, in the order of the stage's devices.
  package var microBatches: [Int]

  package init(tensor: Int, data: Int, microBatches: [Int]) {
    self.tensor = tensor
    self.data = data
    self.microBatches = microBatches
  }
}

/// GPUs of one node, as a plan lists them.
package typealias DeviceGroup = Hardware.DeviceGroup

/// What a step is predicted to take.
package struct Prediction: Hashable, Sendable {
  package var step: Seconds
  package var tokensPerSecond: Double
  package var gpus: Int
  /// Model FLOPs (no recomputation, no causal discount) a second and GPU.
  package var modelRate: ComputeRate
  package var modelFLOPsUtilization: Double
  package var bubbleFraction: Double
  package var peakMemory: ByteCount
  package var breakdown: StepBreakdown

  package init(
    step: Seconds, tokensPerSecond: Double, gpus: Int, modelRate: ComputeRate,
    modelFLOPsUtilization: Double, bubbleFraction: Double, peakMemory: ByteCount,
    breakdown: StepBreakdown
  ) {
    self.step = step
    self.tokensPerSecond = tokensPerSecond
    self.gpus = gpus
    self.modelRate = modelRate
    self.modelFLOPsUtilization = modelFLOPsUtilization
    self.bubbleFraction = bubbleFraction
    self.peakMemory = peakMemory
    self.breakdown = breakdown
  }
}

/// The step's time by cause, along the critical path; the parts add up to the step.
package struct StepBreakdown: Hashable, Sendable {
  package var compute = Seconds.zero
  package var recompute = Seconds.zero
  package var tensorParallel = Seconds.zero
  package var contextParallel = Seconds.zero
  package var expertParallel = Seconds.zero
  package var pipeline = Seconds.zero
  package var bubble = Seconds.zero
  package var dataParallel = Seconds.zero
  package var optimizer = Seconds.zero

  package init() {}

  package var total: Seconds {
    compute + recompute + tensorParallel + contextParallel + expertParallel + pipeline + bubble
      + dataParallel + optimizer
  }
}

extension Plan {
  /// Where the plan cuts the pipeline: simulating `strategy` with it gives the plan again.
  package var split: PipelineSplit {
    let ranges = (0..<strategy.virtualStages).flatMap { chunk in
      stages.map { $0.layerRanges[chunk] }
    }
    return PipelineSplit(
      boundaries: [0] + ranges.map { $0.upperBound + 1 },
      recomputed: stages.map(\.recomputedLayers), order: order)
  }
}
