import Quantities

/// Bytes of weights, gradients and optimizer states on one GPU (Rajbhandari et al. 2020, section 5).
package struct StateMemory: Hashable, Sendable {
  private var weightBytes: Double
  private var gradientBytes: Double
  private var optimizerBytes: Double
  private var expertWeightBytes: Double
  private var expertGradientBytes: Double
  private var expertOptimizerBytes: Double

  package init(_ job: TrainingJob, _ parallelism: LayerParallelism) {
    let stage = parallelism.zeroStage
    let replicas = Double(parallelism.data * parallelism.context)
    let expertReplicas = max(
      1, replicas * Double(parallelism.tensor) / Double(parallelism.expert))
    func sharded(_ bytes: Double, from first: ZeroStage, over replicas: Double) -> Double {
      stage >= first ? bytes / replicas : bytes
    }
    let (w, g) = (job.precision.weightBytes, job.gradientBytes)
    // DeepSpeed's ZeRO, which loss-scaled stacks shard with, unscales into a 32-bit copy of the
    // gradients of its shard.
    let isScaled = SoftwareStack(job.precision) == .lossScaled
    let o = job.optimizerBytes + (isScaled && stage >= .optimizer ? 4 : 0)
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
