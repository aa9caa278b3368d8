import Costing
import Hardware
import Quantities
import Testing
import Workload

/// What kernels and frameworks add to arithmetic.
@Suite struct SoftwareLawTests {
  private static let experts: LayerGraph = {
    let block = TransformerBlock(
      mixer: .attention(AttentionMixer(heads: 16, keyValueHeads: 16, headDimension: 128)),
      feedForward: .experts(
        ExpertFeedForward(
          experts: 8, active: 2, expert: DenseFeedForward(width: 4096, isGated: true))),
      norm: .rms)
    return TransformerModel(
      name: "experts", hiddenSize: 2048, vocabularySize: 32000,
      runs: [TransformerModel.Run(block, count: 2)], finalNorm: .rms, head: .init(isTied: false)
    ).graph()
  }()

  /// Few outputs over a long inner side are split along it, to all but what half a wave of two leaves
  /// idle; over a short one they are not, and many outputs need not be.
  @Test func longInnerSidesFillTheChip() {
    let job = TrainingJob(globalBatchSize: 1, sequenceLength: 1024, precision: .fp16)
    let kernels = costs(
      gpt(layers: 1, hidden: 1024, heads: 8), on: pool("a100-sxm4-80gb"), job
    ).kernels
    func secondsEach(_ m: Double, _ n: Double, _ k: Double) -> Double {
      let product = kernels.matrixProduct(m: m, n: n, k: k) - kernels.software.kernelLaunch
      return product.value / (m * n * k)
    }
    let idle = kernels.software.matrixWave / (1024 * 1024)
    #expect(idle > 0.5)
    // Against products of the same inner side that fill the chip many times over.
    let long = secondsEach(1024, 1024, 16384) / secondsEach(32768, 32768, 16384)
    let short = secondsEach(1024, 1024, 1024) / secondsEach(32768, 32768, 1024)
    #expect(abs(long - 1.25) < 0.01)
    #expect(abs(short / (1 + idle) - 1) < 0.01)
  }

  /// Adam on fp16 weights moves 28 bytes a parameter, and the loss-scaled stacks 32 more on the way.
  @Test(arguments: [(true, 60.0), (false, 28)])
  func lossScaledOptimizersGoOverGradientsAgain(isLossScaled: Bool, bytes: Double) {
    let job = TrainingJob(
      globalBatchSize: 8, sequenceLength: 1024, precision: .fp16, isLossScaled: isLossScaled)
    let model = costs(gpt(layers: 1, hidden: 1024, heads: 8), on: pool("a100-sxm4-80gb"), job)
    let split = LayerParallelism(zeroStage: .none)
    let end = StepEnd(
      collectives: model.collectives(split), kernels: model.kernels, job: job, parallelism: split)
    let found = end.optimizerTime(parameters: 1e9, expertParameters: 0)
    #expect(found == model.kernels.traffic(1e9 * bytes))
  }

  /// The host waits for the router once a forward pass, where experts take whatever they are sent.
  @Test(arguments: [(Precision.bf16, 1.0), (.fp8, 1), (.fp16, 0)])
  func hostsWaitForRouters(precision: Precision, times: Double) {
    let job = TrainingJob(globalBatchSize: 8, sequenceLength: 4096, precision: precision)
    let split = LayerParallelism(data: 8)
    var slower = CostParameters.published
    var chip = slower.chip(.hopper)
    chip.expertWait += .milli(1)
    slower.chips[.hopper] = chip
    let hopper = pool("h100-sxm5-80gb")
    let before = costs(Self.experts, on: hopper, job).block(split)
    let after = costs(Self.experts, on: hopper, job, parameters: slower).block(split)
    let added = after.forward.compute - before.forward.compute
    #expect(abs(added.value - times * 1e-3) < 1e-12)
    #expect(after.backward == before.backward)
    #expect(after.fullRecompute == after.forward)
    let dense = gpt(layers: 1, hidden: 2048, heads: 16)
    #expect(
      costs(dense, on: hopper, job).block(split)
        == costs(dense, on: hopper, job, parameters: slower).block(split))
  }

  /// Tokens may be split without leaving PyTorch's sharding; products may not.
  @Test func splittingTokensLeavesTheStack() {
    let job = TrainingJob(globalBatchSize: 8, sequenceLength: 8192)
    func stack(_ split: LayerParallelism, hasExperts: Bool = false) -> SoftwareStack {
      SoftwareStack(job, split, hasExperts: hasExperts)
    }
    #expect(stack(LayerParallelism(context: 2, data: 4, zeroStage: .weights)) == .fullySharded)
    #expect(stack(LayerParallelism(context: 2, data: 4)) == .fused)
    #expect(
      stack(LayerParallelism(tensor: 2, context: 2, data: 2, zeroStage: .weights)) == .fused)
    #expect(
      stack(LayerParallelism(context: 2, data: 4, zeroStage: .weights), hasExperts: true) == .fused)
  }

  @Test func stepsCostWhatTheJobsFrameworkAdds() {
    let parameters = CostParameters.published
    func overhead(_ precision: Precision) -> Seconds {
      parameters.stepOverhead(
        of: TrainingJob(globalBatchSize: 1, sequenceLength: 1, precision: precision))
    }
    #expect(overhead(.fp16) == parameters.software.stepOverhead)
    #expect(overhead(.bf16) == parameters.software.stepOverhead + parameters.fused.stepOverhead)
    #expect(overhead(.bf16) > overhead(.fp16))
  }
}
