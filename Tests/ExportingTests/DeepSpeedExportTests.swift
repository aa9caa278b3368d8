import Costing
import JSON
import Planning
import Scheduling
import Testing

@testable import Exporting

private func ones(_ count: Int) -> [Double] { Array(repeating: 1, count: count) }

/// Weights, and the splits that DeepSpeed's own functions made of them.
private let partitions: [(weights: [Double], parts: Int, uniform: [Int], balanced: [Int])] = [
  (ones(32), 4, [0, 8, 16, 24, 32], [0, 8, 16, 24, 32]),
  (ones(34), 4, [0, 9, 18, 26, 34], [0, 9, 18, 26, 34]),
  ([5] + ones(32) + [5], 4, [0, 9, 18, 26, 34], [0, 7, 18, 28, 34]),
  (
    [131] + Array(repeating: 218, count: 32) + [0, 525], 4, [0, 9, 18, 27, 35],
    [0, 9, 18, 27, 35]
  ),
  (
    [525] + Array(repeating: 218, count: 32) + [525], 8, [0, 5, 10, 14, 18, 22, 26, 30, 34],
    [0, 3, 8, 13, 18, 23, 27, 31, 34]
  ),
  (ones(7), 3, [0, 3, 5, 7], [0, 3, 5, 7]), ([10] + ones(6), 3, [0, 3, 5, 7], [0, 1, 4, 7]),
]

@Suite struct DeepSpeedExportTests {
  @Test(arguments: partitions)
  func cutsAsDeepSpeedDoes(weights: [Double], parts: Int, uniform: [Int], balanced: [Int]) {
    #expect(DeepSpeedPartition.uniform(weights.count, parts: parts) == uniform)
    #expect(DeepSpeedPartition.balanced(weights, parts: parts) == balanced)
  }

  @Test func fewerItemsThanPartsLeavesPartsEmpty() {
    #expect(DeepSpeedPartition.uniform(2, parts: 4) == [0, 1, 2, 2, 2])
    #expect(DeepSpeedPartition.balanced([3, 1], parts: 2) == [0, 1, 2])
  }

  private func export(_ job: PlannedJob) throws -> (json: JSONValue, warnings: [ExportNote]) {
    let export = try job.export(to: .deepspeed)
    return (try JSONDocument(parsing: export.files[0].text).root, export.warnings)
  }

  @Test func saysWhatItWouldDoInstead() throws {
    let strategy = ParallelStrategy(pipeline: 2, data: 2, microBatchSize: 2, microBatches: 4)
    let model = Decoder(layers: 9).model
    let even = try export(.made(model, strategy, boundaries: [0, 6, 12]))
    #expect(even.json["pipeline"]?["partition"]?.string == "uniform")
    #expect(!even.warnings.contains { $0.field == "/plan/stages" })
    let uneven = try export(.made(model, strategy, boundaries: [0, 8, 12]))
    let warning = try #require(uneven.warnings.first { $0.field == "/plan/stages" })
    #expect(warning.detail.contains("instead of 8"))
  }

  @Test(arguments: [
    (
      ParallelStrategy(pipeline: 2, data: 2, microBatches: 2, zeroStage: .gradients),
      "/plan/strategy/zero_stage"
    ),
    (
      ParallelStrategy(pipeline: 2, data: 2, microBatches: 2, zeroStage: .weights),
      "/plan/strategy/zero_stage"
    ),
    (
      ParallelStrategy(pipeline: 2, virtualStages: 2, microBatches: 2, schedule: .interleaved),
      "/plan/strategy/virtual_stages"
    ),
    (ParallelStrategy(context: 2), "/plan/strategy/context_parallel"),
    (
      ParallelStrategy(tensor: 2, data: 2, zeroStage: .weights, sequenceParallel: true),
      "/plan/strategy/zero_stage"
    ),
  ])
  func refusesWhatDeepSpeedRefuses(strategy: ParallelStrategy, field: String) {
    let job = PlannedJob.made(Decoder(layers: 9).model, strategy)
    let refusal = #expect(throws: ExportRefusal.self) { try job.export(to: .deepspeed) }
    #expect(refusal?.reasons.map(\.field) == [field])
  }

  /// DeepSpeed asserts that the three batch sizes agree.
  @Test(arguments: 0..<200)
  func randomPlansRoundTrip(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    guard let json = try? export(job).json else { return }
    let micro = try #require(json["train_micro_batch_size_per_gpu"]?.integer)
    let steps = try #require(json["gradient_accumulation_steps"]?.integer)
    #expect(micro == job.strategy.microBatchSize && steps == job.strategy.microBatches)
    #expect(json["train_batch_size"]?.integer == micro * steps * job.strategy.data)
    #expect(json["zero_optimization"]?["stage"]?.integer == job.strategy.zeroStage.rawValue)
    #expect(json["pipeline"]?["stages"]?.integer ?? 1 == job.strategy.pipeline)
    if job.strategy.pipeline == 1 {
      #expect(json["tensor_parallel"]?["autotp_size"]?.integer ?? 1 == job.strategy.tensor)
    }
  }
}
