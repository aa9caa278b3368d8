import Costing
import Quantities
import Scheduling

/// The plan whose fullest GPU holds least, among all that satisfy the constraints and rules.
///
/// Memory only falls with smaller micro-batches, more recomputation and more sharding, and 1F1B holds
/// fewest micro-batches, so each combination of stages, replicas and a layer's split has one candidate.
/// Its stages hold the mean at least, which excludes most; the rest are cut for the least memory of
/// the fullest stage, exactly, by parametric search.
struct MemorySearch {
  private let problem: PlanningProblem
  private let space: StrategySpace
  private let counts: [Double]
  private var best: Leanest?
  /// Plans that hold more are of no interest.
  private var ceiling = Double.infinity
  /// Whether all were looked at that may hold less than the best.
  private(set) var isComplete = true

  /// A plan, and what its fullest GPU holds.
  struct Leanest {
    var strategy: ParallelStrategy
    var split: PipelineSplit
    var memory: ByteCount
  }

  init(_ problem: PlanningProblem, _ constraints: SearchConstraints) {
    self.problem = problem
    space = StrategySpace(problem, constraints)
    var counts = [Double](repeating: 0, count: problem.graph.kinds.count)
    for kind in problem.kinds { counts[kind] += 1 }
    self.counts = counts
  }

  /// The best so far once it is to stop; nil where no strategy satisfies constraints and rules, or none was
  /// found until then.
  ///
  /// - Parameter enough: The search ends once a plan needs no more than this, and looks for no other.
  mutating func run(
    enough: ByteCount? = nil, shouldStop: () -> Bool = { false }
  ) -> Leanest? {
    // Sums are formed in another order than where plans are predicted.
    if let enough { ceiling = enough.value * (1 + 1e-9) }
    let dataChoices = space.dataChoices
    var splits: [(LayerParallelism, Int)] = []
    space.forEachSplit { splits.append(($0, $1)) }
    search: for (split, most) in splits {
      let sizes = space.microBatchSizes(split)
      var slices: [Int: StrategySlice] = [:]
      for data in dataChoices.reversed() where data <= most {
        let share = problem.job.globalBatchSize / data
        guard let size = sizes.first(where: { share % $0 == 0 }) else { continue }
        var sized = split
        sized.microBatchSize = size
        guard let microBatches = space.microBatches(sized, data: data) else { continue }
        let slice = slices[size] ?? problem.slice(sized, counts: counts)
        slices[size] = slice
        sized.data = data
        // ZeRO's stages shard more and more.
        guard let zero = space.zeroChoices(sized, data: data).max() else { continue }
        sized.zeroStage = zero
        isComplete = !shouldStop()
        if isComplete { consider(slice, sized, most: most / data, microBatches, shouldStop) }
        guard isComplete else { break search }
        if let enough, let best, best.memory <= enough { return best }
      }
    }
    return enough == nil ? best : nil
  }

  private mutating func consider(
    _ slice: StrategySlice, _ split: LayerParallelism, most: Int, _ microBatches: Int,
    _ shouldStop: () -> Bool
  ) {
    let states = problem.costs.states(split)
    guard let policy = leanestPolicy(split) else { return }
    let whole =
      slice.parameters * states.perParameter + slice.expertParameters * states.perExpertParameter
      + slice.activations(policy)
    let freedom = space.rankFreedom(split)
    for pipeline in space.pipelineChoices(most: min(most, space.limits.nodes)) {
      guard let (schedule, chunks) = leanestSchedule(pipeline, microBatches),
        let order = space.rankOrders(freedom, pipeline: pipeline, data: split.data).first
      else { continue }
      let mean = whole / Double(pipeline) + problem.runtimeMemory.value
      // Fewer stages only hold more.
      if mean >= limit { break }
      guard !shouldStop() else {
        isComplete = false
        return
      }
      evaluate(
        ParallelStrategy(
          pipeline: pipeline, tensor: split.tensor, data: split.data, context: split.context,
          expert: split.expert, virtualStages: chunks, microBatchSize: split.microBatchSize,
          microBatches: microBatches, zeroStage: split.zeroStage,
          sequenceParallel: split.sequenceParallel, recompute: policy, schedule: schedule,
          rankOrder: order))
    }
  }

  private func leanestPolicy(_ split: LayerParallelism) -> RecomputePolicy? {
    let choices = space.recomputeChoices(split)
    return [.full, .selective, .none].first(where: choices.contains)
  }

  private func leanestSchedule(
    _ pipeline: Int, _ microBatches: Int
  ) -> (PipelineSchedule, Int)? {
    var offered: [(PipelineSchedule, Int)] = []
    space.forEachSchedule(pipeline: pipeline, microBatches: microBatches) {
      offered.append(($0, $1))
    }
    for schedule in [PipelineSchedule.oneForwardOneBackward, .zeroBubble, .gpipe] {
      if let found = offered.first(where: { $0.0 == schedule }) { return found }
    }
    return offered.first
  }

  private var limit: Double { min(ceiling, best?.memory.value ?? .infinity) }

  private mutating func evaluate(_ strategy: ParallelStrategy) {
    let model = StrategyModel(problem, strategy)
    let cuts: [[Int]]
    if strategy.virtualStages > 1 {
      let even = problem.chunks.cuts(chunks: model.virtualStages)
      cuts = even.isEmpty ? [problem.chunks.balancedCuts(chunks: model.virtualStages)] : even
    } else {
      let leanest = LeanestCut(SplitCosts(model, choosesRecompute: false))
      cuts = leanest.boundaries(below: limit).map { [$0] } ?? []
    }
    for boundaries in cuts {
      var split = PipelineSplit(
        boundaries: boundaries, recomputed: [Int](repeating: 0, count: model.stages))
      var fullest = ByteCount.zero
      for stage in 0..<model.stages {
        let chunks = split.chunks(ofStage: stage, of: model.stages)
        if strategy.recompute != .none {
          split.recomputed[stage] = chunks.reduce(0) {
            $0 + model.table.recomputableLayers($1)
          }
        }
        let memory = model.memory(
          stage: stage, chunks: chunks, recomputed: split.recomputed[stage])
        fullest = max(fullest, memory.total)
      }
      if best.map({ fullest < $0.memory }) ?? true {
        best = Leanest(
          strategy: strategy, split: problem.downSets?.split(split) ?? split, memory: fullest)
      }
    }
  }
}

/// Cuts a pipeline of one chunk a stage so that its fullest stage holds least. All layers follow the
/// strategy's policy.
struct LeanestCut {
  private let costs: SplitCosts

  init(_ costs: SplitCosts) { self.costs = costs }

  private func memory(_ stage: Int, _ range: Range<Int>) -> Double {
    let recomputed = costs.policy == .none ? 0 : costs.table.recomputableLayers(range)
    return costs.memory(stage: stage, range, recomputed: recomputed)
  }

  /// Nil where no cut holds less than `limit`. The boundaries are the problem's cuts.
  func boundaries(below limit: Double) -> [Int]? {
    guard let downSets = costs.model.problem.downSets else { return neighbours(below: limit) }
    let weights = costs.table.sums.map { $0.parameters * costs.model.states.perParameter }
    let least = LeastMaxima(
      DownSetWindows(downSets, weights: weights, limit: limit), stages: costs.stages, below: limit,
      weightsAreCosts: true, cost: memory)
    return least.cuts(cost: memory)
  }

  /// Of a graph with one order. Memory grows with a stage's layers, so a stage that
  /// takes as many as it can leaves the later ones no worse off.
  private func neighbours(below limit: Double) -> [Int]? {
    var (found, next) = cut(within: limit == .infinity ? limit : limit * (1 - 1e-12))
    guard var best = found else { return nil }
    var high = fullest(best)
    var low = 0.0
    while low < high * (1 - 1e-12) {
      (found, next) = cut(within: (low + high) / 2)
      if let found {
        best = found
        high = min((low + high) / 2, fullest(found))
      } else {
        low = min(high, max(next, (low + high) / 2))
      }
    }
    return best
  }

  private func fullest(_ boundaries: [Int]) -> Double {
    (0..<costs.stages).reduce(0) {
      max($0, memory($1, boundaries[$1]..<boundaries[$1 + 1]))
    }
  }

  private func cut(within limit: Double) -> (boundaries: [Int]?, next: Double) {
    var boundaries = [0]
    var next = Double.infinity
    var start = 0
    for stage in 0..<costs.stages {
      let last = costs.nodes - (costs.stages - 1 - stage)
      var (low, high) = (start, last)
      while low < high {
        let end = (low + high + 1) / 2
        if memory(stage, start..<end) <= limit { low = end } else { high = end - 1 }
      }
      if low < last { next = min(next, memory(stage, start..<(low + 1))) }
      guard low > start else {
        return ReachableCuts.cut(
          stages: costs.stages, nodes: costs.nodes, budget: limit, cost: memory)
      }
      boundaries.append(low)
      start = low
    }
    return (start == costs.nodes ? boundaries : nil, next)
  }
}
