import Costing
import Quantities
import Scheduling

/// Data parallelism over unequal replicas, each on one pool.
extension ClusterMemorySearch {
  /// - Returns: whether there was time for all.
  func collectReplicas(into layouts: inout [Layout], _ shouldStop: () -> Bool) -> Bool {
    guard let policy, let schedule, let size = space.choices.microBatchSizes(data: 1).min() else {
      return true
    }
    let pools = problem.cluster.pools
    var base = ParallelStrategy(microBatchSize: size, recompute: policy, schedule: schedule)
    for context in space.choices.contexts {
      base.context = context
      for tensor in Set(tensors.joined()).sorted()
      where space.choices.allowsSequence(tensor: tensor, context: context) {
        base.tensor = tensor
        base.sequenceParallel = space.choices.sequenceParallel && tensor > 1
        let groups = pools.indices.map { pool in
          tensors[pool].contains(tensor) ? pools[pool].gpus / (tensor * context) : 0
        }
        for depth in 1...max(1, min(space.deepest, groups.max() ?? 0))
        where space.allowsDepth(depth) {
          if shouldStop() { return false }
          base.pipeline = depth
          for expert in space.choices.experts {
            base.expert = expert
            collectReplicas(base, groups.map { $0 / depth }, into: &layouts)
          }
        }
      }
    }
    return true
  }

  /// Over all pools that hold a replica, and over all but one: fewer hold no less.
  private func collectReplicas(
    _ base: ParallelStrategy, _ most: [Int], into layouts: inout [Layout]
  ) {
    let holding = most.indices.filter { most[$0] > 0 }
    let parts = [holding] + holding.map { pool in holding.filter { $0 != pool } }
    for pools in parts where pools.count > 1 {
      var base = base
      base.data = pools.reduce(0) { $0 + most[$1] }
      let microBatches = problem.job.globalBatchSize / base.microBatchSize
      guard base.data <= microBatches, BaseChoices.allows(base.data, space.constraints.data),
        (base.tensor * base.context * base.data).isMultiple(of: base.expert)
      else { continue }
      // Of the replica with the most.
      base.microBatches = (microBatches + base.data - 1) / base.data
      for zero in zeroStages(base.data * base.context)
      where zero <= .optimizer || microBatches.isMultiple(of: base.data) {
        base.zeroStage = zero
        let whole = pools.reduce(0.0) { max($0, self.whole(base, pool: $1)) }
        layouts.append(
          Layout(
            bound: runtime + whole / Double(base.pipeline), base: base,
            kind: .replicas(most.indices.map { pools.contains($0) ? most[$0] : 0 })))
      }
    }
  }

  mutating func cut(_ layout: Layout, _ replicas: [Int]) {
    let base = layout.base
    let pools = replicas.indices.filter { replicas[$0] > 0 }
    var leanest: [(memory: Double, split: PipelineSplit)] = []
    for pool in pools {
      let reaching = tables.pool(
        pool, reachingBeyond: replicas[pool] * base.tensor * base.context)
      let model = StrategyModel(reaching, base)
      guard
        let boundaries = LeanestCut(SplitCosts(model, choosesRecompute: false))
          .boundaries(below: limit)
      else { return }
      let recomputed = (0..<base.pipeline).map { stage in
        base.recompute == .none
          ? 0 : model.table.recomputableLayers(boundaries[stage]..<boundaries[stage + 1])
      }
      let split = PipelineSplit(boundaries: boundaries, recomputed: recomputed)
      let memory = (0..<base.pipeline).reduce(0.0) { most, stage in
        let chunks = split.chunks(ofStage: stage, of: base.pipeline)
        return max(
          most,
          model.memory(stage: stage, chunks: chunks, recomputed: recomputed[stage]).total.value)
      }
      guard memory <= reaching.memoryLimit.value else { return }
      leanest.append((memory, split))
    }
    // The cut must suit the replicas that hold most.
    guard let fullest = leanest.max(by: { $0.memory < $1.memory }) else { return }
    consider(MixedStrategy(base: base, lanes: lanes(base, replicas)), fullest.split)
    if limit > fullest.memory * (1 + 1e-9) { open = min(open, fullest.memory) }
  }

  /// Micro-batches as evenly as they divide: the first replicas have one more.
  private func lanes(_ base: ParallelStrategy, _ replicas: [Int]) -> [Lane] {
    let microBatches = problem.job.globalBatchSize / base.microBatchSize
    let fewest = microBatches / base.data
    var more = microBatches % base.data
    return replicas.indices.flatMap { pool -> [Lane] in
      let longer = min(more, replicas[pool])
      more -= longer
      return [(longer, fewest + 1), (replicas[pool] - longer, fewest)].filter { $0.0 > 0 }
        .map { count, microBatches in
          let seat = StageSeat(
            pool: pool, tensor: base.tensor, data: count, microBatchSize: base.microBatchSize)
          return Lane(
            seats: Array(repeating: seat, count: base.pipeline), microBatches: microBatches)
        }
    }
  }
}
