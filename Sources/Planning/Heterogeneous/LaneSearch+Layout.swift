import Costing
import Quantities
import Scheduling

/// What is done with one layout.
extension LaneSearch {
  /// Holds a layout against sums over its layers; nil if no plan of it is better than what is known.
  mutating func weigh(_ layout: Layout) -> Layout? {
    let base = layout.base
    var weighed = layout
    weighed.level = .weighed
    // Groups of experts reach beyond the pool, where the network may be another.
    guard base.expert == 1 else { return weighed }
    let pools = layout.replicas.indices.filter { layout.replicas[$0] > 0 }
    let slices = pools.map { self.slices.slice(base.layerParallelism, pool: $0) }
    let blocks = zip(pools, slices).map { pool, slice in
      BlockRates(
        problem.pools[pool], slice.costs[space.commonLayer.kind], base.layerParallelism,
        recompute: base.recompute)
    }
    let lanes = LaneBound(
      slices, overhead: 2 * problem.parameters.software.microBatchOverhead.value, blocks: blocks,
      count: space.commonLayer.count, replicas: pools.map { layout.replicas[$0] },
      stages: base.pipeline, base)
    return bounded(weighed, lanes, ends: (0, 0))
  }

  /// Holds a layout against its layers one by one.
  mutating func reach(_ layout: Layout) -> Layout? {
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

  mutating func evaluate(_ layout: Layout) {
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
