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
  let slices: PoolSlices
  private(set) var found: [MixedPlan] = []
  private(set) var considered = 0
  private(set) var pruned = 0
  private(set) var open = Double.infinity
  private var best: Double
  private var seats: [SeatKey: SeatCosts] = [:]
  private var rates: [SeatKey: SeatRates] = [:]

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    tables: SeatTables, slices: PoolSlices? = nil, below best: Double
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.slices = slices ?? PoolSlices(problem)
    self.best = best
  }

  private struct Layout: Comparable {
    var bound: Double
    var order: Int
    /// Its data-parallel degree is that of all replicas together.
    var base: ParallelStrategy
    /// By pool, how many replicas it has.
    var replicas: [Int]
    /// Whether it has been held against `LaneBound` from sums, and from its layers.
    var level = Level.collected
    enum Level { case collected, weighed, reached }
    static func < (a: Layout, b: Layout) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Layout, b: Layout) -> Bool { a.order == b.order }
  }

  private struct SeatKey: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
    var recompute: RecomputePolicy
    var home: Int
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    var layouts: [Layout] = []
    for schedule in space.plainSchedules { collect(schedule, into: &layouts) }
    var heap = Heap(layouts)
    var evaluated = 0
    while let layout = heap.popMin() {
      if layout.bound >= best {
        pruned += heap.count + 1
        break
      }
      onProgress(
        SearchProgress(
          best: best, bound: min(open, layout.bound), strategiesConsidered: considered,
          strategiesPruned: pruned))
      if shouldStop() || evaluated >= effort.laneLayouts || considered >= effort.layouts {
        open = min(open, layout.bound)
        pruned += heap.count
        break
      }
      switch layout.level {
      case .collected: insert(weigh(layout), into: &heap)
      case .weighed:
        considered += 1
        insert(reach(layout), into: &heap)
      case .reached:
        evaluated += 1
        evaluate(layout)
        // Cut in one way, a pipeline of one stage is known exactly.
        if layout.base.pipeline > 1 || layout.bound < best { open = min(open, layout.bound) }
      }
    }
  }

  private mutating func insert(_ layout: Layout?, into heap: inout Heap<Layout>) {
    if let layout, layout.bound < best { heap.insert(layout) } else { pruned += 1 }
  }

  // MARK: Layouts

  private mutating func collect(_ schedule: PipelineSchedule, into layouts: inout [Layout]) {
    let job = problem.job
    let pools = problem.cluster.pools
    let tensors = Set(space.choices.tensors.joined()).sorted()
    for context in space.choices.contexts {
      for tensor in tensors where space.choices.allowsSequence(tensor: tensor, context: context) {
        for size in job.globalBatchSize.divisors
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
              1 / slices.work(base.layerParallelism, pool: $0)
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

  /// Holds a layout against sums over its layers; nil if no plan of it is better than what is known.
  private mutating func weigh(_ layout: Layout) -> Layout? {
    let base = layout.base
    var weighed = layout
    weighed.level = .weighed
    // Groups of experts reach beyond the pool, where the network may be another.
    guard base.expert == 1 else { return weighed }
    let seats = layout.replicas.indices.filter { layout.replicas[$0] > 0 }.map { pool in
      let key = SeatKey(
        pool: pool, parallelism: base.layerParallelism, recompute: base.recompute, home: 0)
      if let known = rates[key] { return known }
      let rates = SeatRates(
        problem.pools[pool], slices.slice(base.layerParallelism, pool: pool),
        base.layerParallelism, groups: base.pipeline, counts: slices.counts,
        recompute: base.recompute)
      self.rates[key] = rates
      return rates
    }
    let lanes = LaneBound(
      seats, blocks: space.commonLayer.count, replicas: layout.replicas.filter { $0 > 0 },
      stages: base.pipeline, schedule: base.schedule)
    return bounded(weighed, lanes, ends: (0, 0))
  }

  /// Holds a layout against its layers one by one.
  private mutating func reach(_ layout: Layout) -> Layout? {
    let base = layout.base
    let seats = seats(layout)
    var reached = layout
    reached.level = .reached
    let lanes = LaneBound(
      seats, replicas: layout.replicas.filter { $0 > 0 }, stages: base.pipeline,
      schedule: base.schedule)
    return bounded(reached, lanes, ends: ends(seats, base))
  }

  private func bounded(
    _ layout: Layout, _ lanes: LaneBound, ends: (reduction: Double, update: Double)
  ) -> Layout? {
    let base = layout.base
    let count = problem.job.globalBatchSize / base.microBatchSize
    let replica = base.pipeline * base.tensor * base.context
    let waiting =
      1 + MixedModel.stragglerFraction(problem, gpus: layout.replicas.map { $0 * replica })
    // Some replica has its fair share of micro-batches to hide behind.
    let share = (count + base.data - 1) / base.data
    func pipeline(_ step: Double) -> Double {
      bound.pipeline(within: min(step, MixedBound.longest) / waiting, ends, microBatches: share)
    }
    guard
      let least = lanes.least(
        microBatches: count, from: pipeline(layout.bound), below: pipeline(best))
    else { return nil }
    var bounded = layout
    bounded.bound = max(layout.bound, bound.step(least, ends, microBatches: share) * waiting)
    return bounded
  }

  /// Reduction and update of a stage that has the mean of all, on whichever lane is quickest with it.
  private func ends(
    _ seats: [SeatCosts], _ base: ParallelStrategy
  ) -> (reduction: Double, update: Double) {
    var least = (reduction: Double.infinity, update: Double.infinity)
    for seat in seats {
      let (table, model) = (seat.model.table, seat.model)
      let part = 1 / Double(base.pipeline)
      let dense = table.parameters[table.nodeCount] * part
      // Not every stage has experts, and so their collectives' latencies.
      let reduction = model.end.exposedReduction(
        parameters: dense, expertParameters: 0, tiedBytes: .zero, forward: .zero, backward: .zero,
        microBatches: 1)
      let update = model.end.optimizerTime(parameters: dense, expertParameters: 0)
      least.reduction = min(least.reduction, reduction.value)
      least.update = min(least.update, update.value)
    }
    return problem.pools[0].everyLayerHasParameters ? least : (0, least.update)
  }

  /// By lane.
  private mutating func seats(_ layout: Layout) -> [SeatCosts] {
    let base = layout.base
    return layout.replicas.indices.filter { layout.replicas[$0] > 0 }.map { pool in
      let home = layout.replicas[pool] * base.tensor * base.context
      let key = SeatKey(
        pool: pool, parallelism: base.layerParallelism, recompute: base.recompute, home: home)
      if let known = seats[key] { return known }
      var strategy = base
      strategy.pipeline = space.limits.nodes
      // Only groups of experts reach beyond the pool with every layer.
      let table =
        base.expert == 1 ? tables.table(base.layerParallelism, pool: pool) : nil
      let seat = SeatCosts(
        StrategyModel(
          tables.pool(pool, reachingBeyond: home), strategy, table: table), pool: pool,
        most: base.pipeline)
      seats[key] = seat
      return seat
    }
  }

  private mutating func evaluate(_ layout: Layout) {
    let base = layout.base
    let pools = layout.replicas.indices.filter { layout.replicas[$0] > 0 }
    let count = problem.job.globalBatchSize / base.microBatchSize
    let seats = seats(layout)
    // Shares by speed, to begin with.
    let speeds = seats.map { 1 / $0.wholeTime }
    var sum = 0.0
    for (pool, speed) in zip(pools, speeds) { sum += Double(layout.replicas[pool]) * speed }
    let shares = speeds.map { max(1, Int(Double(count) * $0 / sum)) }
    let lanes = zip(pools, shares).map { pool, share in
      lane(pool: pool, replicas: layout.replicas[pool], base, microBatches: share)
    }
    let model = MixedModel(problem, MixedStrategy(base: base, lanes: lanes), tables: tables)
    for cut in cuts(seats, base, shares) {
      guard let split = split(cut, seats, base, shares) else { continue }
      let times = lanes.indices.map { model.pipelineTimes(split, lane: $0) }
      var race = LaneRace(
        times: times, replicas: pools.map { layout.replicas[$0] }, schedule: base.schedule)
      let final = race.lanes(microBatches: count, from: shares).map { index, share, replicas in
        lane(pool: pools[index], replicas: replicas, base, microBatches: share)
      }
      let plan = MixedPlan(
        problem, MixedStrategy(base: base, lanes: final), split, devices: [], tables: tables)
      guard plan.plan.fits else { continue }
      best = min(best, plan.plan.prediction.step.value)
      found.append(plan)
    }
    found.sort { $0.plan.prediction.step < $1.plan.prediction.step }
    if found.count > effort.kept { found.removeLast(found.count - effort.kept) }
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
