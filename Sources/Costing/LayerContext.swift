import Quantities
import Workload

/// Everything that the cost of a layer depends on beside the layer.
package struct LayerContext: Hashable, Sendable {
  let kernels: KernelTime
  let stack: SoftwareStack
  let efficiency: StackEfficiency
  let collectives: CollectiveTime
  let parallelism: LayerParallelism
  let sequenceLength: Int
  let hiddenSize: Int
  let attention: AttentionKernel
  let usesDropout: Bool
  let activationBytes: Double
  let gradientBytes: Double
  let scatteredGradientBytes: Double
  /// Tokens of one micro-batch on one context-parallel rank.
  let tokens: Double
  let tensor: Double
  /// The factor by which sequence parallelism divides what lies between tensor-parallel regions.
  let sequenceShards: Double

  package init(
    kernels: KernelTime, stack: SoftwareStack, efficiency: StackEfficiency,
    collectives: CollectiveTime, parallelism: LayerParallelism, sequenceLength: Int,
    hiddenSize: Int, attention: AttentionKernel, usesDropout: Bool, activationBytes: Double,
    gradientBytes: Double, scatteredGradientBytes: Double
  ) {
    self.kernels = kernels
    self.stack = stack
    self.efficiency = efficiency
    self.collectives = collectives
    self.parallelism = parallelism
    self.sequenceLength = sequenceLength
    self.hiddenSize = hiddenSize
    self.attention = attention
    self.usesDropout = usesDropout
    self.activationBytes = activationBytes
    self.gradientBytes = gradientBytes
    self.scatteredGradientBytes = scatteredGradientBytes
    tokens =
      Double(parallelism.microBatchSize) * Double(sequenceLength) / Double(parallelism.context)
    tensor = Double(parallelism.tensor)
    sequenceShards = parallelism.sequenceParallel ? tensor : 1
  }

  /// The bytes that adding a micro-batch's gradients of `parameters` to the others' moves: each is read
  /// and written. Sharded gradients are scattered instead.
  private func accumulatedBytes(_ parameters: Double) -> Double {
    parallelism.scattersGradients ? 0 : 2 * parameters * gradientBytes
  }
  /// Whether products of weight gradients add to the gradients as they write ("gradient accumulation
  /// fusion" of Megatron Core), so that arithmetic hides the traffic.
  private var fusesAccumulation: Bool { stack == .fused }
  /// Gradients of `batch` weights of `m` x `n`, over `k` tokens, added to those of earlier micro-batches.
  func weightGradient(
    m: ProductSide, n: ProductSide, k: ProductSide, lowPrecision: Bool = true, batch: Double = 1,
    isPadded: Bool = false
  ) -> (product: Seconds, accumulation: Seconds) {
    let added = accumulatedBytes(batch * m.length * n.length)
    let product = kernels.matrixProduct(
      m: m, n: n, k: k, lowPrecision: lowPrecision, batch: batch, isPadded: isPadded,
      accumulatedBytes: fusesAccumulation ? added : 0)
    return (product, fusesAccumulation ? .zero : kernels.accumulation(added))
  }
  /// Of `experts`, those of one GPU.
  func localExperts(of experts: Int) -> Double {
    max(1, Double(experts) / Double(parallelism.expert))
  }
  var trafficFactor: Double { efficiency.traffic }
  /// Over the time of the backward pass's kernels. The fused stack's are slow only beside
  /// tensor-parallel traffic.
  var backwardFactor: Double {
    stack == .fused && parallelism.tensor == 1 ? 1 : efficiency.backward
  }
}
