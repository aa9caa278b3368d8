import Costing
import Hardware
import Quantities
import Testing
import Workload

private let splits: [LayerParallelism] = [
  LayerParallelism(), LayerParallelism(tensor: 2, sequenceParallel: true, data: 4),
  LayerParallelism(tensor: 8, sequenceParallel: true), LayerParallelism(tensor: 8),
  LayerParallelism(context: 2, data: 4), LayerParallelism(data: 8, zeroStage: .weights),
  LayerParallelism(tensor: 4, sequenceParallel: true, data: 2, microBatchSize: 4),
]

@Suite struct CostLawTests {
  private static let graph = gpt(layers: 4, hidden: 4096, heads: 32)

  private static func job(_ precision: Precision) -> TrainingJob {
    TrainingJob(globalBatchSize: 64, sequenceLength: 2048, precision: precision)
  }

  /// Narayanan et al. 2021, equation 3 without recomputation:
  /// 72·B·s·l·h²·(1 + s/(6h) + V/(12·l·h)).
  @Test func modelFLOPs() {
    let (b, s, l, h, v) = (64.0, 2048.0, 4.0, 4096.0, 51200.0)
    let expected = 72 * b * s * l * h * h * (1 + s / (6 * h) + v / (12 * l * h))
    let found = costs(Self.graph, on: pool("a100-sxm4-80gb"), Self.job(.bf16)).modelFLOPs
    #expect(abs(found.value / expected - 1) < 1e-12)
  }

  @Test(arguments: splits, [Precision.bf16, .fp16, .fp8])
  func timesAndMemoriesAreSane(split: LayerParallelism, precision: Precision) {
    let model = costs(Self.graph, on: pool("h100-sxm5-80gb"), Self.job(precision))
    for cost in model.layerCosts(split) {
      #expect(cost.forward.total > .zero && cost.forward.total.value.isFinite)
      #expect(cost.backward.total > .zero && cost.backward.total.value.isFinite)
      #expect(cost.weightGradient >= .zero && cost.weightGradient <= cost.backward.total)
      #expect(cost.selectiveActivations <= cost.activations)
      #expect(cost.fullActivations <= cost.selectiveActivations)
      #expect(cost.selectiveRecompute.total <= cost.fullRecompute.total || !cost.canRecompute)
    }
  }

  @Test(arguments: splits)
  func moreWorkTakesLonger(split: LayerParallelism) {
    var larger = split
    larger.microBatchSize *= 2
    let model = costs(Self.graph, on: pool("h100-sxm5-80gb"), Self.job(.bf16))
    let (one, two) = (model.block(split), model.block(larger))
    #expect(two.forward.total > one.forward.total)
    #expect(two.forward.compute <= one.forward.compute * 2.0)
    #expect(two.activations == one.activations * 2)
  }

  /// AMD's MI300X has a third more peak than an H100, and products that are no faster.
  @Test func productsAreAsFastAsMeasured() {
    let job = Self.job(.bf16)
    let split = LayerParallelism()
    let hopper = costs(Self.graph, on: pool("h100-sxm5-80gb"), job).block(split)
    let instinct = costs(Self.graph, on: pool("mi300x"), job).block(split)
    #expect(instinct.forward.compute > hopper.forward.compute)
  }

  /// A better figure of the chip never makes a layer slower.
  @Test(
    arguments: [
      WritableKeyPath<ChipEfficiency, Double> & Sendable
    ]([\.matrix, \.memory, \.attention, \.scaleUp, \.network, \.matrixFP8]))
  func betterChipsAreFaster(path: WritableKeyPath<ChipEfficiency, Double> & Sendable) {
    var better = CostParameters.published
    var chip = better.chip(.hopper)
    chip[keyPath: path] *= 1.2
    better.chips[.hopper] = chip
    for split in splits {
      for precision in [Precision.bf16, .fp16, .fp8] {
        let job = Self.job(precision)
        let hopper = pool("h100-sxm5-80gb", nodes: 2)
        let before = costs(Self.graph, on: hopper, job).layerCosts(split)
        let after = costs(Self.graph, on: hopper, job, parameters: better).layerCosts(split)
        for (old, new) in zip(before, after) {
          // Fully sharded weights hide behind compute: less of it may expose more.
          if split.zeroStage != .weights {
            // Nor can a ring that attention hides, but for what waiting for launches hides of both.
            #expect(new.forward.total <= old.forward.total * (1 + 1e-5))
            #expect(new.backward.total <= old.backward.total * (1 + 1e-5))
          }
          #expect(new.forward.compute <= old.forward.compute)
        }
      }
    }
  }

  /// Inputs of 8-bit products are kept in 8 bits by the fused stack, and only there.
  @Test func keptInputsOfEightBitProducts() {
    let hopper = pool("h100-sxm5-80gb")
    let split = LayerParallelism()
    let wide = costs(Self.graph, on: hopper, Self.job(.bf16)).block(split).activations
    let narrow = costs(Self.graph, on: hopper, Self.job(.fp8)).block(split).activations
    // Inputs of query-key-value, output, up and down: h + h + h + 4h bytes a token less.
    #expect(abs((wide - narrow).value - 2048 * 7 * 4096) < 1)
  }

  /// Replicas that share optimizer states gather 8-bit weights in 8 bits: half the bytes.
  @Test func eightBitWeightsAreGatheredInEightBits() {
    #expect(Self.job(.fp8).gatheredWeightBytes == 1)
    #expect(Self.job(.bf16).gatheredWeightBytes == 2)
  }

  /// A recomputation runs between a layer's gather and its scatter, and hides as much of them as it takes.
  @Test(arguments: [256, 512, 1024, 8192])
  func recomputationHidesGathers(tokens: Int) {
    let job = TrainingJob(globalBatchSize: 64, sequenceLength: tokens)
    let model = costs(Self.graph, on: pool("h100-sxm5-80gb", nodes: 8), job)
    let block = model.block(LayerParallelism(data: 64, zeroStage: .weights))
    let overlap = CostParameters.published.software.weightGatherOverlap
    for policy in [RecomputePolicy.selective, .full] {
      let again = block.recompute(policy)
      let shown = max(block.backward.data - again.compute * overlap, .zero)
      #expect(abs((block.backward(policy).data - shown).value) < 1e-12)
      #expect(again.total >= .zero)
    }
    #expect((block.backward.data > .zero) == (tokens < 2048))
  }

  /// Handshakes over a link take as many times its latency, whatever it is.
  @Test func hopsFollowTheLink() {
    func time(_ chip: String) -> Seconds {
      let model = costs(Self.graph, on: pool(chip), Self.job(.fp16))
      return model.collectives(LayerParallelism(tensor: 2)).allReduce(ByteCount(8), .tensor)
    }
    #expect(time("t4") > time("v100-sxm2-16gb") * 1.4)
  }

  /// An odd vocabulary takes twice as long; attention over odd heads falls back to vector units.
  @Test func oddRowsAreSlow() {
    func kernels(_ chip: String) -> KernelTime {
      costs(Self.graph, on: pool(chip), Self.job(.fp16)).kernels
    }
    func head(_ vocabulary: Double) -> Double {
      kernels("a100-sxm4-80gb").matrixProduct(m: 16384, n: vocabulary, k: 4096).value
    }
    #expect(abs(head(50257) / head(50304) - 2) < 0.01)
    func slowdown(_ chip: String) -> Double {
      func scores(_ width: Double) -> Double {
        kernels(chip).matrixProduct(m: 2048, n: 2048, k: width, batch: 64).value
      }
      return scores(108) / scores(112)
    }
    #expect(slowdown("a100-sxm4-80gb") > 4)
    // An eighth of a V100's matrix units' rate, a sixteenth of an A100's.
    #expect(slowdown("v100-sxm2-32gb") < 0.7 * slowdown("a100-sxm4-80gb"))
    #expect(slowdown("v100-sxm2-32gb") > 2)
  }

  /// A layer cannot run faster than its experts' products are launched, one by one.
  @Test func expertsAreLaunchedOneByOne() {
    let experts = ExpertFeedForward(
      experts: 128, active: 2, expert: DenseFeedForward(width: 256, isGated: true))
    let block = TransformerBlock(
      mixer: .attention(AttentionMixer(heads: 8, keyValueHeads: 8, headDimension: 128)),
      feedForward: .experts(experts), norm: .rms)
    let graph = TransformerModel(
      name: "experts", hiddenSize: 1024, vocabularySize: 32000,
      runs: [TransformerModel.Run(block, count: 2)], finalNorm: .rms, head: .init(isTied: false)
    ).graph()
    let job = TrainingJob(globalBatchSize: 64, sequenceLength: 64)
    let host = CostParameters.published.fused.hostForward
    for (degree, local) in [(1, 128.0), (8, 16)] {
      let split = LayerParallelism(expert: degree, data: 8)
      let block = costs(graph, on: pool("h100-sxm5-80gb"), job).block(split)
      #expect(block.forward.compute >= host * (2 * local))
      #expect(block.backward.compute >= host * (4 * local))
    }
  }

  @Test(arguments: [
    (Precision.fp16, ZeroStage.none, 1, SoftwareStack.lossScaled),
    (.fp16, .weights, 1, .lossScaled), (.bf16, .weights, 1, .fullySharded),
    (.fp8, .weights, 1, .fullySharded), (.bf16, .weights, 2, .fused),
    (.bf16, .optimizer, 1, .fused),
  ])
  func stacks(precision: Precision, stage: ZeroStage, tensor: Int, stack: SoftwareStack) {
    let split = LayerParallelism(tensor: tensor, zeroStage: stage)
    let job = TrainingJob(globalBatchSize: 1, sequenceLength: 1, precision: precision)
    #expect(SoftwareStack(job, split, hasExperts: false) == stack)
    var modern = job
    modern.isLossScaled = false
    #expect(SoftwareStack(modern, split, hasExperts: false) != .lossScaled)
  }
}
