import Costing
import Hardware
import HeapModule
import Quantities
import Scheduling

/// Best-first branch and bound over strategies.
///
/// A tree whose nodes bound everything under them, so that whole subtrees are never looked at:
///
/// 1. *Splits* of a layer (tensor, context, sequence and expert parallelism, sharded weights or not):
///    bounded by the work of one sequence in an endless micro-batch, since batching never makes a
///    sequence take longer, on as many GPUs as there are: W∞·B / (p·d) at most.
/// 2. *Slices*, with a micro-batch size: bounded by their own work, W·B / (micro-batch · p·d).
/// 3. *Shapes*, with stages and replicas: bounded by the busiest stage there must be. Of those with as
///    many replicas only the best that was not looked at is kept: the others follow when it is their
///    turn.
/// 4. *Strategies*, with ZeRO stage, recomputation and schedule: bounded by `StrategyBound`. Those that
///    shard weights are bounded together first, without the gathers of weights.
/// 5. What is left is cut by `SplitSearch`, whose first probe excludes most. Until then it is open whether
///    stages or replicas lie next to each other: sends and reductions take the least of both orders of
///    ranks, and mostly not even that is of interest.
///
/// A node's bound never exceeds those below it, so when the least open bound reaches the best plan
/// found, nothing better exists.
struct StrategySearch {
  let problem: PlanningProblem
  private let constraints: SearchConstraints
  let space: StrategySpace
  private let fillsPool: Bool
  let scale: ScoreScale
  private let counts: [Double]
  private var nodes: [Node] = []
  private var open = Heap<OpenNode>()
  private(set) var splits: [(split: LayerParallelism, replicaStages: Int)] = []
  private(set) var slices: [StrategySlice] = []
  private var replicaStages: [Int] = []
  private var freedoms: [StrategySpace.RankFreedom?] = []
  /// Of each slice, by the replicas on which it depends: the slice with what they make of it, and its
  /// table once it is asked for.
  private var sharded: [[(data: Int, slice: StrategySlice, table: StageTable?)]] = []

  /// The best of each shape, best first.
  private(set) var found: [Candidate] = []
  private(set) var considered = 0
  private(set) var pruned = 0
  /// Strategies whose best cut is not known exactly, with their bounds.
  private var doubts: [(strategy: ParallelStrategy, slice: Int, bound: Double)] = []
  /// The least bound of a strategy that was looked at: it holds wherever the graph is cut.
  private var orderFree = Double.infinity
  let dataChoices: [Int]
  /// In descending order.
  let pipelineChoices: [Int]
  /// Whole blocks that some one of so many stages holds at least, by their number.
  let fullestBlocks: [Double]
  private let cutoff: Double
  private let patience: Int

  /// - Parameters:
  ///   - cutoff: Plans of no lesser score are of no interest.
  ///   - patience: Strategies in a row that are looked at for next to nothing.
  ///   - fillsPool: Strategies that leave GPUs idle are of no interest either.
  init(
    _ problem: PlanningProblem, _ constraints: SearchConstraints, below cutoff: Double = .infinity,
    patience: Int = .max, fillsPool: Bool = false
  ) {
    self.problem = problem
    self.constraints = constraints
    self.cutoff = cutoff
    self.patience = patience
    self.fillsPool = fillsPool
    space = StrategySpace(problem, constraints)
    scale = ScoreScale(problem, constraints.objective)
    var counts = [Double](repeating: 0, count: problem.graph.kinds.count)
    for kind in problem.kinds { counts[kind] += 1 }
    self.counts = counts
    dataChoices = space.dataChoices
    pipelineChoices = space.pipelineChoices(most: min(space.limits.nodes, problem.pool.gpus))
    let blocks = problem.chunks.blocks.count
    fullestBlocks =
      [0] + (1...max(1, pipelineChoices.first ?? 1)).map { Double((blocks + $0 - 1) / $0) }
  }

  /// A strategy with its best cut.
  struct Candidate {
    var strategy: ParallelStrategy
    var split: PipelineSplit
    /// Of its layers' costs.
    var table: StageTable
    /// What the objective makes of it: smaller is better.
    var score: Double
  }

  /// What a node stands for; small, since there can be a million.
  struct Node {
    enum Level: UInt8 { case split, slice, shape, shardedShape, strategy }
    var level: Level
    var zero = ZeroStage.none
    var recompute = RecomputePolicy.none
    var schedule = PipelineSchedule.oneForwardOneBackward
    var rankOrder = DeviceMesh.Order.tensorContextDataPipeline
    /// Where it is open.
    var otherOrder: DeviceMesh.Order?
    /// Of the splits, or of the slices.
    var index: Int32
    var pipeline: Int32 = 1
    var data: Int32 = 1
    var chunks: Int32 = 1
  }

  /// What a search ends with.
  struct Result {
    var found: [Candidate]
    /// The least score that any plan can have.
    var bound: Double
    /// The same wherever the graph is cut.
    var orderFreeBound: Double
    var considered: Int
    var pruned: Int
    /// Whether it went on until nothing better was left.
    var isComplete: Bool
  }

  /// The part by which a plan is better than another at least that is worth having looked for.
  private static let leastGain = 0x1p-8

  private var best: Double { min(cutoff, found.first?.score ?? .infinity) }

  /// The score of the last of the plans that are asked for, the best and alternatives to it: what cannot
  /// have less is not kept.
  private var worstWanted: Double {
    found.count > constraints.alternatives
      ? min(cutoff, found[constraints.alternatives].score) : cutoff
  }

  /// - Parameter shouldStop: Asked often. Then the best so far is the result, or with a little effort more a
  ///   first plan, if that finds one; and the bound that of what was left.
  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) -> Result {
    space.forEachSplit { split, most in addSplit(split, most) }
    var left = Double.infinity
    var steps = 0
    var (known, since) = (best, considered)
    while let next = open.popMin() {
      if best < known * (1 - Self.leastGain) { (known, since) = (best, considered) }
      if next.bound >= best * (1 - SplitSearch.tolerance) {
        open.insert(next)
        break
      }
      steps += 1
      let isLong = nodes[next.node].level == .strategy
      let isInVain = best < .infinity && considered - since >= patience
      if isInVain || (isLong || steps % 16 == 1) && shouldStop() {
        left = next.bound
        open.insert(next)
        break
      }
      if steps % 16 == 1 {
        onProgress(
          SearchProgress(
            best: best, bound: doubts.reduce(next.bound) { min($0, $1.bound) },
            strategiesConsidered: considered,
            strategiesPruned: pruned))
      }
      if nodes[next.node].level == .strategy { orderFree = min(orderFree, next.bound) }
      expand(next)
    }
    if left < .infinity, found.isEmpty, cutoff == .infinity { dive() }
    var isComplete = left == .infinity
    if isComplete {
      isComplete = settleDoubts(shouldStop)
      addAlternatives(shouldStop)
    }
    return Result(
      found: found, bound: min(best, left, doubts.reduce(.infinity) { min($0, $1.bound) }),
      orderFreeBound: min(best, left, orderFree), considered: considered,
      pruned: pruned + open.count, isComplete: isComplete)
  }

  /// Goes on behind the best plan until no other shape can be among the best that are asked for, within
  /// a fixed effort.
  private mutating func addAlternatives(_ shouldStop: () -> Bool) {
    // These are no better than the best, whatever is not known of them.
    let settled = doubts
    defer { doubts = settled }
    var effort = 800
    while effort > 0, !shouldStop(), let next = open.popMin(), next.bound < worstWanted {
      effort -= 1
      let node = nodes[next.node]
      guard node.level == .strategy else {
        expand(next)
        continue
      }
      let strategy = strategy(node)
      let known = found.first { $0.strategy.hasShape(of: strategy) }
      guard known.map({ next.bound < $0.score }) ?? true else { continue }
      effort -= 15
      // Of each shape only the best is kept.
      evaluate(node, cutoff: min(worstWanted, known?.score ?? .infinity))
    }
  }

  // MARK: Branching

  private mutating func push(_ node: Node, _ bound: Double) {
    guard bound < worstWanted else {
      pruned += 1
      return
    }
    nodes.append(node)
    open.insert(OpenNode(bound: bound, node: nodes.count - 1))
  }

  private mutating func expand(_ entry: OpenNode) {
    let node = nodes[entry.node]
    switch node.level {
    case .split: addSlices(Int(node.index))
    case .slice: addShapes(Int(node.index))
    case .shape:
      let (index, pipeline, data) = (Int(node.index), Int(node.pipeline), Int(node.data))
      if slices[index].parallelism.zeroStage == .weights {
        addShardedShape(index, pipeline: pipeline, data: data)
      } else {
        addStrategies(of: slices[index], index, pipeline: pipeline, data: data)
      }
      if let next = nextShape(index, data: data, after: Shape(entry.bound, pipeline)) {
        push(next, ofSlice: index, data: data)
      }
    case .shardedShape:
      let (index, data) = (Int(node.index), Int(node.data))
      let place = place(ofSlice: index, data: data)
      addStrategies(
        of: sharded[index][place].slice, index, pipeline: Int(node.pipeline), data: data)
    case .strategy: evaluate(node, cutoff: best)
    }
  }

  private mutating func addSplit(_ split: LayerParallelism, _ most: Int) {
    var endless = split
    // A multiple of every tile.
    endless.microBatchSize = 128 * problem.job.globalBatchSize
    let slice = problem.slice(endless, counts: counts)
    let batch = Double(problem.job.globalBatchSize)
    let work = slice.work / Double(endless.microBatchSize)
    splits.append((split, most))
    push(
      Node(level: .split, index: Int32(splits.count - 1)),
      scale.least(work * batch, width: split.tensor * split.context, replicaStages: most))
  }

  private mutating func addSlices(_ index: Int) {
    let (split, most) = splits[index]
    for size in space.microBatchSizes(split) {
      let slice = addSlice(split, size, most)
      let work = slices[slice].work * Double(problem.job.globalBatchSize) / Double(size)
      push(
        Node(level: .slice, index: Int32(slice)),
        scale.least(work, width: split.tensor * split.context, replicaStages: most))
    }
  }

  /// - Returns: its index.
  mutating func addSlice(_ split: LayerParallelism, _ size: Int, _ replicaStages: Int) -> Int {
    var sized = split
    sized.microBatchSize = size
    slices.append(problem.slice(sized, counts: counts))
    self.replicaStages.append(replicaStages)
    freedoms.append(nil)
    sharded.append([])
    return slices.count - 1
  }

  private mutating func addShapes(_ index: Int) {
    for data in dataChoices where data <= replicaStages[index] {
      if let shape = nextShape(index, data: data, after: nil) {
        push(shape, ofSlice: index, data: data)
      }
    }
  }

  /// A number of stages, for as many replicas.
  private struct Shape: Comparable {
    var bound: Double
    var pipeline: Int
    init(_ bound: Double, _ pipeline: Int) {
      self.bound = bound
      self.pipeline = pipeline
    }
    static func < (a: Shape, b: Shape) -> Bool { (a.bound, a.pipeline) < (b.bound, b.pipeline) }
  }

  private mutating func push(_ shape: Shape, ofSlice index: Int, data: Int) {
    push(
      Node(
        level: .shape, index: Int32(index), pipeline: Int32(shape.pipeline), data: Int32(data)),
      shape.bound)
  }

  /// The first shape of a slice, in the order of bounds, that comes after `last`.
  private func nextShape(_ index: Int, data: Int, after last: Shape?) -> Shape? {
    let slice = slices[index]
    let split = slice.parallelism
    guard let microBatches = space.microBatches(split, data: data) else { return nil }
    let most = replicaStages[index] / data
    let width = split.tensor * split.context
    let overhead = 2 * problem.costs.parameters.software.microBatchOverhead.value
    let (m, work, block) = (Double(microBatches), slice.work, slice.block.passes)
    var next: Shape?
    for pipeline in pipelineChoices where pipeline <= most {
      if fillsPool, width * pipeline * data < problem.pool.gpus { continue }
      // Downwards: the mean stage only gets slower.
      let mean = work / Double(pipeline)
      if let next, scale.excludes(m * (mean + overhead), next.bound) { break }
      // `slice.busiest`, without a division of whole numbers for each.
      let seconds = m * (max(mean, fullestBlocks[pipeline] * block) + overhead)
      let shape = Shape(
        scale.score(seconds, gpus: width * pipeline * data, replicas: split.context * data),
        pipeline)
      if last.map({ $0 < shape }) ?? true, next.map({ shape < $0 }) ?? true { next = shape }
    }
    return next
  }

  mutating func bounds(
    of slice: StrategySlice, _ index: Int, pipeline: Int, data: Int
  ) -> ShapeBounds? {
    let freedom = freedoms[index] ?? space.rankFreedom(slice.parallelism)
    freedoms[index] = freedom
    return ShapeBounds(space, slice, freedom, stages: pipeline, data: data)
  }

  /// A shape by the least bound of its strategies without the gathers of sharded weights, which mostly tells
  /// enough: those take a slice for each number of replicas.
  private mutating func addShardedShape(_ index: Int, pipeline: Int, data: Int) {
    let slice = slices[index]
    guard var bounds = bounds(of: slice, index, pipeline: pipeline, data: data) else { return }
    let replicas = slice.parallelism.context * data
    let gpus = slice.parallelism.tensor * pipeline * replicas
    let limit = scale.seconds(worstWanted, gpus: gpus, replicas: replicas)
    var least = Double.infinity
    let excluded = bounds.forEachStrategy(below: limit) { least = min(least, $0.seconds) }
    guard least < .infinity else {
      pruned += excluded
      return
    }
    push(
      Node(
        level: .shardedShape, index: Int32(index), pipeline: Int32(pipeline), data: Int32(data)),
      scale.score(least, gpus: gpus, replicas: replicas))
  }

  private mutating func addStrategies(
    of slice: StrategySlice, _ index: Int, pipeline: Int, data: Int
  ) {
    guard var bounds = bounds(of: slice, index, pipeline: pipeline, data: data) else { return }
    let split = slice.parallelism
    let replicas = split.context * data
    let gpus = split.tensor * pipeline * replicas
    let (usual, other) = bounds.rankOrders
    let limit = scale.seconds(worstWanted, gpus: gpus, replicas: replicas)
    pruned += bounds.forEachStrategy(below: limit) { strategy in
      push(
        Node(
          level: .strategy, zero: strategy.zero, recompute: strategy.recompute,
          schedule: strategy.schedule, rankOrder: usual, otherOrder: other,
          index: Int32(index), pipeline: Int32(pipeline), data: Int32(data),
          chunks: Int32(strategy.chunks)),
        scale.score(strategy.seconds, gpus: gpus, replicas: replicas))
    }
  }

  private func strategy(_ node: Node) -> ParallelStrategy {
    let split = slices[Int(node.index)].parallelism
    return ParallelStrategy(
      pipeline: Int(node.pipeline), tensor: split.tensor, data: Int(node.data),
      context: split.context, expert: split.expert, virtualStages: Int(node.chunks),
      microBatchSize: split.microBatchSize,
      microBatches: problem.job.globalBatchSize / Int(node.data) / split.microBatchSize,
      zeroStage: node.zero, sequenceParallel: split.sequenceParallel,
      recompute: node.recompute, schedule: node.schedule, rankOrder: node.rankOrder)
  }

  // MARK: Evaluating

  /// Looks closely at those strategies that could still hold something better, as long as there is time.
  ///
  /// - Returns: whether there was time for all.
  private mutating func settleDoubts(_ shouldStop: () -> Bool) -> Bool {
    let open = doubts.sorted { $0.bound < $1.bound }
    doubts = []
    // Where any chunks will do no bound closes: layers are moved in the best plans only.
    let promising = Set(found.prefix(8).map(\.strategy))
    var wasStopped = false
    for doubt in open where doubt.bound < best * (1 - SplitSearch.tolerance) {
      let isHopeless =
        constraints.allowsUnevenChunks && doubt.strategy.virtualStages > 1
        && !promising.contains(doubt.strategy)
      wasStopped = wasStopped || shouldStop()
      if isHopeless || wasStopped {
        doubts.append(doubt)
      } else {
        evaluate(doubt.strategy, slice: doubt.slice, cutoff: best, effort: 20_000)
      }
    }
    return !wasStopped
  }

  /// Both orders of ranks together, and one by one where that does not exclude them.
  mutating func evaluate(_ node: Node, cutoff: Double) {
    let (strategy, slice) = (strategy(node), Int(node.index))
    guard let otherOrder = node.otherOrder else {
      return evaluate(strategy, slice: slice, cutoff: cutoff)
    }
    var other = strategy
    other.rankOrder = otherOrder
    let either = result(strategy, slice: slice, cutoff: cutoff, orInOrder: otherOrder)
    let bound = scale.score(either.bound, of: strategy)
    guard either.split != nil else {
      considered += 1
      if bound < cutoff * (1 - SplitSearch.tolerance) {
        doubts += [(strategy, slice, bound), (other, slice, bound)]
      }
      return
    }
    evaluate(strategy, slice: slice, cutoff: cutoff)
    let limit = min(cutoff, worstWanted)
    if bound < limit * (1 - SplitSearch.tolerance) { evaluate(other, slice: slice, cutoff: limit) }
  }

  private mutating func result(
    _ strategy: ParallelStrategy, slice: Int, cutoff: Double, effort: Int = 100,
    orInOrder other: DeviceMesh.Order? = nil
  ) -> SplitResult {
    let model = StrategyModel(
      problem, strategy, table: table(strategy, ofSlice: slice), orInOrder: other)
    return SplitSearch(
      model, choosesRecompute: true, allowsUnevenChunks: constraints.allowsUnevenChunks,
      effort: effort
    ).result(
      cutoff: scale.seconds(cutoff, of: strategy), floor: 0)
  }

  private mutating func evaluate(
    _ strategy: ParallelStrategy, slice: Int, cutoff: Double, effort: Int = 100
  ) {
    considered += 1
    let result = result(strategy, slice: slice, cutoff: cutoff, effort: effort)
    let bound = scale.score(result.bound, of: strategy)
    guard let split = result.split else {
      if bound < cutoff * (1 - SplitSearch.tolerance) { doubts.append((strategy, slice, bound)) }
      return
    }
    let score = scale.score(result.seconds, of: strategy)
    if bound < min(score, cutoff) * (1 - SplitSearch.tolerance) {
      doubts.append((strategy, slice, bound))
    }
    remember(
      Candidate(
        strategy: strategy, split: split, table: table(strategy, ofSlice: slice), score: score))
  }

  private mutating func table(_ strategy: ParallelStrategy, ofSlice index: Int) -> StageTable {
    let place = place(ofSlice: index, data: strategy.data)
    if let known = sharded[index][place].table { return known }
    let table = problem.table(strategy.layerParallelism, sharded[index][place].slice)
    sharded[index][place].table = table
    return table
  }

  /// The slice for so many replicas.
  mutating func slice(_ index: Int, data: Int) -> StrategySlice {
    sharded[index][place(ofSlice: index, data: data)].slice
  }

  /// Where the slice for so many replicas is kept. Only sharded weights make it depend on them, and sharded
  /// gradients on whether there are any.
  private mutating func place(ofSlice index: Int, data: Int) -> Int {
    let slice = slices[index]
    let split = slice.parallelism.replicated(data)
    let isSharded = split.zeroStage == .weights || split.isShardedOverOne
    let data = isSharded ? data : 0
    if let known = sharded[index].firstIndex(where: { $0.data == data }) { return known }
    let own =
      isSharded ? problem.slice(split, counts: counts, includesGathers: true) : slice
    sharded[index].append((data, own, nil))
    return sharded[index].count - 1
  }

  private mutating func remember(_ candidate: Candidate) {
    if let same = found.firstIndex(where: { $0.strategy.hasShape(of: candidate.strategy) }) {
      guard candidate.score < found[same].score else { return }
      found.remove(at: same)
    }
    let place = found.firstIndex { candidate.score < $0.score } ?? found.count
    found.insert(candidate, at: place)
    if found.count > max(64, constraints.alternatives + 1) { found.removeLast() }
  }
}

extension ParallelStrategy {
  /// Whether both split the job over GPUs alike.
  func hasShape(of other: ParallelStrategy) -> Bool {
    pipeline == other.pipeline && tensor == other.tensor && data == other.data
      && context == other.context && expert == other.expert
  }
}
