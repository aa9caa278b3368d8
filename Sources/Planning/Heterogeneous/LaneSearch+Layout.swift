import Costing
import Quantities
import Scheduling

/// What is done with one layout.
extension LaneSearch {
  /// What so many replicas may shard and recompute, and have memory for, each held against sums over its layers:
  /// those that may be better than what is known.
  func variants(_ layout: Layout) -> [Layout] {
    var base = layout.base
    if space.choices.experts == [1] {
      // Most are too slow however much memory there is.
      let lanes = sums(layout, hasMemory: false)
      guard lanes.allows(mostPipeline(layout, ends: 0), microBatches: microBatches(layout)) else {
        return []
      }
    }
    var found: [Layout] = []
    for expert in space.choices.experts {
      base.expert = expert
      guard allows(base, replicas: base.data) else { continue }
      for zero in space.choices.zeroStages(replicas: base.data * base.context)
      where zero <= .optimizer {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          var variant = layout
          variant.base = base
          variant.level = .weighed
          // Groups of experts reach beyond the pool, where the network may be another.
          if expert > 1 {
            found.append(variant)
          } else if hasRoom(variant), let weighed = weigh(variant) {
            found.append(weighed)
          }
        }
      }
    }
    return found
  }

  private func hasRoom(_ layout: Layout) -> Bool {
    let parallelism = layout.base.layerParallelism
    return zip(layout.pools, layout.lanes.slices).allSatisfy { index, whole in
      let (pool, slice) = (problem.pools[index], whole.slice)
      let states = slice.parameters * pool.costs.states(parallelism).perParameter
      return (states + slice.activations(layout.base.recompute)) / Double(layout.base.pipeline)
        <= pool.room(parallelism).value
    }
  }

  /// Nil if no plan is better than what is known.
  private func weigh(_ layout: Layout) -> Layout? {
    let lanes = sums(layout, hasMemory: true)
    let count = microBatches(layout)
    // Most are too slow whatever comes after their pipelines.
    guard lanes.allows(mostPipeline(layout, ends: 0), microBatches: count) else { return nil }
    return bounded(layout, ends: ends(layout)) { low, most in
      lanes.least(microBatches: count, from: low, below: most)
    }
  }

  /// Holds a layout against its layers one by one, and plans near what is possible.
  func reach(_ layout: Layout) -> Layout? {
    let base = layout.base
    if base.virtualStages > 1 { return reachChunks(layout) }
    let count = microBatches(layout)
    let models = models(layout)
    let sends = layout.pools.map { leastSend(base, pool: $0) }
    var reach = LaneReach(
      models, leastSends: sends, replicas: layout.pools.map { layout.replicas[$0] }, count: count)
    let sums = base.expert == 1 ? sums(layout, hasMemory: true) : nil
    var reached = layout
    reached.level = .reached
    let bounded = bounded(reached, ends: ends(models)) { low, most in
      let shares =
        sums?.shares(within: most, of: count) ?? layout.pools.map { _ in count }
      return reach.least(from: low, below: most, shares: shares)
    }
    if bounded != nil, let cut = reach.cut {
      let model = mixedModel(layout, cut.shares)
      // A share may still grow by some.
      let most = cut.shares.map { $0 + base.pipeline }
      if let split = split(cut.boundaries, model, most) {
        evaluate(layout, model, split, cut.shares)
      }
    }
    return bounded
  }

  private func microBatches(_ layout: Layout) -> Int {
    problem.job.globalBatchSize / layout.base.microBatchSize
  }

  /// - Parameter hasMemory: Whether what there is no room for counts; else stages are as if there were room for
  ///   everything.
  private func sums(_ layout: Layout, hasMemory: Bool) -> LaneBound {
    let base = layout.base
    let whole = space.wholeLayers(ofChunks: base.virtualStages)
    let stages = zip(layout.pools, layout.lanes.slices).map { pool, part in
      let cost = part.slice.costs[space.commonLayer.kind]
      return hasMemory
        ? LaneBound.Blocks.limited(
          BlockRates(
            problem.pools[pool], cost, base.layerParallelism, recompute: base.recompute
          ).times(whole.each), count: whole.least)
        : LaneBound.Blocks.unlimited(
          seconds: cost.ownPasses.value, count: space.commonLayer.count)
    }
    return LaneBound(
      layout.lanes.slices, overhead: bound.chunkOverhead, blocks: stages,
      replicas: layout.pools.map { layout.replicas[$0] },
      firstChunk: space.firstChunk(ofChunks: base.virtualStages), base)
  }

  /// - Parameters:
  ///   - ends: Seconds that reducing gradients and updating weights take after the pipelines.
  ///   - least: The least time of the pipelines, from one on and below another.
  private func bounded(
    _ layout: Layout, ends: Double, _ least: (_ low: Double, _ most: Double) -> Double?
  ) -> Layout? {
    let waiting = waiting(layout.base, layout.replicas)
    let others = ends + bound.overhead
    guard let least = least(layout.bound / waiting - others, mostPipeline(layout, ends: ends))
    else { return nil }
    var bounded = layout
    bounded.bound = max(layout.bound, (least + others) * waiting)
    return bounded
  }

  /// Seconds from which on a pipeline of the layout makes no plan of interest.
  private func mostPipeline(_ layout: Layout, ends: Double) -> Double {
    min(cutoff, MixedBound.longest) / waiting(layout.base, layout.replicas) - ends - bound.overhead
  }

  /// Reduction and update of a stage that has the mean of all, on whichever lane is slowest with it: every
  /// lane has every stage.
  private func ends(_ layout: Layout) -> Double {
    let base = layout.base
    return slowest(
      zip(layout.pools, layout.lanes.slices).map { pool, whole in
        let slice = whole.slice
        let again = zip(slices.counts, slice.costs).reduce(0) {
          $0 + $1.0 * $1.1.recompute(base.recompute).total.value
        }
        let reaching = reaching(layout, pool)
        return EndFloor.mean(
          StepEnd(
            collectives: reaching.costs.collectives(base.layerParallelism),
            kernels: reaching.costs.kernels, job: problem.job,
            parallelism: base.layerParallelism),
          forward: slice.forward, backward: slice.backward + again, parameters: slice.parameters,
          expertParameters: slice.expertParameters,
          hasReduction: reaching.everyLayerHasParameters,
          overhead: overhead * Double(base.virtualStages),
          stages: base.pipeline, microBatches: 1)
      })
  }

  /// The same of groups of experts, which reach beyond the pool.
  private func ends(_ models: [StrategyModel]) -> Double {
    slowest(
      models.map { model in
        let (table, strategy) = (model.table, model.strategy)
        let all = 0..<table.nodeCount
        let again = table.recomputeTime(
          all, strategy.recompute, recomputed: table.recomputableLayers(all))
        return EndFloor.mean(
          model.end, forward: table.forwardTime(all), backward: table.backwardTime(all) + again,
          parameters: table.sums[table.nodeCount].parameters,
          expertParameters: table.sums[table.nodeCount].expertParameters,
          hasReduction: model.problem.everyLayerHasParameters,
          overhead: overhead * Double(strategy.virtualStages),
          stages: strategy.pipeline, microBatches: 1)
      })
  }

  private func slowest(_ lanes: [(reduction: Double, optimizer: Double)]) -> Double {
    lanes.reduce(0) { max($0, $1.reduction) } + lanes.reduce(0) { max($0, $1.optimizer) }
  }

  private var overhead: Double { problem.parameters.software.microBatchOverhead.value }

  /// GPUs of a stage on a pool.
  private func home(_ layout: Layout, _ pool: Int) -> Int {
    layout.replicas[pool] * layout.base.tensor * layout.base.context
  }

  /// By lane.
  private func models(_ layout: Layout) -> [StrategyModel] {
    let base = layout.base
    return layout.pools.map { pool in
      // Only groups of experts reach beyond the pool with every layer.
      let table =
        base.expert == 1 ? tables.table(base.layerParallelism, pool: pool) : nil
      return StrategyModel(
        reaching(layout, pool), base, table: table)
    }
  }

  /// A pool as groups of a stage's replicas see it, which go on in other pools if there are several.
  private func reaching(_ layout: Layout, _ pool: Int) -> PlanningProblem {
    layout.pools.count == 1
      ? problem.pools[pool] : tables.pool(pool, reachingBeyond: home(layout, pool))
  }

  /// Seconds between two stages of a pool that are next to one another, whichever they are and however
  /// many replicas each has.
  private func leastSend(_ base: ParallelStrategy, pool: Int) -> Double {
    guard base.pipeline > 1 else { return 0 }
    var single = base
    single.data = 1
    single.zeroStage = .none
    let own = problem.pools[pool]
    let model = StrategyModel(
      own, single,
      table: base.expert == 1 ? tables.table(single.layerParallelism, pool: pool) : nil)
    // Whether neighbours share a node repeats with the nodes.
    let period = max(1, own.pool.gpusPerNode / (base.tensor * base.context))
    return (0..<min(period, base.pipeline - 1)).reduce(Double.infinity) {
      min($0, model.sendTime(afterVirtualStage: $1, cut: own.narrowestCut).value)
    }
  }

  // MARK: Plans

  /// Tries every way to cut the model into even chunks. What is left is the bound on those of which it is
  /// open how much they must recompute: a replica with no more micro-batches than stages holds fewer
  /// than others.
  private func reachChunks(_ layout: Layout) -> Layout? {
    let base = layout.base
    let all = microBatches(layout)
    let shares = layout.pools.map { _ in max(base.pipeline, all / base.data) }
    let model = mixedModel(layout, shares)
    var reached = layout
    reached.level = .reached
    reached.bound = .infinity
    for boundaries in space.limits.chunks.cuts(chunks: base.pipeline * base.virtualStages) {
      func split(rounds: Int) -> PipelineSplit? {
        self.split(boundaries, model, shares.map { _ in rounds * base.pipeline })
      }
      guard let fewest = split(rounds: 1) else { continue }
      let least = evaluate(layout, model, fewest, shares)
      guard least < best else { continue }
      let most = split(rounds: 2)
      if most == fewest { continue }
      if let most { evaluate(layout, model, most, shares) }
      reached.bound = min(reached.bound, max(least, layout.bound))
    }
    return reached
  }

  private func mixedModel(_ layout: Layout, _ shares: [Int]) -> MixedModel {
    let lanes = zip(layout.pools, shares).map { pool, share in
      lane(pool: pool, replicas: layout.replicas[pool], layout.base, microBatches: max(1, share))
    }
    return MixedModel(problem, MixedStrategy(base: layout.base, lanes: lanes), tables: tables)
  }

  /// Bounds the steps of a layout that is cut so, and predicts the best of them if it may be among the best
  /// plans.
  ///
  /// - Parameter shares: Of one replica of each lane, to start from.
  @discardableResult
  private func evaluate(
    _ layout: Layout, _ model: MixedModel, _ split: PipelineSplit, _ shares: [Int]
  ) -> Double {
    let (base, pools) = (layout.base, layout.pools)
    let count = microBatches(layout)
    let times = pools.indices.map { model.pipelineTimes(split, lane: $0) }
    func race(_ clock: LaneRace.Clock) -> LaneRace {
      LaneRace(
        times: times, replicas: pools.map { layout.replicas[$0] }, schedule: base.schedule,
        clock: clock)
    }
    // Bounding takes a fraction of what playing and predicting do.
    var bounded = race(.bounded)
    let undisturbed =
      bounded.seconds(microBatches: count, from: shares) + model.end(split, times).value
      + bound.overhead
    let least = undisturbed * (1 + model.stragglerFraction)
    guard least < kept.limit else { return least }
    var played = race(.played)
    func strategy(atLeast least: Int) -> MixedStrategy {
      let lanes = played.lanes(microBatches: count, from: shares, atLeast: least).map {
        lane(pool: pools[$0.index], replicas: $0.replicas, base, microBatches: $0.microBatches)
      }
      return MixedStrategy(base: base, lanes: lanes)
    }
    // Without those that had better have nothing to do, if so few replicas are allowed.
    var final = strategy(atLeast: 0)
    if !allows(base, replicas: final.base.data) { final = strategy(atLeast: 1) }
    keep(MixedPlan(problem, final, split, devices: [], tables: tables))
    return least
  }

  private func lane(
    pool: Int, replicas: Int, _ base: ParallelStrategy, microBatches: Int
  ) -> Lane {
    let seat = StageSeat(
      pool: pool, tensor: base.tensor, data: replicas, microBatchSize: base.microBatchSize)
    return Lane(
      seats: Array(repeating: seat, count: base.pipeline), microBatches: microBatches)
  }

  /// Each stage recomputes what the replica with the least room must.
  private func split(
    _ boundaries: [Int], _ model: MixedModel, _ shares: [Int]
  ) -> PipelineSplit? {
    var least = PipelineSplit(
      boundaries: boundaries, recomputed: [Int](repeating: 0, count: model.stages))
    for lane in shares.indices {
      let costs = SplitCosts(
        model.model(lane: lane, stage: 0).model.running(shares[lane]), choosesRecompute: true)
      guard let own = costs.leastRecomputed(boundaries) else { return nil }
      least.recomputed = zip(least.recomputed, own.recomputed).map(max)
    }
    return least
  }
}
