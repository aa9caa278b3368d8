import Quantities

/// Bytes of weights, gradients and optimizer states on one GPU (Rajbhandari et al. 2020, section 5).
package struct StateMemory: Hashable, Sendable {
  private var weightBytes: Double
  private var gradientBytes: Double
  private var optimizerBytes: Double
  private var expertWeightBytes: Double
  private var expertGradientBytes: Double
  private var expertOptimizerBytes: Double

  /// - Parameter keepsTransposes: of 8-bit weights, as the chip's products need them.
  package init(
    _ job: TrainingJob, _ parallelism: LayerParallelism, stack: SoftwareStack,
    keepsTransposes: Bool
  ) {
    let stage = parallelism.zeroStage
    let replicas = Double(parallelism.data * parallelism.context)
    let expertReplicas = max(
      1, replicas * Double(parallelism.tensor) / Double(parallelism.expert))
    func sharded(_ bytes: Double, from first: ZeroStage, over replicas: Double) -> Double {
      stage >= first ? bytes / replicas : bytes
    }
    let g = job.gradientBytes
    var (w, o) = (job.precision.weightBytes, job.optimizerBytes)
    switch stack {
    case .lossScaled:
      // DeepSpeed's ZeRO unscales into a 32-bit copy of the gradients of its shard.
      if stage >= .optimizer { o += 4 }
    case .fullySharded:
      // PyTorch's FSDP keeps weights in 32 bits alone, and narrows them as it gathers them.
      (w, o) = (4, job.optimizer.momentBytes)
    case .fused:
      if job.precision == .fp8, !keepsTransposes { w = 1 }
    }
    weightBytes = sharded(w, from: .weights, over: replicas)
    gradientBytes = sharded(g, from: .gradients, over: replicas)
    optimizerBytes = sharded(o, from: .optimizer, over: replicas)
    expertWeightBytes = sharded(w, from: .weights, over: expertReplicas)
    expertGradientBytes = sharded(g, from: .gradients, over: expertReplicas)
    expertOptimizerBytes = sharded(o, from: .optimizer, over: expertReplicas)
  }

  package func weights(_ dense: Double, _ expert: Double) -> ByteCount {
    ByteCount(dense * weightBytes + expert * expertWeightBytes)
  }
  package func gradients(_ dense: Double, _ expert: Double) -> ByteCount {
    ByteCount(dense * gradientBytes + expert * expertGradientBytes)
  }
  package func optimizer(_ dense: Double, _ expert: Double) -> ByteCount {
    ByteCount(dense * optimizerBytes + expert * expertOptimizerBytes)
  }
  /// Of one dense and one expert parameter, all states together.
  package var perParameter: Double { weightBytes + gradientBytes + optimizerBytes }
  package var perExpertParameter: Double {
    expertWeightBytes + expertGradientBytes + expertOptimizerBytes
  }
}
