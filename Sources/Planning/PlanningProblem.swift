import Costing
import Hardware
import Quantities
import Workload

/// A job on a pool of GPUs: what every strategy is judged against.
///
/// A class, as all parts of a search share it and it never changes.
package final class PlanningProblem: Sendable {
  package let graph: LayerGraph
  package let pool: Pool
  package let job: TrainingJob
  package let costs: CostModel
  /// What a GPU may hold, headroom taken off.
  package let memoryLimit: ByteCount
  /// Of the driver, the framework and its communication buffers, on every GPU.
  package let runtimeMemory: ByteCount
  /// Of DeepSpeed's buckets (`reduce_bucket_size`, `allgather_bucket_size`): two to reduce 16-bit
  /// gradients in, one to gather 16-bit weights, one for their 32-bit values, each of 5·10⁸ elements,
  /// or of all the model's parameters where those are fewer.
  let bucketMemory: ByteCount
  /// The embedding and the head that share a table.
  package let tie: (embedding: Int, head: Int)?
  private let runs: LayerRuns
  let parametersOfKinds: [Int]
  /// Where stages may end, if not at the nodes of the graph's own order: see `cutAtDownSets`.
  let downSets: DownSets?
  /// The cut that the fewest bytes cross.
  let narrowestCut: Int
  /// A stage has gradients to reduce, whichever layers it holds. A tied head counts, as it keeps a
  /// copy of the table where the embedding is elsewhere.
  let everyLayerHasParameters: Bool
  /// How interleaved pipelines cut the model.
  let chunks: ChunkLayout
  /// The kinds of its blocks, each once for every run of them.
  let blockKinds: [Int]
  /// No stages can be had but by cutting where this problem cuts.
  let coversAllOrders: Bool
  /// What its layers cost under the splits that were met before, if that is kept.
  let slices: (any SliceStore)?

  package convenience init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, parameters: CostParameters,
    memoryHeadroomFraction: Double, measurements: (any LayerMeasurements)? = nil
  ) {
    self.init(
      graph: graph, pool: pool, job: job, parameters: parameters,
      memoryLimit: pool.memory * (1 - memoryHeadroomFraction), downSets: nil,
      measurements: measurements)
  }

  /// - Parameter downSets: Of the graph, none of whose layers can recompute.
  init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, parameters: CostParameters,
    memoryLimit: ByteCount, downSets: DownSets?, measurements: (any LayerMeasurements)?
  ) {
    self.downSets = downSets
    slices = nil
    self.memoryLimit = memoryLimit
    self.graph = graph
    self.pool = pool
    self.job = job
    let costs = CostModel(
      graph: graph, pool: pool, job: job, parameters: parameters, downSets: downSets,
      measurements: measurements)
    self.costs = costs
    runs = LayerRuns(
      kinds: graph.nodes.map(\.kind),
      canRecompute: graph.kinds.map { $0.kind == .transformerBlock })
    parametersOfKinds = graph.kinds.map(\.parameters)
    // The order of cuts by bytes does not depend on the split of a tensor.
    let whole = LayerParallelism()
    narrowestCut =
      (1..<max(2, downSets.map { $0.count - 1 } ?? graph.nodes.count)).min {
        costs.boundaryBytes(at: $0, whole) < costs.boundaryBytes(at: $1, whole)
      } ?? 1
    runtimeMemory = parameters.software.runtimeMemory
    bucketMemory = ByteCount(min(5e8, Double(graph.parameters)) * 10)
    let embedding = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .embedding }
    let head = graph.nodes.firstIndex { graph.kinds[$0.kind].kind == .head }
    if graph.tiesEmbeddings, let embedding, let head {
      tie = (embedding, head)
    } else {
      tie = nil
    }
    let layout = ChunkLayout(graph)
    chunks = layout
    let kinds = runs.kinds
    blockKinds = layout.blocks.filter { node in
      node == layout.blocks.lowerBound || kinds[node] != kinds[node - 1]
    }.map { kinds[$0] }
    coversAllOrders = downSets?.isComplete ?? graph.hasOneOrder
    everyLayerHasParameters = graph.kinds.allSatisfy {
      $0.parameters > 0 || ($0.kind == .head && graph.tiesEmbeddings)
    }
  }

  /// The same with other cuts: the layers are still as they were measured.
  func rebuilt(_ graph: LayerGraph? = nil, downSets: DownSets?) -> PlanningProblem {
    PlanningProblem(
      graph: graph ?? self.graph, pool: pool, job: job, parameters: costs.parameters,
      memoryLimit: memoryLimit, downSets: downSets, measurements: costs.measurements)
  }

  /// The same on other GPUs: what follows from the graph stays.
  func with(pool: Pool, memoryLimit: ByteCount? = nil) -> PlanningProblem {
    PlanningProblem(self, costs.with(pool, job), memoryLimit ?? self.memoryLimit, nil)
  }

  /// The same with another global batch, on GPUs that may hold so much: its layers cost what they did.
  package func with(globalBatchSize: Int, memoryLimit: ByteCount) -> PlanningProblem {
    var job = job
    job.globalBatchSize = globalBatchSize
    return PlanningProblem(
      self, job == self.job ? costs : costs.with(pool, job), memoryLimit, slices)
  }

  /// The same on GPUs that may hold so much.
  package func limited(to memory: ByteCount) -> PlanningProblem {
    PlanningProblem(self, costs, memory, slices)
  }

  /// The same, whose searches look up what layers cost, and keep it.
  ///
  /// - Precondition: What `slices` holds was made for problems that differ from this one in the global batch
  ///   and the memory limit at most. Their layers' costs were not measured.
  package func keeping(_ slices: any SliceStore) -> PlanningProblem {
    precondition(costs.measurements == nil, "measured layers may cost otherwise in every strategy")
    return PlanningProblem(self, costs, memoryLimit, slices)
  }

  private init(
    _ other: PlanningProblem, _ costs: CostModel, _ memoryLimit: ByteCount,
    _ slices: (any SliceStore)?
  ) {
    self.slices = slices
    self.costs = costs
    self.memoryLimit = memoryLimit
    (graph, pool, job) = (costs.graph, costs.pool, costs.job)
    (runs, downSets) = (other.runs, other.downSets)
    (chunks, blockKinds) = (other.chunks, other.blockKinds)
    (runtimeMemory, bucketMemory) = (other.runtimeMemory, other.bucketMemory)
    (parametersOfKinds, narrowestCut, tie) = (
      other.parametersOfKinds, other.narrowestCut, other.tie
    )
    everyLayerHasParameters = other.everyLayerHasParameters
    coversAllOrders = other.coversAllOrders
  }

  /// The kind of each node.
  package var kinds: [Int] { runs.kinds }

  /// What waiting for the slowest replica adds to a step, growing with every doubling of replicas, as far as
  /// these are no more than the nodes. Replicas run at their own pace and meet once a step, so that the last one
  /// counts; the stages of one wait for each other all along, and their delays even out.
  package func stragglerFraction(nodes: Int, replicas: Int) -> Double {
    var meeting = min(nodes, replicas)
    var doublings = 0.0
    while meeting > 1 {
      meeting = (meeting + 1) / 2
      doublings += 1
    }
    return costs.parameters.stack(SoftwareStack(job)).stragglerGrowth * doublings
  }

  func table(_ costs: [LayerCost]) -> StageTable {
    StageTable(runs, costs: costs, downSets: downSets)
  }
}
