import Costing
import Hardware
import Quantities
import Scheduling
import Workload

/// Everything about one strategy that does not depend on where the pipeline is cut.
///
/// A class, so that the parts of a search share it without copying.
package final class StrategyModel: Sendable {
  package let problem: PlanningProblem
  package let strategy: ParallelStrategy
  /// The strategy's, at hand.
  package let parallelism: LayerParallelism
  package let table: StageTable
  package let states: StateMemory
  package let end: StepEnd
  private let collectives: CollectiveTime
  /// The same in another order of ranks that is open too.
  let other: OtherOrder?

  /// Large and rare, so that it lies apart.
  final class OtherOrder: Sendable {
    let collectives: CollectiveTime
    let end: StepEnd

    init(_ collectives: CollectiveTime, _ end: StepEnd) {
      self.collectives = collectives
      self.end = end
    }
  }

  /// - Parameter other: Another order of ranks: every send and reduction takes what it takes in that of
  ///   both in which it takes less, which is no strategy's time but a bound for either's.
  package init(
    _ problem: PlanningProblem, _ strategy: ParallelStrategy, table: StageTable? = nil,
    orInOrder other: DeviceMesh.Order? = nil
  ) {
    self.problem = problem
    self.strategy = strategy
    let parallelism = strategy.layerParallelism
    self.parallelism = parallelism
    self.table = table ?? problem.table(parallelism)
    states = problem.costs.states(parallelism)
    func end(_ collectives: CollectiveTime) -> StepEnd {
      StepEnd(
        collectives: collectives, kernels: problem.costs.kernels, job: problem.job,
        parallelism: parallelism)
    }
    collectives = problem.costs.collectives(parallelism)
    self.end = end(collectives)
    self.other = other.map { order in
      var reordered = strategy
      reordered.rankOrder = order
      let collectives = problem.costs.collectives(reordered.layerParallelism)
      return OtherOrder(collectives, end(collectives))
    }
  }

  /// With other micro-batches a step, on which no cost of a layer depends.
  func running(_ microBatches: Int) -> StrategyModel { StrategyModel(self, microBatches) }

  private init(_ model: StrategyModel, _ microBatches: Int) {
    var strategy = model.strategy
    strategy.microBatches = microBatches
    self.strategy = strategy
    problem = model.problem
    parallelism = model.parallelism
    table = model.table
    states = model.states
    end = model.end
    collectives = model.collectives
    other = model.other
  }

  package var stages: Int { strategy.pipeline }
  package var virtualStages: Int { strategy.pipeline * strategy.virtualStages }

  /// Micro-batches of a chunk that a stage holds at its fullest.
  package func heldMicroBatches(stage: Int, chunk: Int) -> Int {
    strategy.schedule.heldMicroBatches(
      ofChunk: chunk, atStage: stage, stages: stages, chunksPerStage: strategy.virtualStages,
      microBatches: strategy.microBatches)
  }

  /// Seconds that a tensor travels from virtual stage `index` to the next, cut at node `cut`. The last
  /// stage's chunk goes on to the first stage.
  package func sendTime(afterVirtualStage index: Int, cut: Int) -> Seconds {
    guard stages > 1 else { return .zero }
    return sendTime(fromStage: index % stages, toStage: (index + 1) % stages, cut: cut)
  }

  /// The same from a stage to another, which are neighbours or the last and the first.
  func sendTime(fromStage stage: Int, toStage next: Int, cut: Int) -> Seconds {
    let bytes = problem.costs.boundaryBytes(at: cut, parallelism)
    let send = collectives.send(bytes, fromStage: stage, toStage: next)
    guard let other else { return send }
    return min(send, other.collectives.send(bytes, fromStage: stage, toStage: next))
  }

  /// What one GPU of a stage holds at its fullest. Complexity: O(chunks).
  package func memory(stage: Int, chunks: [Range<Int>], recomputed: Int) -> StageMemory {
    memory(contents(ofStage: stage, chunks), recomputed: recomputed)
  }

  /// What a stage holds whichever of its layers are recomputed.
  struct StageContents {
    var chunks: [Range<Int>]
    /// Micro-batches held, by chunk.
    var held: [Double]
    var parameters: (dense: Double, expert: Double)
  }

  func contents(ofStage stage: Int, _ chunks: [Range<Int>]) -> StageContents {
    StageContents(
      chunks: chunks,
      held: chunks.indices.map { Double(heldMicroBatches(stage: stage, chunk: $0)) },
      parameters: stageParameters(chunks))
  }

  func memory(_ contents: StageContents, recomputed: Int) -> StageMemory {
    var memory = StageMemory()
    let (dense, expert) = contents.parameters
    var activations = 0.0
    var transient = 0.0
    var left = recomputed
    for (nodes, held) in zip(contents.chunks, contents.held) {
      let here = min(left, table.recomputableLayers(nodes))
      left -= here
      activations += held * table.activationBytes(nodes, strategy.recompute, recomputed: here)
      transient = max(
        transient, table.transientBytes(nodes, strategy.recompute, recomputed: here))
    }
    memory.weights = states.weights(dense, expert)
    memory.gradients = states.gradients(dense, expert)
    memory.optimizer = states.optimizer(dense, expert)
    memory.activations = ByteCount(activations)
    memory.workspace = ByteCount(transient) + problem.runtimeMemory
    let held = memory.weights + memory.gradients + memory.optimizer + memory.activations
    let reserve = problem.reserve(parallelism)
    memory.workspace += reserve.fixed + (held + ByteCount(transient)) * reserve.fraction
    return memory
  }

  /// The fewest layers of a stage to recompute so that it fits; nil if it does not whatever is recomputed.
  ///
  /// - Parameters:
  ///   - choosesRecompute: Whether fewer layers may be recomputed than the policy says.
  ///   - ignoresMemory: Whether everything is taken to fit.
  func leastRecomputation(
    ofStage stage: Int, _ chunks: [Range<Int>], choosesRecompute: Bool = true,
    ignoresMemory: Bool = false
  ) -> Int? {
    let contents = contents(ofStage: stage, chunks)
    let all = chunks.reduce(0) { $0 + table.recomputableLayers($1) }
    func fits(_ recomputed: Int) -> Bool {
      ignoresMemory || memory(contents, recomputed: recomputed).total <= problem.memoryLimit
    }
    guard strategy.recompute == .full, choosesRecompute else {
      let fixed = strategy.recompute == .none ? 0 : all
      return fits(fixed) ? fixed : nil
    }
    if fits(0) { return 0 }
    guard all > 0, fits(all) else { return nil }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// A tied head on another stage than the embedding keeps its own copy of the table.
  func tiedParameters(_ chunks: some Collection<Range<Int>>) -> Double {
    guard let tie = problem.tie, chunks.contains(where: { $0.contains(tie.head) }),
      !chunks.contains(where: { $0.contains(tie.embedding) })
    else { return 0 }
    return table.costs[problem.graph.nodes[tie.embedding].kind].parameters
  }
}

extension PlanningProblem {
  /// What a framework sets aside beside what it holds: a fixed size, and a part of what is held.
  func reserve(_ parallelism: LayerParallelism) -> (fixed: ByteCount, fraction: Double) {
    costs.stack(parallelism) == .lossScaled && parallelism.zeroStage >= .optimizer
      ? (bucketMemory, Self.fragmentation) : (.zero, 0)
  }

  /// What the allocator of that time held beyond what was in use, as a part of it: nvidia-smi over
  /// the tensors' sum on the BigScience rows.
  private static let fragmentation = 0.15

  /// What a GPU may hold of a model's states and activations, all else taken off.
  func room(_ parallelism: LayerParallelism) -> ByteCount {
    let reserve = reserve(parallelism)
    return (memoryLimit - runtimeMemory - reserve.fixed) / (1 + reserve.fraction)
  }
}
