import Costing
import Hardware
import Quantities
import Scheduling
import Workload

@testable import Planning

/// A small graph of unequal layers on a small pool, of which every way to cut it can be tried.
struct RandomGraph: CustomStringConvertible {
  var seed: Int
  var problem: PlanningProblem
  var strategy: ParallelStrategy

  var description: String { "seed \(seed): \(strategy), edges \(problem.graph.edges)" }

  init(seed: Int) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    let graph = Self.graph(layers: Int.random(in: 3...7, using: &random), &random)
    let schedules: [PipelineSchedule] = [.gpipe, .oneForwardOneBackward, .zeroBubble]
    strategy = ParallelStrategy(
      pipeline: Int.random(in: 1...min(4, graph.nodes.count), using: &random),
      data: Int.random(in: 1...2, using: &random),
      microBatches: Int.random(in: 1...9, using: &random),
      zeroStage: ZeroStage(rawValue: Int.random(in: 0...3, using: &random))!,
      schedule: schedules.randomElement(using: &random)!)
    let isOneNode = Bool.random(using: &random)
    problem = PlanningProblem(
      graph: graph, pool: Pool.example(nodes: isOneNode ? 1 : 8, gpusPerNode: isOneNode ? 8 : 1),
      job: TrainingJob(
        globalBatchSize: strategy.data * strategy.microBatches, sequenceLength: 512),
      parameters: .published, memoryHeadroomFraction: 0)
    // Between what hardly fits and what fits easily.
    let free = Planner(problem).simulate(strategy)
    let runtime = problem.runtimeMemory
    let limit =
      runtime + (free.prediction.peakMemory - runtime)
      * Double.random(in: 0.6...1.4, using: &random)
    problem = problem.limited(to: limit).cutAtDownSets()
  }

  private static func graph(layers: Int, _ random: inout SplitMix64) -> LayerGraph {
    let nodes = (0..<layers).map { index in
      UserGraph.Node(
        name: "layer_\(index)", parameters: Int.random(in: 0...40, using: &random) * 1_000_000,
        figures: .init(
          forwardFLOPs: Double(Int.random(in: 1...20, using: &random)) * 1e11,
          savedBytes: Double(Int.random(in: 0...50, using: &random)) * 1e6))
    }
    let dense = Double.random(in: 0.1...0.7, using: &random)
    var edges: [UserGraph.Edge] = []
    for source in 0..<layers {
      for target in stride(from: source + 1, to: layers, by: 1)
      where Double.random(in: 0...1, using: &random) < dense {
        edges.append(
          .init(
            source: source, target: target,
            bytes: Double(Int.random(in: 1...40, using: &random)) * 1e6))
      }
    }
    return UserGraph(name: "random", nodes: nodes, edges: edges)
      .layerGraph(inOrder: Array(0..<layers))
  }

  /// Every sequence of nested down-sets, by the bits of their layers.
  func forEachCut(_ visit: (PipelineSplit) -> Void) {
    let graph = problem.graph
    let all = 1 << graph.nodes.count - 1
    let downSets = (0...all).filter { set in
      graph.edges.allSatisfy { set >> $0.target & 1 == 0 || set >> $0.source & 1 == 1 }
    }
    var order: [Int] = []
    var boundaries = [0]
    func cut(_ left: Int, from inner: Int) {
      guard left > 0 else {
        if inner == all {
          visit(
            PipelineSplit(
              boundaries: boundaries,
              recomputed: [Int](repeating: 0, count: strategy.pipeline), order: order))
        }
        return
      }
      for outer in downSets where outer != inner && outer & inner == inner {
        let stage = graph.nodes.indices.filter { (outer & ~inner) >> $0 & 1 == 1 }
        order += stage
        boundaries.append(order.count)
        cut(left - 1, from: outer)
        boundaries.removeLast()
        order.removeLast(stage.count)
      }
    }
    cut(strategy.pipeline, from: 0)
  }
}
