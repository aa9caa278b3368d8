import Costing
import Quantities
import Scheduling

/// Pipelines over several pools.
extension ClusterMemorySearch {
  /// - Returns: whether there was time for all.
  mutating func collectPipelines(
    into layouts: inout [Layout], _ shouldStop: () -> Bool
  ) -> Bool {
    guard let policy else { return true }
    // Several chunks a stage hold no less, but not by a rule that would tell how much.
    guard let schedule else {
      if !space.schedules.isEmpty { open = min(open, runtime) }
      return true
    }
    var base = ParallelStrategy(recompute: policy, schedule: schedule)
    base.sequenceParallel = space.choices.sequenceParallel
    for context in space.choices.contexts {
      base.context = context
      for data in space.choices.datas(context: context) {
        guard let size = space.choices.microBatchSizes(data: data).min() else { continue }
        base.data = data
        base.microBatchSize = size
        base.microBatches = problem.job.globalBatchSize / data / size
        for expert in space.choices.experts {
          base.expert = expert
          for zero in zeroStages(data * context) {
            if shouldStop() { return false }
            base.zeroStage = zero
            collectPipelines(base, into: &layouts)
          }
        }
      }
    }
    return true
  }

  private func splits(ofPool pool: Int, _ base: ParallelStrategy) -> [MixedSpace.Split] {
    tensors[pool].compactMap { tensor in
      let group = tensor * base.context * base.data
      guard group <= problem.cluster.pools[pool].gpus, group.isMultiple(of: base.expert),
        space.choices.allowsSequence(tensor: tensor, context: base.context)
      else { return nil }
      return MixedSpace.Split(
        tensor: tensor, parts: 1, groups: problem.cluster.pools[pool].gpus / group)
    }
  }

  private mutating func collectPipelines(
    _ base: ParallelStrategy, into layouts: inout [Layout]
  ) {
    let choices = problem.pools.indices.map { pool in
      splits(ofPool: pool, base).map { split in
        (
          split,
          1 / whole(space.strategy(base, tensor: split.tensor, parts: split.parts), pool: pool)
        )
      }
    }
    // Of many pools not all choices are visited.
    if problem.pools.count > MixedSpace.freelySplitPools {
      let most = choices.reduce(0) { sum, choices in
        sum + choices.reduce(0) { max($0, Double($1.0.groups) * $1.1) }
      }
      if most > 0 { open = min(open, runtime + 1 / most) }
    }
    let (runtime, deepest, limit) = (runtime, space.deepest, limit)
    var excluded = 0
    space.forEachChoice(among: choices.map(\.count)) { choice in
      let chosen = choices.indices.map { pool in
        choices[pool].isEmpty ? nil : choices[pool][choice[pool]]
      }
      var (covered, left) = (0.0, deepest)
      for (split, rate) in chosen.compactMap({ $0 }).sorted(by: { $0.1 > $1.1 }) {
        covered += Double(min(left, split.groups)) * rate
        left -= min(left, split.groups)
      }
      guard covered > 0 else { return }
      let bound = runtime + 1 / covered
      guard bound < limit else {
        excluded += 1
        return
      }
      layouts.append(Layout(bound: bound, base: base, kind: .pipeline(chosen.map { $0?.0 })))
    }
    pruned += excluded
  }

  mutating func cut(
    _ layout: Layout, _ splits: [MixedSpace.Split?], _ shouldStop: () -> Bool
  ) {
    let isFree = space.constraints.pipeline.isEmpty && !layout.base.schedule.holdsByDepth
    guard !isFree else { return cut(layout, splits, depth: .any, shouldStop) }
    let groups = splits.reduce(0) { $0 + ($1?.groups ?? 0) }
    for depth in space.depths(layout.base, space.folds[0], most: groups) {
      cut(layout, splits, depth: .atMost(depth), shouldStop)
    }
  }

  private mutating func cut(
    _ layout: Layout, _ splits: [MixedSpace.Split?], depth: LeanestStages.Depth,
    _ shouldStop: () -> Bool
  ) {
    let used = splits.indices.filter { splits[$0] != nil }
    let all = used.map { pool in
      Group(pools: [pool], seat: seat(layout.base, splits[pool]!, pool: pool, depth))
    }
    // GPUs that hold alike are one kind, within the smallest's memory: beyond that they may differ.
    let merged = all.reduce(into: [Group]()) { groups, group in
      if let same = groups.firstIndex(where: { holdAlike($0, group) }) {
        groups[same].append(group)
      } else {
        groups.append(group)
      }
    }
    if cut(layout, merged, depth, splits, shouldStop) { return }
    let smallest = merged.map(\.seat.limit).min() ?? 0
    if merged.count < all.count, limit > smallest {
      _ = cut(layout, all, depth, splits, shouldStop)
    }
  }

  /// Pools whose groups are of one kind.
  private struct Group {
    var pools: [Int]
    var seat: LeanestStages.Seat

    mutating func append(_ other: Group) {
      pools += other.pools
      seat = LeanestStages.Seat(
        costs: seat.costs, groups: seat.groups + other.seat.groups,
        limit: min(seat.limit, other.seat.limit))
    }
  }

  private func holdAlike(_ a: Group, _ b: Group) -> Bool {
    let (a, b) = (a.seat.costs, b.seat.costs)
    return a.model.parallelism == b.model.parallelism && a.model.states == b.model.states
      && zip(a.table.costs, b.table.costs).allSatisfy { one, other in
        one.activations == other.activations && one.transient == other.transient
          && one.selectiveActivations == other.selectiveActivations
          && one.fullActivations == other.fullActivations
      }
  }

  private func seat(
    _ base: ParallelStrategy, _ split: MixedSpace.Split, pool: Int, _ depth: LeanestStages.Depth
  ) -> LeanestStages.Seat {
    var strategy = space.strategy(base, tensor: split.tensor, parts: split.parts)
    strategy.pipeline = min(depth.most, strategy.pipeline)
    let model = StrategyModel(
      problem.pools[pool], strategy, table: tables.table(strategy.layerParallelism, pool: pool))
    return LeanestStages.Seat(
      costs: SplitCosts(model, choosesRecompute: false), groups: split.groups,
      limit: problem.pools[pool].memoryLimit.value)
  }

  /// Whether there is a cut that holds less than what is known, or nobody knows.
  private mutating func cut(
    _ layout: Layout, _ groups: [Group], _ depth: LeanestStages.Depth,
    _ splits: [MixedSpace.Split?], _ shouldStop: () -> Bool
  ) -> Bool {
    let most = groups.map { min($0.seat.groups, min(depth.most, space.limits.nodes)) }
    guard GroupStates.count(most: most) <= states else {
      open = min(open, layout.bound)
      return true
    }
    func leanest(_ depth: LeanestStages.Depth) -> LeanestStages.Cut? {
      var stages = LeanestStages(groups.map(\.seat), depth: depth)
      let cut = stages.best(below: limit, shouldStop: shouldStop)
      if !stages.isComplete { open = min(open, layout.bound) }
      return cut
    }
    guard let cut = leanest(depth) else { return false }
    var wanted: LeanestStages.Cut? = cut
    if case .atMost(let stages) = depth, cut.seats.count < stages {
      wanted = leanest(.exactly(stages))
    }
    if let wanted { consider(wanted, layout.base, groups, splits) }
    if limit > cut.memory * (1 + 1e-9) { open = min(open, cut.memory) }
    return true
  }

  private mutating func consider(
    _ cut: LeanestStages.Cut, _ base: ParallelStrategy, _ groups: [Group],
    _ splits: [MixedSpace.Split?]
  ) {
    var base = base
    base.pipeline = cut.seats.count
    var left = splits.map { $0?.groups ?? 0 }
    var (seats, recomputed) = ([StageSeat](), [Int]())
    for (stage, group) in cut.seats.enumerated() {
      let (pools, table) = (groups[group].pools, groups[group].seat.costs.table)
      guard let pool = pools.first(where: { left[$0] > 0 }) else {
        preconditionFailure("a cut has no more stages of a kind than there are groups")
      }
      left[pool] -= 1
      seats.append(
        StageSeat(
          pool: pool, tensor: splits[pool]!.tensor, data: base.data,
          microBatchSize: base.microBatchSize))
      recomputed.append(
        base.recompute == .none
          ? 0 : table.recomputableLayers(cut.boundaries[stage]..<cut.boundaries[stage + 1]))
    }
    let lane = Lane(seats: seats, microBatches: base.microBatches)
    consider(
      MixedStrategy(base: base, lanes: [lane]),
      PipelineSplit(boundaries: cut.boundaries, recomputed: recomputed))
  }
}
