import Costing
import Hardware
import Quantities
import Scheduling
import Workload

@testable import Planning

/// A small chain of unequal layers on a small pool, of which every split can be tried.
struct RandomChain: CustomStringConvertible {
  var seed: Int
  var problem: PlanningProblem
  var strategy: ParallelStrategy

  var description: String { "seed \(seed): \(strategy)" }

  /// - Parameters:
  ///   - schedules: What the pipeline may run.
  ///   - hasSlowLinks: Sends between some of the stages take about as long as passes, or longer.
  init(
    seed: Int, schedules: [PipelineSchedule] = PipelineSchedule.allCases, hasSlowLinks: Bool = false
  ) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    let schedule = schedules.randomElement(using: &random)!
    let stages = Int.random(in: schedule == .interleaved ? 2...3 : 1...4, using: &random)
    let chunks = schedule == .interleaved ? Int.random(in: 2...3, using: &random) : 1
    let microBatches =
      schedule == .interleaved
      ? stages * Int.random(in: 1...3, using: &random) : Int.random(in: 1...9, using: &random)
    let data = Int.random(in: 1...2, using: &random)
    let graph = Self.graph(chunks: stages * chunks, interleaves: chunks > 1, &random)
    let batch = data * microBatches
    let job = TrainingJob(globalBatchSize: batch, sequenceLength: 512)
    // Between what hardly fits and what fits easily.
    let scale = Double.random(in: 0.3...1.5, using: &random)
    let isOneNode = Bool.random(using: &random)
    var pool = Pool.example(nodes: isOneNode ? 1 : 8, gpusPerNode: isOneNode ? 8 : 1)
    if hasSlowLinks {
      pool = Pool.example(nodes: isOneNode ? 4 : 8, gpusPerNode: isOneNode ? 2 : 1)
      let last = pool.levels.count - 1
      pool.levels[last].bandwidth =
        pool.levels[last].bandwidth * Double.random(in: 0.002...0.2, using: &random)
    }
    strategy = ParallelStrategy(
      pipeline: stages, data: data, virtualStages: chunks, microBatches: microBatches,
      zeroStage: ZeroStage(rawValue: Int.random(in: 0...2, using: &random))!, recompute: .full,
      schedule: schedule)
    problem = PlanningProblem(
      graph: graph, pool: pool, job: job, parameters: .published, memoryHeadroomFraction: 0)
    let free = Planner(problem).simulate(
      ParallelStrategy(
        pipeline: stages, data: data, virtualStages: chunks, microBatches: microBatches,
        zeroStage: strategy.zeroStage, recompute: .none, schedule: schedule))
    let runtime = problem.runtimeMemory
    problem = problem.limited(to: runtime + (free.prediction.peakMemory - runtime) * scale)
    if strategy.zeroStage <= .optimizer, Bool.random(using: &random) {
      strategy.rankOrder = .tensorContextPipelineData
    }
  }

  /// A chain that can be cut into so many chunks.
  private static func graph(
    chunks: Int, interleaves: Bool, _ random: inout SplitMix64
  ) -> LayerGraph {
    while true {
      let layers = Int.random(in: max(chunks, 3)...max(chunks + 1, 7), using: &random)
      let kinds = (0..<layers).map { _ in layer(&random) }
      let width = Double(Int.random(in: 1...4, using: &random) * 256)
      let graph = LayerGraph(
        name: "random", kinds: kinds,
        nodes: (0..<layers).map { .init(name: "layer_\($0)", kind: $0) },
        edges: (0..<(layers - 1)).map {
          .init(source: $0, target: $0 + 1, elementsPerToken: width)
        },
        hiddenSize: 256, vocabularySize: 0)
      if !interleaves || ChunkLayout(graph).allows(chunks: chunks) { return graph }
    }
  }

  private static func layer(_ random: inout SplitMix64) -> Layer {
    let canRecompute = Int.random(in: 0...3, using: &random) > 0
    let inputs = Int.random(in: 2...24, using: &random) * 128
    let outputs = Int.random(in: 2...24, using: &random) * 128
    return Layer(
      kind: canRecompute ? .transformerBlock : .finalNorm,
      operators: [
        Operator(
          "product", .matrixProduct(inputs: inputs, outputs: outputs), sharding: .columns,
          parameters: inputs * outputs,
          savedElements: Double(Int.random(in: 256...8192, using: &random)))
      ])
  }

  /// Every split, with every number of recomputed layers where that is wanted.
  func forEachSplit(everyCount: Bool, _ visit: (PipelineSplit) -> Void) {
    let chunks = strategy.pipeline * strategy.virtualStages
    let table = problem.table(strategy.layerParallelism)
    let layouts = ChunkLayout(problem.graph).cuts(chunks: chunks)
    var boundaries = [0]
    func cut(_ left: Int) {
      let start = boundaries[boundaries.count - 1]
      guard left > 1 else {
        boundaries.append(table.nodeCount)
        // Interleaved pipelines are cut evenly.
        if strategy.virtualStages == 1 || layouts.contains(boundaries) { recompute(stage: 0, []) }
        boundaries.removeLast()
        return
      }
      for end in (start + 1)...(table.nodeCount - left + 1) {
        boundaries.append(end)
        cut(left - 1)
        boundaries.removeLast()
      }
    }
    func recompute(stage: Int, _ counts: [Int]) {
      guard stage < strategy.pipeline else {
        return visit(PipelineSplit(boundaries: boundaries, recomputed: counts))
      }
      let split = PipelineSplit(boundaries: boundaries, recomputed: [])
      let most = split.chunks(ofStage: stage, of: strategy.pipeline).reduce(0) {
        $0 + table.recomputableLayers($1)
      }
      for count in 0...(everyCount ? most : 0) { recompute(stage: stage + 1, counts + [count]) }
    }
    cut(chunks)
  }
}
