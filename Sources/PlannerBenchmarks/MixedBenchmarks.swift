import Costing
import Dispatch
import Hardware
import Importing
import Planning
import Quantities
import Workload

/// What knowing the differences between GPUs gains, and how fast plans for several types are made.
///
/// The A100 and V100 clusters are those of Sailor's evaluation (SOSP 2025), which splits layers evenly.
enum MixedBenchmarks {
  struct Case {
    var name: String
    var model: String
    /// Nodes and types.
    var pools: [(nodes: Int, gpusPerNode: Int, accelerator: String)]
    var batch: Int
    var sequence = 2048
  }

  static let cases = [
    Case(
      name: "llama-2-7b on 32 + 96", model: "llama-2-7b",
      pools: [(8, 4, "a100-sxm4-40gb"), (24, 4, "v100-sxm2-16gb")], batch: 2048),
    Case(
      name: "llama-2-7b on 80 + 240", model: "llama-2-7b",
      pools: [(20, 4, "a100-sxm4-40gb"), (60, 4, "v100-sxm2-16gb")], batch: 2048),
    Case(
      name: "llama-2-7b on 128 + 384", model: "llama-2-7b",
      pools: [(32, 4, "a100-sxm4-40gb"), (96, 4, "v100-sxm2-16gb")], batch: 2048),
    Case(
      name: "gpt-3-175b on 512 + 512", model: "gpt3-175b",
      pools: [(64, 8, "h100-sxm5-80gb"), (64, 8, "a100-sxm4-80gb")], batch: 1536),
    Case(
      name: "gpt-3-175b on 3 types x 16 nodes", model: "gpt3-175b",
      pools: [
        (16, 8, "h100-sxm5-80gb"), (16, 8, "a100-sxm4-80gb"), (16, 8, "v100-sxm2-32gb"),
      ], batch: 1536),
    Case(
      name: "gpt-3-175b on 4 types x 256 nodes", model: "gpt3-175b",
      pools: [
        (256, 8, "h100-sxm5-80gb"), (256, 8, "a100-sxm4-80gb"), (256, 8, "a100-sxm4-40gb"),
        (256, 8, "v100-sxm2-32gb"),
      ], batch: 4096),
    Case(
      name: "gpt-3-175b on 3 types x 4 nodes, a small batch", model: "gpt3-175b",
      pools: [
        (4, 8, "h100-sxm5-80gb"), (4, 8, "a100-sxm4-80gb"), (4, 8, "v100-sxm2-32gb"),
      ], batch: 64),
    Case(
      name: "gpt-3-175b on 4 types x 4 nodes, a small batch", model: "gpt3-175b",
      pools: [
        (4, 8, "h100-sxm5-80gb"), (4, 8, "a100-sxm4-80gb"), (4, 8, "a100-sxm4-40gb"),
        (4, 8, "v100-sxm2-32gb"),
      ], batch: 64),
  ]

  private static let threads = ParallelMap {
    DispatchQueue.concurrentPerform(iterations: $0, execute: $1)
  }

  static func run(_ example: Case) {
    guard let problem = problem(example) else {
      print("\(example.name): unknown model or GPU")
      return
    }
    // What else the machine does lengthens some runs.
    let clock = ContinuousClock()
    var (processor, elapsed) = (Double.infinity, Double.infinity)
    var found: ClusterOutcome?
    for run in 0..<5 where run == 0 || elapsed < 200 {
      let start = (PlannerBenchmarks.processorMilliseconds(), clock.now)
      found = ClusterPlanner(problem, parallel: threads).plan(SearchConstraints())
      processor = min(processor, PlannerBenchmarks.processorMilliseconds() - start.0)
      elapsed = min(elapsed, (clock.now - start.1) / .milliseconds(1))
    }
    guard let found, case .found(let result) = found.outcome, let comparison = found.comparison
    else {
      print("\(example.name): nothing fits")
      return
    }
    let alone = comparison.onePool.map { comparison.factor($0.step) }
    let even = comparison.evenStep.map { comparison.factor($0) }
    print(
      "\(example.name): \(elapsed) ms, of processors \(processor) ms, step \(comparison.step.value) s, "
        + "gap \(result.proof.gapFraction), one pool takes \(alone ?? .infinity) times as long, "
        + "a plan that takes all GPUs for alike \(even ?? .infinity) times")
    if let best = found.best { replan(best, problem) }
  }

  /// The first node is lost.
  private static func replan(_ plan: MixedPlan, _ problem: ClusterProblem) {
    let node = problem.cluster.pools[0].nodeNames[0]
    var best = Double.infinity
    var options: [Replanner.Option] = []
    for _ in 0..<3 {
      let start = PlannerBenchmarks.processorMilliseconds()
      options =
        Replanner(
          problem, plan: plan, change: ClusterChange(lostNodes: [node]),
          terms: Replanner.Terms(steps: 1000))?.ways().options ?? []
      best = min(best, PlannerBenchmarks.processorMilliseconds() - start)
    }
    guard let first = options.first else {
      print("  without \(node): \(best) ms, nothing fits")
      return
    }
    print(
      "  without \(node): \(best) ms, step \(first.plan.plan.prediction.step.value) s, "
        + "\(first.migration.bytes.gibibytes) GiB move in \(first.migration.time.value) s")
  }

  static func problem(_ example: Case) -> ClusterProblem? {
    guard let graph = ModelCatalogue.standard.preset(named: example.model)?.model.graph() else {
      return nil
    }
    var first = 0
    var pools: [Pool] = []
    for part in example.pools {
      guard let chip = AcceleratorCatalogue.standard.accelerator(named: part.accelerator),
        let pool = try? Pool.make(
          accelerator: chip, gpusPerNode: part.gpusPerNode, nodes: part.nodes, firstNode: first)
      else { return nil }
      first += part.nodes
      pools.append(pool)
    }
    guard let cluster = try? Cluster.joining(pools) else { return nil }
    return ClusterProblem(
      graph: graph, cluster: cluster,
      job: TrainingJob(
        globalBatchSize: example.batch, sequenceLength: example.sequence, precision: .fp16),
      parameters: .published, memoryHeadroomFraction: 0.05)
  }
}
