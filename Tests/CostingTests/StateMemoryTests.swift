import Costing
import Quantities
import Testing

/// Rajbhandari et al. 2020 (arXiv 1910.02054), figure 1: 7.5 · 10⁹ parameters, mixed precision, Adam
/// (K = 12), 64 replicas; decimal gigabytes.
@Suite struct StateMemoryTests {
  @Test(arguments: [
    (ZeroStage.none, 120.0), (.optimizer, 31.4), (.gradients, 16.6), (.weights, 1.9),
  ])
  func zeroTable(stage: ZeroStage, gigabytes: Double) {
    let job = TrainingJob(
      globalBatchSize: 64, sequenceLength: 1024, precision: .bf16, gradientBytesOverride: 2)
    let states = StateMemory(
      job, LayerParallelism(data: 64, zeroStage: stage), stack: .fused, keepsTransposes: true)
    let total =
      states.weights(7.5e9, 0) + states.gradients(7.5e9, 0) + states.optimizer(7.5e9, 0)
    #expect(abs(total.value / 1e9 - gigabytes) < 0.05)
  }

  /// fp8 jobs reduce in 16 bits, bf16 jobs in 32, as their frameworks do; with fully sharded weights both
  /// scatter in 16, but for what the request says.
  @Test(arguments: [(Precision.fp8, 2.0, 2.0), (.bf16, 4, 2), (.fp16, 2, 2), (.fp32, 4, 4)])
  func gradients(precision: Precision, bytes: Double, scattered: Double) {
    var job = TrainingJob(globalBatchSize: 8, sequenceLength: 1024, precision: precision)
    #expect(job.gradientBytes == bytes)
    #expect(job.scatteredGradientBytes == scattered)
    job.gradientBytesOverride = 4
    #expect(job.scatteredGradientBytes == 4)
  }

  /// Transformer Engine keeps 8-bit weights, and on Hopper their transposes, which Blackwell's products
  /// do without.
  @Test(arguments: [("h100-sxm5-80gb", 2.0), ("gb200", 1), ("b300-sxm", 1), ("rtx5090", 2)])
  func eightBitWeights(chip: String, bytes: Double) {
    let job = TrainingJob(globalBatchSize: 8, sequenceLength: 1024, precision: .fp8)
    let model = costs(gpt(layers: 1, hidden: 1024, heads: 8), on: pool(chip), job)
    #expect(model.states(LayerParallelism(data: 8)).weights(1, 0).value == bytes)
  }

  /// FSDP: 32-bit weights, gradients and two moments, and no 16-bit copy.
  @Test func fullyShardedWeightsAreKeptOnce() {
    let job = TrainingJob(globalBatchSize: 8, sequenceLength: 1024, precision: .bf16)
    let model = costs(gpt(layers: 1, hidden: 1024, heads: 8), on: pool("h100-sxm5-80gb"), job)
    let states = model.states(LayerParallelism(data: 8, zeroStage: .weights))
    #expect(states.weights(8, 0).value == 4)
    #expect(states.perParameter * 8 == 16)
  }

  @Test func expertsAreShardedOverTheirOwnReplicas() {
    let job = TrainingJob(globalBatchSize: 64, sequenceLength: 1024)
    let states = StateMemory(
      job, LayerParallelism(expert: 8, data: 64, zeroStage: .optimizer), stack: .fused,
      keepsTransposes: true)
    // 64 replicas of a dense weight, 8 of an expert's.
    #expect(states.optimizer(1, 0).value == 12.0 / 64)
    #expect(states.optimizer(0, 1).value == 12.0 / 8)
  }
}
