import Costing
import Planning

/// How long the prediction of one given plan takes, as `/simulate` makes it, and how many a second
/// that is on one core.
enum PredictionBenchmarks {
  struct Case {
    var name: String
    var job: PlannerBenchmarks.Case
    var strategy: ParallelStrategy
  }

  static let cases = [
    Case(
      name: "prediction of 64 stages, 1f1b",
      job: PlannerBenchmarks.Case(
        name: "", model: "gpt-1t", accelerator: "h100-sxm5-80gb", nodes: 512, batch: 2048,
        sequence: 2048),
      strategy: ParallelStrategy(
        pipeline: 64, tensor: 8, data: 8, microBatchSize: 1, microBatches: 256,
        zeroStage: .optimizer, recompute: .full)),
    Case(
      name: "prediction of 8 stages, 1f1b",
      job: PlannerBenchmarks.Case(
        name: "", model: "gpt3-175b", accelerator: "h100-sxm5-80gb", nodes: 128, batch: 2048,
        sequence: 2048),
      strategy: ParallelStrategy(
        pipeline: 8, tensor: 8, data: 16, microBatchSize: 1, microBatches: 128,
        zeroStage: .optimizer, recompute: .full)),
  ]

  static func run(_ example: Case) {
    guard let problem = PlannerBenchmarks.problem(example.job) else {
      print("\(example.name): unknown model or GPU")
      return
    }
    let planner = Planner(problem)
    let split = planner.simulate(example.strategy).split
    let count = 200
    var best = Double.infinity
    for _ in 0..<7 {
      let start = PlannerBenchmarks.processorMilliseconds()
      for _ in 0..<count { _ = planner.simulate(example.strategy, split: split) }
      best = min(best, PlannerBenchmarks.processorMilliseconds() - start)
    }
    let each = best / Double(count)
    print("\(example.name): \(each * 1e3) us, \(Int(1e3 / each)) a second")
  }
}
