import Costing
import Hardware
import Quantities
import Workload

/// A job on a pool of GPUs: what every strategy is judged against.
package struct PlanningProblem: Sendable {
  package let graph: LayerGraph
  package let pool: Pool
  package let job: TrainingJob
  package let costs: CostModel
  /// What a GPU may hold, headroom taken off.
  package let memoryLimit: ByteCount
  /// Of the driver, the framework and its communication buffers, on every GPU.
  package let runtimeMemory: ByteCount
  /// The embedding and the head that share a table.
  package let tie: (embedding: Int, head: Int)?

  package init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, parameters: CostParameters,
    memoryHeadroomFraction: Double
  ) {
    self.graph = graph
    self.pool = pool
    self.job = job
    costs = CostModel(graph: graph, pool: pool, job: job, parameters: parameters)
    memoryLimit = pool.memory * (1 - memoryHeadroomFraction)
    runtimeMemory = parameters.software.runtimeMemory
    let embedding = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .embedding }
    let head = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .head }
    if graph.tiesEmbeddings, let embedding, let head {
      tie = (embedding, head)
    } else {
      tie = nil
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
    StageTable(kinds: graph.nodes.map(\.kind), costs: costs.layerCosts(parallelism))
  }
}
