import Costing
import HeapModule
import Quantities
import Scheduling

/// Finds the best data parallelism over unequal replicas: each a pipeline on one pool, all cut alike,
/// those on faster GPUs with more of the step's micro-batches.
struct LaneSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  private(set) var found: [MixedPlan] = []
  private(set) var considered = 0
  private(set) var pruned = 0
  private(set) var open = Double.infinity
  private var best: Double

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    tables: SeatTables, below best: Double
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.best = best
  }

  private struct Layout: Comparable {
    var bound: Double
    var order: Int
    /// Its data-parallel degree is that of all replicas together.
    var base: ParallelStrategy
    /// By pool, how many replicas it has.
    var replicas: [Int]
    static func < (a: Layout, b: Layout) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Layout, b: Layout) -> Bool { a.order == b.order }
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    var layouts: [Layout] = []
    for schedule in space.plainSchedules { collect(schedule, into: &layouts) }
    var heap = Heap(layouts)
    while let layout = heap.popMin() {
      if layout.bound >= best {
        pruned += heap.count + 1
        break
      }
      onProgress(
        SearchProgress(
          best: best, bound: min(open, layout.bound), strategiesConsidered: considered,
          strategiesPruned: pruned))
      if shouldStop() || considered >= effort.laneLayouts {
        open = min(open, layout.bound)
        break
      }
      considered += 1
      if !evaluate(layout) { open = min(open, layout.bound) }
    }
  }

  // MARK: Layouts

  private mutating func collect(_ schedule: PipelineSchedule, into layouts: inout [Layout]) {
    let job = problem.job
    let pools = problem.cluster.pools
    let tensors = Set(space.choices.tensors.joined()).sorted()
    for context in space.choices.contexts {
      for tensor in tensors where space.choices.allowsSequence(tensor: tensor, context: context) {
        for size in BaseChoices.divisors(of: job.globalBatchSize)
        where BaseChoices.allows(size, space.constraints.microBatchSize) {
          var base = ParallelStrategy(
            tensor: tensor, context: context, microBatchSize: size,
            sequenceParallel: space.choices.sequenceParallel && tensor > 1, schedule: schedule)
          base.zeroStage = .none
          let race = LaneRates(
            groups: pools.indices.map { pool in
              space.choices.tensors[pool].contains(tensor)
                ? pools[pool].gpus / (tensor * context) : 0
            },
            speeds: pools.indices.map {
              1 / tables.table(base.layerParallelism, pool: $0).wholeTime
            },
            microBatches: job.globalBatchSize / size)
          if race.leastTime(depth: 1, subset: .max) + bound.overhead >= best { continue }
          let deepest = min(space.deepest, race.groups.max() ?? 0)
          for depth in 1...max(1, deepest) where space.allowsDepth(depth) {
            base.pipeline = depth
            collect(base, race, into: &layouts)
          }
        }
      }
    }
  }

  private mutating func collect(
    _ base: ParallelStrategy, _ race: LaneRates, into layouts: inout [Layout]
  ) {
    let pools = problem.cluster.pools.count
    let all = (1 << pools) - 1
    // Of many pools, all of them or all but one.
    let subsets = pools <= 4 ? Array(1...all) : [all] + (0..<pools).map { all & ~(1 << $0) }
    for subset in subsets where subset & (subset - 1) != 0 {
      let value = race.leastTime(depth: base.pipeline, subset: subset) + bound.overhead
      guard value < best, race.coversAll(subset, depth: base.pipeline) else {
        pruned += 1
        continue
      }
      let replicas = race.groups.enumerated().map {
        subset >> $0 & 1 == 1 ? $1 / base.pipeline : 0
      }
      let total = replicas.reduce(0, +)
      guard total <= race.microBatches, BaseChoices.allows(total, space.constraints.data) else {
        continue
      }
      var base = base
      base.data = total
      for zero in space.choices.zeroStages(replicas: total * base.context) where zero <= .optimizer
      {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          for expert in space.choices.experts
          where (base.tensor * base.context * total).isMultiple(of: expert) {
            base.expert = expert
            layouts.append(
              Layout(bound: value, order: layouts.count, base: base, replicas: replicas))
          }
        }
      }
    }
  }

  // MARK: One layout

  /// - Returns: whether the layout holds no better plan than is known now: so with one stage, which
  ///   cannot be cut in different ways.
  private mutating func evaluate(_ layout: Layout) -> Bool {
    let base = layout.base
    let pools = layout.replicas.indices.filter { layout.replicas[$0] > 0 }
    let count = problem.job.globalBatchSize / base.microBatchSize
    // Shares by speed, to begin with.
    let speeds = pools.map { pool in
      1 / tables.table(oneReplica(base), pool: pool).wholeTime
    }
    var sum = 0.0
    for (pool, speed) in zip(pools, speeds) { sum += Double(layout.replicas[pool]) * speed }
    let shares = speeds.map { max(1, Int(Double(count) * $0 / sum)) }
    let lanes = zip(pools, shares).map { pool, share in
      lane(pool: pool, replicas: layout.replicas[pool], base, microBatches: share)
    }
    let model = MixedModel(problem, MixedStrategy(base: base, lanes: lanes))
    let seats = lanes.indices.map {
      SeatCosts(model.model(lane: $0, stage: 0).model, pool: pools[$0], most: base.pipeline)
    }
    for cut in cuts(seats, base, shares) {
      guard let split = split(cut, seats, base, shares) else { continue }
      let times = lanes.indices.map { model.pipelineTimes(split, lane: $0) }
      var race = LaneRace(
        times: times, replicas: pools.map { layout.replicas[$0] }, schedule: base.schedule)
      let final = race.lanes(microBatches: count, from: shares).map { index, share, replicas in
        lane(pool: pools[index], replicas: replicas, base, microBatches: share)
      }
      let plan = MixedPlan(
        problem, MixedStrategy(base: base, lanes: final), split, devices: [])
      guard plan.plan.fits else { continue }
      best = min(best, plan.plan.prediction.step.value)
      found.append(plan)
    }
    found.sort { $0.plan.prediction.step < $1.plan.prediction.step }
    if found.count > effort.kept { found.removeLast(found.count - effort.kept) }
    return base.pipeline == 1 && layout.bound >= best
  }

  private func oneReplica(_ base: ParallelStrategy) -> LayerParallelism {
    var parallelism = base.layerParallelism
    parallelism.expert = 1
    parallelism.data = 1
    parallelism.zeroStage = .none
    return parallelism
  }

  private func lane(
    pool: Int, replicas: Int, _ base: ParallelStrategy, microBatches: Int
  ) -> Lane {
    let seat = StageSeat(
      pool: pool, tensor: base.tensor, data: replicas, microBatchSize: base.microBatchSize)
    return Lane(
      seats: Array(repeating: seat, count: base.pipeline), microBatches: microBatches)
  }

  /// Where each pool's replicas would cut the model if they were alone.
  private func cuts(_ seats: [SeatCosts], _ base: ParallelStrategy, _ shares: [Int]) -> [[Int]] {
    let nodes = space.limits.nodes
    guard base.pipeline > 1 else { return [[0, nodes]] }
    var cuts: [[Int]] = []
    for (seat, share) in zip(seats, shares) {
      let sends = [[(0...nodes).map { 2 * seat.nearestSend(cut: min($0, nodes - 1)) }]]
      let table = SuffixTable(
        seats: [seat], most: [base.pipeline], deepest: base.pipeline, microBatches: share,
        schedule: base.schedule, sends: sends)
      var tries = effort.triesPerState
      _ = table.visitCuts(of: base.pipeline, below: .infinity, effort: &tries) { cut in
        if !cuts.contains(cut.boundaries) { cuts.append(cut.boundaries) }
        return -1
      }
    }
    return cuts
  }

  /// Each stage recomputes what the replica with the least room must.
  private func split(
    _ boundaries: [Int], _ seats: [SeatCosts], _ base: ParallelStrategy, _ shares: [Int]
  ) -> PipelineSplit? {
    var recomputed: [Int] = []
    for stage in 0..<base.pipeline {
      var most = 0
      for (seat, share) in zip(seats, shares) {
        // A share may still grow by some.
        let held = base.schedule.inFlightMicroBatches(
          atStage: stage, stages: base.pipeline, microBatches: share + base.pipeline)
        guard
          let layers = seat.leastRecomputation(
            boundaries[stage], boundaries[stage + 1], held: held)
        else { return nil }
        most = max(most, layers)
      }
      recomputed.append(most)
    }
    return PipelineSplit(boundaries: boundaries, recomputed: recomputed)
  }
}

extension StageTable {
  /// Of all layers, nothing recomputed.
  var wholeTime: Double { forward[nodeCount] + backward[nodeCount] }
}
