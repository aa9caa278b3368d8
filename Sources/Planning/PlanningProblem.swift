import Costing
import Hardware
import Quantities
import Workload

/// A job on a pool of GPUs: what every strategy is judged against.
package struct PlanningProblem: Sendable {
  package let graph: LayerGraph
  package let pool: Pool
  package let job: TrainingJob
  package var costs: CostModel
  /// What a GPU may hold, headroom taken off.
  package var memoryLimit: ByteCount
  /// Of the driver, the framework and its communication buffers, on every GPU.
  package let runtimeMemory: ByteCount
  /// The embedding and the head that share a table.
  package let tie: (embedding: Int, head: Int)?
  /// The kind of each node.
  package let kinds: [Int]
  /// The cut that the fewest bytes cross.
  let narrowestCut: Int
  /// A stage has gradients to reduce, whichever layers it holds. A tied head counts, as it keeps a
  /// copy of the table where the embedding is elsewhere.
  let everyLayerHasParameters: Bool
  /// How interleaved pipelines cut the model.
  let chunks: ChunkLayout
  /// Each layer feeds the next, so that no other order of them is topological. Otherwise stages are
  /// cut from one order of several.
  let hasOneOrder: Bool

  package init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, parameters: CostParameters,
    memoryHeadroomFraction: Double
  ) {
    self.graph = graph
    self.pool = pool
    self.job = job
    let costs = CostModel(graph: graph, pool: pool, job: job, parameters: parameters)
    self.costs = costs
    kinds = graph.nodes.map(\.kind)
    // The order of cuts by bytes does not depend on the split of a tensor.
    let whole = LayerParallelism()
    narrowestCut =
      (1..<max(2, graph.nodes.count)).min {
        costs.boundaryBytes(at: $0, whole) < costs.boundaryBytes(at: $1, whole)
      } ?? 1
    memoryLimit = pool.memory * (1 - memoryHeadroomFraction)
    runtimeMemory = parameters.software.runtimeMemory
    let embedding = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .embedding }
    let head = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .head }
    if graph.tiesEmbeddings, let embedding, let head {
      tie = (embedding, head)
    } else {
      tie = nil
    }
    chunks = ChunkLayout(graph)
    var feedsNext = [Bool](repeating: false, count: graph.nodes.count)
    for edge in graph.edges where edge.target == edge.source + 1 { feedsNext[edge.source] = true }
    hasOneOrder = !feedsNext.dropLast().contains(false)
    everyLayerHasParameters = graph.kinds.allSatisfy {
      $0.parameters > 0 || ($0.kind == .head && graph.tiesEmbeddings)
    }
  }

  /// What waiting for the slowest GPU adds to a step, growing with every doubling of nodes.
  package func stragglerFraction(gpus: Int) -> Double {
    var nodes = (gpus + pool.gpusPerNode - 1) / pool.gpusPerNode
    var doublings = 0.0
    while nodes > 1 {
      nodes = (nodes + 1) / 2
      doublings += 1
    }
    let stack = SoftwareStack(job.precision)
    return costs.parameters.stack(stack).stragglerGrowth * doublings
  }

  package func table(_ parallelism: LayerParallelism) -> StageTable {
    StageTable(kinds: kinds, costs: costs.layerCosts(parallelism))
  }
}
