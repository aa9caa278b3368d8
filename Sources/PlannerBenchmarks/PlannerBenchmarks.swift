#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Costing
import Hardware
import Importing
import Planning
import Quantities
import Workload

/// Times the search with its proof, on one core: `swift run -c release PlannerBenchmarks`.
///
/// Prints one line a case: what it is, the fastest of several runs in milliseconds, whether the proof
/// was closed, and how many strategies were evaluated and pruned. With `growth [FILE]` instead: how the
/// time grows with layers and with GPUs, drawn into the file.
@main struct PlannerBenchmarks {
  struct Case {
    var name: String
    var model: String
    var accelerator: String
    var nodes: Int
    var gpusPerNode = 8
    var batch: Int
    var sequence: Int
  }

  static let cases = [
    Case(
      name: "gpt-1.5b on 8", model: "gpt-1.5b", accelerator: "a100-sxm4-80gb", nodes: 1, batch: 64,
      sequence: 1024),
    Case(
      name: "llama-3-70b on 512", model: "llama-3-70b", accelerator: "h100-sxm5-80gb", nodes: 64,
      batch: 1024, sequence: 8192),
    Case(
      name: "gpt-3-175b on 1024", model: "gpt3-175b", accelerator: "a100-sxm4-80gb", nodes: 128,
      batch: 1536, sequence: 2048),
    Case(
      name: "gpt-1t on 16384", model: "gpt-1t", accelerator: "h100-sxm5-80gb", nodes: 2048,
      batch: 3072, sequence: 2048),
  ]

  static func main() {
    let wanted = CommandLine.arguments.dropFirst().first
    if wanted == "growth" {
      return GrowthBenchmark.run(picture: CommandLine.arguments.dropFirst(2).first)
    }
    for example in cases where wanted.map(example.name.contains) ?? true { run(example) }
    for example in PredictionBenchmarks.cases where wanted.map(example.name.contains) ?? true {
      PredictionBenchmarks.run(example)
    }
    for example in MixedBenchmarks.cases where wanted.map(example.name.contains) ?? true {
      MixedBenchmarks.run(example)
    }
  }

  static func run(_ example: Case) {
    guard let problem = problem(example) else {
      print("\(example.name): unknown model or GPU")
      return
    }
    var best = Double.infinity
    var outcome: PlanningOutcome?
    for _ in 0..<7 {
      let start = processorMilliseconds()
      outcome = Planner(problem).plan(SearchConstraints())
      best = min(best, processorMilliseconds() - start)
    }
    guard case .found(let result)? = outcome else {
      print("\(example.name): nothing fits")
      return
    }
    let s = result.best.strategy
    var explaining = Double.infinity
    for _ in 0..<7 {
      let start = processorMilliseconds()
      _ = Planner(problem).explanation(of: result.best, SearchConstraints())
      explaining = min(explaining, processorMilliseconds() - start)
    }
    print(
      "\(example.name): \(best) ms, gap \(result.proof.gapFraction), "
        + "considered \(result.proof.strategiesConsidered), pruned \(result.proof.strategiesPruned), "
        + "explained in \(explaining) ms"
    )
    print(
      "  p\(s.pipeline) t\(s.tensor) d\(s.data) c\(s.context) v\(s.virtualStages) "
        + "b\(s.microBatchSize) m\(s.microBatches) z\(s.zeroStage.rawValue) \(s.schedule.rawValue) "
        + "\(s.recompute.rawValue) \(result.best.stages.map(\.recomputedLayers).reduce(0, +)) "
        + "step \(result.best.prediction.step.value) mfu "
        + "\(result.best.prediction.modelFLOPsUtilization)")
  }

  /// Of this process: other work on the machine does not count.
  static func processorMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  static func problem(
    _ example: Case, changing change: (inout TransformerModel) -> Void = { _ in }
  ) -> PlanningProblem? {
    guard var model = ModelCatalogue.standard.preset(named: example.model)?.model,
      let chip = AcceleratorCatalogue.standard.accelerator(named: example.accelerator),
      let pool = try? Pool.make(
        accelerator: chip, gpusPerNode: example.gpusPerNode, nodes: example.nodes)
    else { return nil }
    change(&model)
    return PlanningProblem(
      graph: model.graph(), pool: pool,
      job: TrainingJob(
        globalBatchSize: example.batch, sequenceLength: example.sequence, precision: .bf16),
      parameters: .published, memoryHeadroomFraction: 0.05)
  }
}
