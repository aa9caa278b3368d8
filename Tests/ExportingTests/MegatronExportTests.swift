import Costing
import Planning
import Quantities
import Scheduling
import Testing
import Workload

@testable import Exporting

@Suite struct MegatronExportTests {
  private func read(_ job: PlannedJob) throws -> (MegatronArguments, Export) {
    let export = try job.export(to: .megatron)
    return (try #require(MegatronArguments(export.arguments)), export)
  }

  private func layers(_ parts: [String]) -> [Int] { parts.map { $0.count { $0 == "t" } } }

  @Test func writesAnUnevenInterleavedPlan() throws {
    let job = PlannedJob.made(
      Decoder(layers: 10, groups: 4).model,
      ParallelStrategy(
        pipeline: 2, tensor: 4, data: 2, virtualStages: 2, microBatchSize: 1, microBatches: 4,
        sequenceParallel: true, recompute: .full, schedule: .interleaved),
      boundaries: [0, 3, 6, 10, 13], recomputed: [6, 4])
    let (arguments, export) = try read(job)
    #expect(
      export.files[0].text == """
        --num-layers 10
        --hidden-size 512
        --num-attention-heads 8
        --kv-channels 64
        --group-query-attention
        --num-query-groups 4
        --ffn-hidden-size 1024
        --swiglu
        --normalization RMSNorm
        --disable-bias-linear
        --position-embedding-type rope
        --max-position-embeddings 4096
        --vocab-size 32000
        --untie-embeddings-and-output-weights
        --tensor-model-parallel-size 4
        --pipeline-model-parallel-size 2
        --context-parallel-size 1
        --pipeline-model-parallel-layout 'Ett|ttt|t*4|tL'
        --sequence-parallel
        --micro-batch-size 1
        --global-batch-size 8
        --seq-length 4096
        --recompute-granularity full
        --recompute-method uniform
        --recompute-num-layers 1
        --optimizer adam
        --use-distributed-optimizer
        --overlap-grad-reduce
        --overlap-param-gather
        --bf16
        --attention-dropout 0
        --hidden-dropout 0

        """)
    #expect(export.environment == [EnvironmentVariable("CUDA_DEVICE_MAX_CONNECTIONS", "1")])
    #expect(!arguments.has("--num-virtual-stages-per-pipeline-rank"))
    #expect(export.warnings.map(\.field) == ["/model"])
  }

  @Test func needsNoLayoutForAnEvenSplit() throws {
    let plain = try read(
      .made(
        Decoder(layers: 8).model, ParallelStrategy(pipeline: 4, microBatches: 4),
        boundaries: [0, 3, 5, 7, 11])
    ).0
    #expect(!plain.has("--pipeline-model-parallel-layout"))
    let virtual = try read(
      .made(
        Decoder(layers: 8).model,
        ParallelStrategy(
          pipeline: 2, virtualStages: 2, microBatches: 4, schedule: .interleaved),
        boundaries: [0, 3, 5, 7, 11])
    ).0
    #expect(virtual.integer("--num-virtual-stages-per-pipeline-rank") == 2)
    #expect(!virtual.has("--pipeline-model-parallel-layout"))
  }

  @Test func saysWhatRecomputationItCannotCarry() throws {
    let job = PlannedJob.made(
      Decoder(layers: 8).model,
      ParallelStrategy(pipeline: 2, microBatches: 4, recompute: .full),
      boundaries: [0, 5, 11], recomputed: [3, 1])
    let (arguments, export) = try read(job)
    #expect(arguments.options["--recompute-method"] == ["block"])
    #expect(arguments.integer("--recompute-num-layers") == 3)
    let warning = try #require(export.warnings.first { $0.field == "/plan/stages" })
    #expect(warning.detail.contains("stage 1 recomputes 3 layers instead of 1"))
  }

  @Test func movesTheNormToTheHeadOrRefuses() throws {
    let model = Decoder(layers: 4).model
    let moved = try PlannedJob.made(
      model, ParallelStrategy(pipeline: 2, microBatches: 2), boundaries: [0, 6, 7]
    ).export(to: .megatron)
    #expect(moved.arguments.contains("Et*4|L"))
    #expect(moved.warnings.contains { $0.field == "/plan/stages/0/layer_range" })
    let empty = PlannedJob.made(
      model, ParallelStrategy(pipeline: 3, microBatches: 3), boundaries: [0, 5, 6, 7])
    let refusal = #expect(throws: ExportRefusal.self) { try empty.export(to: .megatron) }
    #expect(refusal?.reasons.map(\.field) == ["/plan/stages/1/layer_range"])
  }

  @Test func describesExpertsAfterDenseLayers() throws {
    let job = PlannedJob.made(
      Decoder(layers: 8, experts: 16, denseLayers: 3).model,
      ParallelStrategy(
        tensor: 2, data: 4, expert: 8, microBatches: 1, sequenceParallel: true))
    let (arguments, _) = try read(job)
    #expect(arguments.options["--moe-layer-freq"] == ["([0]*3+[1]*5)"])
    #expect(arguments.integer("--num-experts") == 16)
    #expect(arguments.integer("--expert-model-parallel-size") == 8)
    #expect(arguments.integer("--expert-tensor-parallel-size") == 1)
    #expect(arguments.integer("--moe-ffn-hidden-size") == 256)
    #expect(arguments.integer("--ffn-hidden-size") == 1024)
  }

  /// Each case breaks one rule of Megatron's.
  @Test(arguments: [
    (
      Decoder(heads: 6, groups: 6), ParallelStrategy(tensor: 4, sequenceParallel: true),
      Precision.bf16, 4096, ["/plan/strategy/tensor_parallel", "/plan/strategy/tensor_parallel"]
    ),
    (
      Decoder(heads: 12, groups: 3), ParallelStrategy(tensor: 2, sequenceParallel: true), .bf16,
      4096, ["/plan/strategy/tensor_parallel"]
    ),
    (
      Decoder(experts: 8), ParallelStrategy(tensor: 2, data: 2), .bf16, 4096,
      ["/plan/strategy/sequence_parallel"]
    ),
    (
      Decoder(experts: 8), ParallelStrategy(data: 2, expert: 2), .fp16, 4096,
      ["/training/precision"]
    ),
    (
      Decoder(), ParallelStrategy(context: 4), .bf16, 4092, ["/plan/strategy/context_parallel"]
    ),
    (
      Decoder(), ParallelStrategy(data: 2, expert: 2), .bf16, 64, ["/plan/strategy/expert_parallel"]
    ),
  ])
  func refusesWhatMegatronRefuses(
    decoder: Decoder, strategy: ParallelStrategy, precision: Precision, length: Int,
    fields: [String]
  ) {
    let job = PlannedJob.made(
      decoder.model, strategy, sequenceLength: length, precision: precision)
    for target in [ExportTarget.megatron, .megatronBridge] {
      let refusal = #expect(throws: ExportRefusal.self) { try job.export(to: target) }
      #expect(refusal?.reasons.map(\.field) == fields)
    }
  }

  /// Every option exists with an admissible value, and reading them back gives the plan.
  @Test(arguments: 0..<250)
  func randomPlansRoundTrip(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    let export: Export
    do {
      export = try job.export(to: .megatron)
    } catch {
      #expect(!error.reasons.isEmpty)
      return
    }
    let arguments = try #require(MegatronArguments(export.arguments))
    for (option, values) in arguments.options {
      let known = try #require(MegatronOption.known[option], "\(option) exists")
      #expect(known.admits(values), "\(option) \(values)")
    }
    let strategy = job.strategy
    #expect(arguments.integer("--tensor-model-parallel-size") == strategy.tensor)
    #expect(arguments.integer("--context-parallel-size") == strategy.context)
    #expect(arguments.integer("--expert-model-parallel-size", absent: 1) == strategy.expert)
    #expect(arguments.has("--sequence-parallel") == strategy.sequenceParallel)
    #expect(arguments.integer("--micro-batch-size") == strategy.microBatchSize)
    let pipeline = try #require(arguments.integer("--pipeline-model-parallel-size"))
    #expect(pipeline == strategy.pipeline)
    let batch = try #require(arguments.integer("--global-batch-size"))
    #expect(batch == strategy.data * strategy.microBatchSize * strategy.microBatches)
    try expectSameSplit(job, arguments, pipeline: pipeline)
    expectEnoughRecomputed(job, arguments)
  }

  private func expectSameSplit(
    _ job: PlannedJob, _ arguments: MegatronArguments, pipeline: Int
  ) throws {
    let contents = try #require(StageContents(job.plan, job.graph))
    let count = job.model!.blockCount
    let wanted = contents.parts.map(\.layers.count)
    if let layout = arguments.options["--pipeline-model-parallel-layout"]?.first {
      let stages = try MegatronLayoutReader.stages(layout, pipeline: pipeline, layers: count)
      #expect(layers(stages) == wanted)
      #expect(!stages.contains(""), "an empty stage waits forever")
      #expect(!arguments.has("--num-virtual-stages-per-pipeline-rank"))
    } else {
      let chunks = arguments.integer("--num-virtual-stages-per-pipeline-rank", absent: 1)!
      let parts = pipeline * chunks
      #expect(count % parts == 0)
      #expect(wanted == Array(repeating: count / parts, count: parts))
    }
  }

  /// No stage recomputes fewer layers than planned: it fits as planned.
  private func expectEnoughRecomputed(_ job: PlannedJob, _ arguments: MegatronArguments) {
    guard job.strategy.recompute == .full else { return }
    let contents = StageContents(job.plan, job.graph)!
    let perChunk = arguments.integer("--recompute-num-layers", absent: 0)!
    let isUniform = arguments.options["--recompute-method"] == ["uniform"]
    for stage in 0..<contents.pipeline {
      let recomputed = contents.chunkSizes(ofStage: stage).reduce(0) {
        $0 + (isUniform ? $1 : min($1, perChunk))
      }
      #expect(recomputed >= job.plan.stages[stage].recomputedLayers)
    }
  }
}
