import Costing
import Hardware
import Quantities
import Scheduling
import Testing
import Workload

@testable import Planning

/// Where one pool is best at some layers and another at others, no bound takes times of all layers together for a
/// measure of both.
@Suite struct UnlikeLayersTests {
  /// Products, and layers that only move bytes, in an order from a seed.
  private static func problem(seed: Int) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let width = 1024 * Int.random(in: 4...8, using: &random)
    let product = Layer(
      kind: .transformerBlock,
      operators: [
        Operator(
          "product", .matrixProduct(inputs: width, outputs: width), sharding: .columns,
          parameters: width * width, savedElements: Double(width))
      ])
    let elements = Double(Int.random(in: 200_000...1_500_000, using: &random))
    let moving = Layer(
      kind: .transformerBlock,
      operators: [
        Operator(
          "small", .matrixProduct(inputs: 64, outputs: 64), sharding: .columns,
          parameters: 64 * 64, savedElements: 64),
        Operator("elements", .elementwise(elements: elements), sharding: .sequence),
      ])
    var kinds = (0..<Int.random(in: 4...6, using: &random)).map { $0 % 2 }
    if seed % 2 == 0 { kinds.sort() } else { kinds.shuffle(using: &random) }
    let nodes = kinds.enumerated().map { LayerGraph.Node(name: "layer-\($0)", kind: $1) }
    let edges = kinds.indices.dropLast().map {
      LayerGraph.Edge(source: $0, target: $0 + 1, elementsPerToken: Double(width))
    }
    let graph = LayerGraph(
      name: "unlike", kinds: [product, moving], nodes: nodes, edges: edges, hiddenSize: width,
      vocabularySize: 0)
    let types = ["h100-sxm5-80gb", "a100-sxm4-80gb", "v100-sxm2-32gb", "t4"].shuffled(
      using: &random)
    return ClusterProblem(
      graph: graph, cluster: .example([(types[0], 1, 1), (types[1], seed % 3 == 0 ? 2 : 1, 1)]),
      job: TrainingJob(
        globalBatchSize: [16, 128].randomElement(using: &random)!, sequenceLength: 1024),
      parameters: .published, memoryHeadroomFraction: 0.05)
  }

  @Test(arguments: 0..<24)
  func boundsHoldForEveryPipeline(seed: Int) throws {
    let problem = Self.problem(seed: seed)
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.tensor = [1]
    constraints.data = [1]
    // Many micro-batches leave little of a pipeline's fill.
    constraints.microBatchSize = [1]
    for schedule in [PipelineSchedule.oneForwardOneBackward, .gpipe, .zeroBubble] {
      constraints.schedule = [schedule]
      let best = try #require(
        EveryPipeline(problem: problem, constraints: constraints).best()?.plan)
      let step = best.plan.prediction.step
      // What is not looked at is bounded at any time.
      for layouts in [0, 1, 2, 4, 8, 4000] {
        var effort = SearchEffort()
        effort.layouts = layouts
        let search = MixedSearch(
          problem, constraints, effort: effort, tables: SeatTables(problem), incumbents: [])
        search.run { false }
        #expect(min(search.open, search.best) <= step.value * (1 + 1e-9))
        if layouts == 4000 { #expect(search.best == step.value) }
      }
      // Of the layout itself.
      let slices = PoolSlices(problem)
      let strategy = best.strategy.base
      let parallelism = strategy.layerParallelism
      let seats = problem.pools.indices.map { pool in
        SeatRates(
          problem.pools[pool], slices.whole(parallelism, pool: pool), parallelism,
          groups: problem.cluster.pools[pool].gpus, recompute: strategy.recompute)
      }
      let deepest = problem.graph.nodes.count
      let pipeline = MixedBound.pipeline(
        TripBound(
          seats, microBatches: strategy.microBatches, stages: deepest, schedule: schedule),
        deepest: deepest)
      let bound = MixedBound(problem).step(
        pipeline, MixedBound.ends(seats), microBatches: strategy.microBatches)
      #expect(bound <= step.value * (1 + 1e-9), "\(schedule)")
    }
  }
}
