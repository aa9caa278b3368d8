import Costing
import Planning
import Scheduling
import Testing
import Workload

@testable import Exporting

/// What torchtitan's own generator makes of a number of stages and layers, with a weight of so many
/// layers for embedding and head: decoder layers of each stage.
private let generated: [(stages: Int, layers: Int, sizes: [Int])] = [
  (1, 4, [4]), (2, 3, [2, 1]), (4, 32, [8, 9, 8, 7]), (8, 32, [4, 5, 4, 4, 4, 4, 4, 3]),
  (8, 80, [10, 11, 10, 10, 10, 10, 10, 9]), (3, 5, [2, 2, 1]), (2, 30, [16, 14]),
  (16, 61, [3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2]),
]

@Suite struct TorchtitanExportTests {
  private func read(_ job: PlannedJob, _ target: ExportTarget) throws -> TOMLReader {
    try #require(TOMLReader(try job.export(to: target).files[0].text))
  }

  /// The split that torchtitan would choose, said by module names, is the one that it writes itself.
  @Test(arguments: generated)
  func namesModulesAsTorchtitanDoes(stages: Int, layers: Int, sizes: [Int]) throws {
    var bounds = [0]
    for (stage, size) in sizes.enumerated() {
      bounds.append(bounds[stage] + size + (stage == 0 ? 1 : 0))
    }
    bounds[stages] += 2
    let job = PlannedJob.made(
      Decoder(layers: layers).model, ParallelStrategy(pipeline: stages, microBatches: stages),
      boundaries: bounds)
    let toml = try read(job, .torchtitan(.moduleNames))
    guard stages > 1 else {
      #expect(toml.sections["parallelism"]?["module_fqns_per_model_part"] == nil)
      return
    }
    var next = 0
    let expected = sizes.enumerated().map { stage, size in
      defer { next += size }
      return (stage == 0 ? ["tok_embeddings"] : []) + (next..<next + size).map { "layers.\($0)" }
        + (stage == stages - 1 ? ["norm", "output"] : [])
    }
    #expect(toml.sections["parallelism"]?["module_fqns_per_model_part"] == .lists(expected))
  }

  @Test func writesSplitPointsFor01() throws {
    let job = PlannedJob.made(
      Decoder(layers: 8).model,
      ParallelStrategy(
        pipeline: 2, data: 2, virtualStages: 2, microBatchSize: 2, microBatches: 4,
        schedule: .interleaved),
      boundaries: [0, 1, 5, 9, 11])
    let export = try job.export(to: .torchtitan(.splitPoints))
    #expect(
      export.files[0].text == """
        [training]
        local_batch_size = 8
        global_batch_size = 16
        seq_len = 4096
        mixed_precision_param = "bfloat16"

        [parallelism]
        data_parallel_replicate_degree = 1
        data_parallel_shard_degree = 2
        tensor_parallel_degree = 1
        context_parallel_degree = 1
        pipeline_parallel_degree = 2
        fsdp_reshard_after_forward = "never"
        pipeline_parallel_schedule = "Interleaved1F1B"
        pipeline_parallel_microbatch_size = 2
        pipeline_parallel_split_points = ["layers.0", "layers.4", "layers.8"]

        [activation_checkpoint]
        mode = "none"

        [optimizer]
        name = "Adam"

        """)
    #expect(export.warnings.map(\.field).contains("/plan/strategy/zero_stage"))
  }

  @Test func writesPythonFor03() throws {
    let job = PlannedJob.made(
      Decoder(layers: 4).model,
      ParallelStrategy(
        pipeline: 2, tensor: 2, data: 2, microBatches: 2, sequenceParallel: false,
        recompute: .full),
      boundaries: [0, 3, 7], recomputed: [1, 0])
    let export = try job.export(to: .torchtitan(.python))
    #expect(
      export.files[0].text == """
        from torchtitan.config import ParallelismConfig, TrainingConfig
        from torchtitan.distributed.activation_checkpoint import FullAC

        training = TrainingConfig(
            local_batch_size=2,
            global_batch_size=4,
            seq_len=4096,
            mixed_precision_param="bfloat16",
        )

        parallelism = ParallelismConfig(
            data_parallel_replicate_degree=1,
            data_parallel_shard_degree=2,
            tensor_parallel_degree=2,
            context_parallel_degree=1,
            pipeline_parallel_degree=2,
            fsdp_reshard_after_forward="never",
            enable_sequence_parallel=False,
            pipeline_parallel_schedule="1F1B",
            pipeline_parallel_microbatch_size=1,
            module_fqns_per_model_part=[
                ["tok_embeddings", "layers.0", "layers.1"],
                ["layers.2", "layers.3", "norm", "lm_head"],
            ],
        )

        activation_checkpoint = FullAC.Config()

        """)
    #expect(export.warnings.contains { $0.detail.contains("all layers") })
  }

  @Test(arguments: [
    ([4, 4], "full", nil), ([2, 2], "selective", "2"), ([1, 0], "selective", "4"),
    ([3, 1], "full", nil), ([0, 0], "none", nil),
  ])
  func recomputesEveryNthLayer(recomputed: [Int], mode: String, option: String?) throws {
    let job = PlannedJob.made(
      Decoder(layers: 8).model,
      ParallelStrategy(pipeline: 2, microBatches: 2, recompute: .full),
      boundaries: [0, 5, 11], recomputed: recomputed)
    let toml = try read(job, .torchtitan(.moduleNames))
    #expect(toml.text("activation_checkpoint", "mode") == mode)
    #expect(toml.text("activation_checkpoint", "selective_ac_option") == option)
  }

  @Test(arguments: [
    (
      Decoder(), ParallelStrategy(tensor: 2, data: 2, zeroStage: .none, sequenceParallel: true),
      "/plan/strategy/zero_stage"
    ),
    (
      Decoder(), ParallelStrategy(pipeline: 4, microBatches: 2), "/plan/strategy/micro_batches"
    ),
    (
      Decoder(groups: 2), ParallelStrategy(tensor: 4, sequenceParallel: true),
      "/plan/strategy/tensor_parallel"
    ),
    (
      Decoder(experts: 8),
      ParallelStrategy(tensor: 4, data: 2, expert: 2, sequenceParallel: true),
      "/plan/strategy/expert_parallel"
    ),
  ])
  func refusesWhatTorchtitanRefuses(decoder: Decoder, strategy: ParallelStrategy, field: String) {
    let job = PlannedJob.made(decoder.model, strategy)
    let refusal = #expect(throws: ExportRefusal.self) {
      try job.export(to: .torchtitan(.moduleNames))
    }
    #expect(refusal?.reasons.map(\.field).contains(field) == true)
  }

  @Test(arguments: 0..<150)
  func randomPlansRoundTrip(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    for version in [ExportTarget.TorchtitanVersion.splitPoints, .moduleNames] {
      guard let export = try? job.export(to: .torchtitan(version)) else { continue }
      let toml = try #require(TOMLReader(export.files[0].text))
      let strategy = job.strategy
      let replicas = toml.integer("parallelism", "data_parallel_replicate_degree")!
      let shards = toml.integer("parallelism", "data_parallel_shard_degree")!
      #expect(replicas * shards == strategy.data)
      #expect(toml.integer("parallelism", "tensor_parallel_degree") == strategy.tensor)
      #expect(toml.integer("parallelism", "context_parallel_degree") == strategy.context)
      #expect(toml.integer("parallelism", "pipeline_parallel_degree") == strategy.pipeline)
      #expect(
        toml.integer("parallelism", "expert_parallel_degree") ?? 1 == strategy.expert)
      let local = toml.integer("training", "local_batch_size")!
      let steps = job.job.globalBatchSize / (local * strategy.data)
      #expect(local * strategy.data * steps == job.job.globalBatchSize)
      let microBatch =
        toml.integer("parallelism", "pipeline_parallel_microbatch_size") ?? local
      #expect(microBatch == strategy.microBatchSize)
      #expect(layers(toml, job) == StageContents(job.plan, job.graph)!.parts.map(\.layers))
    }
  }

  /// Of each virtual stage, read back.
  private func layers(_ toml: TOMLReader, _ job: PlannedJob) -> [Range<Int>] {
    let count = job.model!.blockCount
    switch toml.sections["parallelism"]?["module_fqns_per_model_part"] {
    case .lists(let parts):
      return parts.map { names in
        let numbers = names.compactMap { $0.split(separator: ".").last.flatMap { Int($0) } }
        return numbers.isEmpty ? 0..<0 : numbers[0]..<(numbers.last! + 1)
      }
    default: break
    }
    guard case .texts(let points) = toml.sections["parallelism"]?["pipeline_parallel_split_points"]
    else { return [0..<count] }
    let starts = [0] + points.map { Int($0.split(separator: ".")[1])! } + [count]
    return zip(starts, starts.dropFirst()).map { $0 == $1 ? 0..<0 : $0..<$1 }
  }
}
