import Costing
import Hardware
import Quantities
import Scheduling

/// The pipelines over unequal pools that are searched, up to order and cuts: the degrees that all
/// stages share, and how each pool is split into groups.
///
/// A group of a pool is `tensor · context · data · parts` of its GPUs, split one way a pool; what is left
/// over of a pool stays idle.
struct MixedSpace {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let limits: ModelLimits
  let choices: BaseChoices
  /// Whether some stages run a micro-batch in parts, so that they have more replicas than others; all have
  /// equally many otherwise.
  let partsBatches: Bool
  /// The kind of layer that the model has most of, and how many: whole layers bound stages.
  let commonLayer: (kind: Int, count: Int)
  /// How the model is cut into chunks, the first time into one.
  let folds: [ChunkFold]
  /// The blocks are the layers of the most common kind.
  let hasEqualBlocks: Bool
  private let interleaves: Bool

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, partsBatches: Bool = false
  ) {
    self.problem = problem
    self.constraints = constraints
    self.partsBatches = partsBatches
    limits = ModelLimits(problem.graph)
    choices = BaseChoices(problem, constraints, limits)
    let (kind, count) = problem.graph.commonKind
    commonLayer = (kind, count)
    let blocks = limits.chunks.blocks
    hasEqualBlocks =
      blocks.count == count
      && problem.graph.nodes[blocks].allSatisfy { $0.kind == kind }
    let all = ChunkFold.all(limits.chunks, nodes: limits.nodes)
    let interleaves =
      constraints.schedule.isEmpty || constraints.schedule.contains(.interleaved)
    self.interleaves = interleaves
    folds = all.filter {
      $0.chunks == 1 || interleaves && BaseChoices.allows($0.chunks, constraints.virtualStages)
    }
  }

  /// Stages at most: each holds a layer.
  var deepest: Int { min(limits.nodes, constraints.pipeline.max() ?? .max) }

  func allowsDepth(_ stages: Int) -> Bool { BaseChoices.allows(stages, constraints.pipeline) }

  /// The fewest and the most stages of some over which a base's micro-batches can go through a fold.
  func depthRange(
    _ base: ParallelStrategy, _ fold: ChunkFold, _ stages: ClosedRange<Int>
  ) -> ClosedRange<Int>? {
    let (least, most) = (stages.lowerBound, min(stages.upperBound, deepest, fold.places))
    guard most >= least, let first = (least...most).first(where: { allows($0, base, fold) }),
      let last = (first...most).last(where: { allows($0, base, fold) })
    else { return nil }
    return first...last
  }

  private func allows(_ stages: Int, _ base: ParallelStrategy, _ fold: ChunkFold) -> Bool {
    allowsDepth(stages)
      && base.schedule.obstacle(
        stages: stages, chunksPerStage: fold.chunks, microBatches: base.microBatches) == nil
  }

  /// Numbers of stages, no more than `most`, over which a base's micro-batches can go through a fold.
  func depths(_ base: ParallelStrategy, _ fold: ChunkFold, most: Int) -> [Int] {
    let most = min(most, deepest, fold.places)
    guard most >= 1 else { return [] }
    return (1...most).filter { allows($0, base, fold) }
  }

  /// How stages of a fold are counted by whole layers.
  func wholeLayers(_ fold: ChunkFold) -> WholeLayers {
    WholeLayers(fold, common: commonLayer.count, areBlocks: hasEqualBlocks)
  }

  /// The same of any fold into so many chunks.
  func wholeLayers(ofChunks chunks: Int) -> WholeLayers {
    // The closure would hold all of the space, whose copy costs more than the rest.
    let (common, areBlocks) = (commonLayer.count, hasEqualBlocks)
    return folds.lazy.filter { $0.chunks == chunks }
      .map { WholeLayers($0, common: common, areBlocks: areBlocks) }
      .min { $0.least < $1.least }!
  }

  /// The part of a stage's passes that its first chunk's are at least, but for the first stage.
  func firstChunk(ofChunks chunks: Int) -> Double {
    chunks == 1 ? 1 : hasEqualBlocks ? 1 / Double(chunks) : 0
  }

  /// What the request allows and the searches over several pools leave out, in words.
  var unsearched: [String] {
    var found: [String] = []
    if interleaves, constraints.allowsUnevenChunks {
      found.append("unequal chunks of a stage")
    }
    if constraints.zeroStage.isEmpty {
      found.append("ZeRO stages 2 and 3")
    } else if constraints.zeroStage.contains(where: { $0 > .optimizer }) {
      found.append("ZeRO stages 2 and 3 over unequal replicas")
    }
    let largest = problem.cluster.pools.reduce(0) { max($0, $1.gpusPerNode) }
    let wider = constraints.tensor.isEmpty ? [2 * largest] : constraints.tensor
    if wider.contains(where: { $0 > largest && limits.allowsTensor($0) }) {
      found.append("tensor groups beyond a node")
    }
    if allowsIndivisibleReplicas {
      found.append("pipelines whose stages' data-parallel degrees do not divide one another")
    }
    if constraints.rankOrder.isEmpty || constraints.rankOrder.contains(.tensorContextPipelineData) {
      found.append("orders of ranks with stages next to each other")
    }
    return found
  }

  /// Whether stages on two pools may have replicas neither of which divide the other's, as two and three share
  /// six sequences.
  private var allowsIndivisibleReplicas: Bool {
    let degrees = problem.cluster.pools.map { pool in
      problem.job.globalBatchSize.divisors.filter {
        $0 <= pool.gpus && BaseChoices.allows($0, constraints.data)
      }
    }
    return degrees.enumerated().contains { pool, own in
      degrees.dropFirst(pool + 1).joined().contains { other in
        own.contains { !$0.isMultiple(of: other) && !other.isMultiple(of: $0) }
      }
    }
  }

  /// Schedules, and of how many chunks a stage they are at least.
  var schedules: [(PipelineSchedule, fewestChunks: Int)] {
    plainSchedules.map { ($0, 1) } + (interleaves ? [(.interleaved, 2)] : [])
  }

  /// Chunks a stage with which a base's schedule runs as many micro-batches over equal stages: as on one
  /// pool, chunks hold equally many blocks.
  func evenChunks(_ base: ParallelStrategy, microBatches: Int) -> [Int] {
    guard base.schedule == .interleaved else { return [1] }
    let stages = base.pipeline
    let most = limits.nodes / stages
    guard most >= 2, stages >= 2, microBatches.isMultiple(of: stages) else { return [] }
    return (2...most).filter {
      BaseChoices.allows($0, constraints.virtualStages)
        && limits.chunks.allows(chunks: stages * $0)
    }
  }

  /// Schedules of one model chunk a stage.
  var plainSchedules: [PipelineSchedule] {
    guard BaseChoices.allows(1, constraints.virtualStages) else { return [] }
    let wanted = constraints.schedule.isEmpty ? PipelineSchedule.allCases : constraints.schedule
    return wanted.filter { $0 != .interleaved }
  }

  /// Calls `visit` with what a layer's cost depends on beside the tensor degree, the micro-batch size
  /// and, with sharded weights, the replicas; in a fixed order.
  func forEachSplit(_ visit: (ParallelStrategy) -> Void) {
    var base = ParallelStrategy()
    base.sequenceParallel = choices.sequenceParallel
    for context in choices.contexts {
      base.context = context
      for expert in choices.experts {
        base.expert = expert
        for zero in [ZeroStage.none, .gradients, .weights]
        where choices.zeroStages(replicas: .max).contains(where: { $0.representative == zero }) {
          base.zeroStage = zero
          visit(base)
        }
      }
    }
  }

  /// How a pool is split into groups.
  struct Split: Hashable {
    var tensor: Int
    /// Into how many a micro-batch is parted, each on a replica of its own.
    var parts: Int
    var groups: Int
  }

  /// Into how many a micro-batch can be parted; one that no step has is whole.
  func parts(ofMicroBatch size: Int) -> [Int] {
    guard partsBatches, size <= problem.job.globalBatchSize else { return [1] }
    return size.divisors.filter { BaseChoices.allows(size / $0, constraints.microBatchSize) }
  }

  /// Whether pools that part micro-batches so, or hold no group, have replicas as the space's pipelines have:
  /// where all part them, smaller ones of more replicas are the same or nearly so.
  func isOwn(_ parts: some Sequence<Int?>) -> Bool {
    !partsBatches || parts.contains(1) && parts.contains { $0 ?? 1 > 1 }
  }

  /// On more pools than these, all take the same place among their splits: combinations multiply.
  static let freelySplitPools = 4

  /// How many of these `forEachChoice` visits.
  func choices(among counts: [Int]) -> Int {
    counts.count <= Self.freelySplitPools
      ? counts.reduce(1) { $0 * max(1, $1) } : counts.max() ?? 0
  }

  /// Calls `visit` with every combination of one split a pool, as indices; 0 for a pool without any.
  ///
  /// - Parameter counts: Splits of each pool.
  func forEachChoice(among counts: [Int], _ visit: ([Int]) -> Void) {
    var choice = [Int](repeating: 0, count: counts.count)
    guard counts.count <= Self.freelySplitPools else {
      for place in 0..<(counts.max() ?? 0) {
        visit(counts.map { max(0, min(place, $0 - 1)) })
      }
      return
    }
    while true {
      visit(choice)
      var index = 0
      while index < choice.count {
        choice[index] += 1
        if choice[index] < counts[index] { break }
        choice[index] = 0
        index += 1
      }
      if index == choice.count { return }
    }
  }

  /// The model's strategy of one seat; the pipeline is as deep as the pools allow.
  func strategy(_ base: ParallelStrategy, tensor: Int, parts: Int) -> ParallelStrategy {
    var strategy = base
    strategy.tensor = tensor
    strategy.data *= parts
    strategy.microBatchSize /= parts
    strategy.pipeline = limits.nodes
    strategy.sequenceParallel = base.sequenceParallel && tensor > 1
    return strategy
  }
}

/// What a request and the model leave open.
struct BaseChoices {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let limits: ModelLimits
  /// Degrees of each pool, ascending.
  private(set) var tensors: [[Int]] = []
  private(set) var contexts: [Int] = []
  let recompute: [RecomputePolicy]
  let experts: [Int]
  /// Sharding what lies between tensor-parallel regions saves memory at no cost in traffic.
  let sequenceParallel: Bool

  init(_ problem: ClusterProblem, _ constraints: SearchConstraints, _ limits: ModelLimits) {
    self.problem = problem
    self.constraints = constraints
    self.limits = limits
    let fused = problem.pools.allSatisfy { $0.costs.attentionKernel == .fused }
    // With fused attention there are no scores to recompute selectively.
    recompute =
      constraints.recompute.isEmpty
      ? (fused ? [.full] : [.full, .selective]) : constraints.recompute
    experts =
      limits.experts == 0
      ? (Self.allows(1, constraints.expert) ? [1] : [])
      : limits.experts.divisors.filter { Self.allows($0, constraints.expert) }
    sequenceParallel = Self.allows(true, constraints.sequenceParallel)
    let length = problem.job.sequenceLength
    var contexts = Set<Int>()
    // Over several pools replicas lie next to each other.
    let laysReplicasTogether = Self.allows(.tensorContextDataPipeline, constraints.rankOrder)
    for pool in problem.cluster.pools {
      // Tensor groups that leave their node, or straddle two, are never worth it.
      tensors.append(
        pool.gpusPerNode.divisors.filter {
          laysReplicasTogether && Self.allows($0, constraints.tensor) && limits.allowsTensor($0)
        })
      contexts.formUnion(pool.gpus.divisors)
    }
    self.contexts = contexts.filter {
      Self.allows($0, constraints.context) && length % $0 == 0
        && ($0 == 1 || !limits.hasOpaqueLayers)
    }.sorted()
  }

  /// Whether stages of a tensor degree may be sequence-parallel as the others are.
  func allowsSequence(tensor: Int, context: Int) -> Bool {
    if tensor == 1 { return Self.allows(false, constraints.sequenceParallel) }
    return sequenceParallel
      ? problem.job.sequenceLength / context % tensor == 0 : limits.experts == 0
  }

  func datas(context: Int) -> [Int] {
    let most = problem.cluster.pools.reduce(0) { max($0, $1.gpus) } / context
    return problem.job.globalBatchSize.divisors.filter {
      $0 <= most && Self.allows($0, constraints.data)
    }
  }

  func microBatchSizes(data: Int) -> [Int] {
    (problem.job.globalBatchSize / data).divisors.filter {
      Self.allows($0, constraints.microBatchSize)
    }
  }

  func zeroStages(replicas: Int) -> [ZeroStage] {
    if !constraints.zeroStage.isEmpty { return constraints.zeroStage }
    return replicas == 1 ? [.none] : [.none, .optimizer]
  }

  static func allows<Value: Equatable>(_ value: Value, _ wanted: [Value]) -> Bool {
    wanted.isEmpty || wanted.contains(value)
  }
}
