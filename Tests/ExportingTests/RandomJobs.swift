import Costing
import Hardware
import Planning
import Quantities
import Scheduling
import Workload

@testable import Exporting

/// A small generator with a seed, so that a failing case can be run again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: Int) { state = UInt64(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

private let chips = Dictionary(
  uniqueKeysWithValues: ["h100-sxm5-80gb", "gb200"].map {
    ($0, AcceleratorCatalogue.standard.accelerator(named: $0)!)
  })

extension Pool {
  static func example(_ name: String = "h100-sxm5-80gb", nodes: Int) -> Pool {
    guard let chip = chips[name], let pool = try? Pool.make(accelerator: chip, nodes: nodes) else {
      preconditionFailure("\(name) is in the catalogue")
    }
    return pool
  }
}

/// A decoder by its sizes.
struct Decoder {
  var layers = 8
  var heads = 8
  var groups = 8
  var isGated = true
  var isTied = false
  var experts: Int?
  var denseLayers = 0

  var model: TransformerModel {
    let norm: Norm = isGated ? .rms : .layer
    let dense = DenseFeedForward(width: 1024, isGated: isGated, hasBias: !isGated)
    let mixer = AttentionMixer(
      heads: heads, keyValueHeads: groups, headDimension: 64, hasInputBias: !isGated,
      hasOutputBias: !isGated, isRotary: isGated)
    func block(_ half: FeedForward) -> TransformerBlock {
      TransformerBlock(mixer: .attention(mixer), feedForward: half, norm: norm)
    }
    return TransformerModel(
      name: "Decoder 1.5", hiddenSize: 64 * heads, vocabularySize: 32_000,
      maximumSequenceLength: 4096, embedding: .init(positions: isGated ? nil : 4096),
      runs: TransformerModel.runs(
        (0..<layers).map { layer in
          guard let experts, layer >= denseLayers else { return block(.dense(dense)) }
          return block(
            .experts(
              ExpertFeedForward(
                experts: experts, active: 2,
                expert: DenseFeedForward(width: 256, isGated: isGated, hasBias: !isGated))))
        }),
      finalNorm: norm, head: .init(isTied: isTied))
  }
}

extension PlannedJob {
  /// A plan without costs: exports depend on none.
  static func made(
    _ model: TransformerModel, _ strategy: ParallelStrategy, boundaries: [Int]? = nil,
    recomputed: [Int]? = nil, pool: Pool = .example(nodes: 8), sequenceLength: Int = 4096,
    precision: Precision = .bf16, optimizer: Optimizer = .adam
  ) -> PlannedJob {
    let graph = model.graph()
    let count = strategy.pipeline * strategy.virtualStages
    let bounds = boundaries ?? (0...count).map { $0 * graph.nodes.count / count }
    let split = PipelineSplit(
      boundaries: bounds,
      recomputed: recomputed ?? Array(repeating: 0, count: strategy.pipeline))
    let devices = DevicePlacement(strategy.mesh, on: pool).stages
    let stages = (0..<strategy.pipeline).map { stage in
      StagePlan(
        id: stage,
        layerRanges: split.chunks(ofStage: stage, of: strategy.pipeline).map {
          $0.lowerBound...($0.upperBound - 1)
        }, parameters: 0, recomputedLayers: split.recomputed[stage],
        devices: devices[stage], forward: .zero,
        backward: .zero, memory: StageMemory(), memoryLimit: pool.memory)
    }
    let prediction = Prediction(
      step: .zero, tokensPerSecond: 0, gpus: strategy.gpus, modelRate: .tera(0),
      modelFLOPsUtilization: 0, bubbleFraction: 0, peakMemory: .zero, breakdown: StepBreakdown())
    return PlannedJob(
      plan: Plan(
        strategy: strategy, stages: stages, prediction: prediction, balanceScore: 0, fits: true),
      graph: graph, model: model,
      job: TrainingJob(
        globalBatchSize: strategy.data * strategy.microBatchSize * strategy.microBatches,
        sequenceLength: sequenceLength, precision: precision, optimizer: optimizer),
      pools: [pool])
  }

  /// A valid plan: one that breaks no rule of the runtimes.
  static func random(seed: Int) -> PlannedJob {
    var random = SplitMix64(seed: seed)
    while true {
      var decoder = Decoder()
      decoder.layers = Int.random(in: 2...24, using: &random)
      decoder.heads = [4, 8, 12, 16].randomElement(using: &random)!
      decoder.groups = [1, 2, 4, decoder.heads].randomElement(using: &random)!
      decoder.isGated = Bool.random(using: &random)
      decoder.isTied = Bool.random(using: &random)
      decoder.experts = [nil, nil, 8].randomElement(using: &random)!
      decoder.denseLayers = Int.random(in: 0...1, using: &random)
      let pool = Pool.example(
        ["h100-sxm5-80gb", "gb200"].randomElement(using: &random)!,
        nodes: Int.random(in: 1...16, using: &random))
      if let job = attempt(decoder.model, pool, &random) { return job }
    }
  }

  private static func attempt(
    _ model: TransformerModel, _ pool: Pool, _ random: inout SplitMix64
  ) -> PlannedJob? {
    let schedule = PipelineSchedule.allCases.randomElement(using: &random)!
    let pipeline = Int.random(in: (schedule == .interleaved ? 2 : 1)...8, using: &random)
    let tensor = [1, 1, 2, 4, 8].randomElement(using: &random)!
    let chunks = schedule == .interleaved ? Int.random(in: 2...3, using: &random) : 1
    let strategy = ParallelStrategy(
      pipeline: pipeline, tensor: tensor, data: Int.random(in: 1...6, using: &random),
      context: [1, 1, 2].randomElement(using: &random)!,
      expert: [1, 1, 2, 4].randomElement(using: &random)!, virtualStages: chunks,
      microBatchSize: Int.random(in: 1...3, using: &random),
      microBatches: chunks > 1
        ? pipeline * Int.random(in: 1...3, using: &random)
        : Int.random(in: 1...12, using: &random),
      zeroStage: ZeroStage.allCases.randomElement(using: &random)!,
      sequenceParallel: tensor > 1 && Int.random(in: 0..<4, using: &random) > 0,
      recompute: RecomputePolicy.allCases.randomElement(using: &random)!, schedule: schedule)
    // Embedding, final norm and head.
    let nodes = model.blockCount + 3
    let parts = pipeline * chunks
    guard parts <= nodes, strategy.gpus <= pool.gpus else { return nil }
    let cuts = (1..<nodes).shuffled(using: &random).prefix(parts - 1).sorted()
    let split = PipelineSplit(
      boundaries: [0] + cuts + [nodes], recomputed: Array(repeating: 0, count: pipeline))
    let recomputed = (0..<pipeline).map { stage in
      let held = split.chunks(ofStage: stage, of: pipeline).reduce(0) { sum, chunk in
        sum + chunk.clamped(to: 1..<(model.blockCount + 1)).count
      }
      return strategy.recompute == .full ? Int.random(in: 0...held, using: &random) : 0
    }
    let job = made(
      model, strategy, boundaries: split.boundaries, recomputed: recomputed, pool: pool,
      sequenceLength: 256 * Int.random(in: 1...8, using: &random),
      precision: [.bf16, .bf16, .fp16, .fp32, .fp8].randomElement(using: &random)!,
      optimizer: Optimizer.allCases.randomElement(using: &random)!)
    let limits = ModelLimits(job.graph)
    return strategy.violations(limits, job.job, gpus: pool.gpus).isEmpty ? job : nil
  }
}
