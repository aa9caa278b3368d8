import Costing
import Scheduling

/// How many layers pools can take in a time, however they are split: what excludes most of a search's nodes before
/// any layout is made of them.
extension MixedSearch {
  /// A pool split one way, and how many layers it can take.
  struct Choice {
    var split: MixedSpace.Split
    var parallelism: LayerParallelism
    var whole: PoolSlice
    var block: BlockRates
    var place: Int32?
  }

  /// Whether groups may get through all layers in time with any sharding of states, recomputation, schedule and
  /// number of chunks: of none of these fewer micro-batches are held than in 1F1B. Most bases are too large, and
  /// so are not looked at one by one.
  ///
  /// - Parameter step: What the whole step may take.
  func mayCover(_ base: Base, within step: Double) -> Bool {
    let (rates, strategy) = (sliceRates[base.slice], base.strategy)
    let m = strategy.microBatches
    let deepest = min(space.deepest, rates.mostGroups(replicas: strategy.data))
    let time = space.schedules.reduce(0) { most, each in
      var base = base
      base.strategy.schedule = each.0
      return max(most, stageTime(base, stages: deepest, within: step))
    }
    let (zeros, kind) = (zeroStages(strategy), space.commonLayer.kind)
    func isEnough(
      _ layers: (_ pool: Int, SliceRates.Option, _ groups: Int, _ left: Int) -> Int
    ) -> Bool {
      var left = space.commonLayer.count
      for (pool, options) in rates.options.enumerated() where left > 0 {
        left -= options.reduce(0) { most, option in
          guard let groups = groups(option, pool: pool, base) else { return most }
          return max(most, layers(pool, option, min(groups, deepest), left))
        }
      }
      return left <= 0
    }
    // Time alone often tells.
    let hasTime = isEnough { _, option, groups, _ in
      let most = time / option.slice.costs[kind].ownPasses.value
      return groups * Int(max(0, min(1e6, most * (1 + 1e-9))))
    }
    return hasTime
      && isEnough { pool, option, groups, left in
        let cost = option.slice.costs[kind]
        let memory = BlockRates.leastMemory(
          problem.pools[pool], cost, parallelism(option, strategy), zeros: zeros)
        return space.choices.recompute.reduce(0) { most, recompute in
          let block = BlockRates(
            cost, states: memory.states, room: memory.room, recompute: recompute)
          return max(
            most,
            block.layers(within: time, stages: groups, enough: left) { HeldBatches(min(m, $0)) })
        }
      }
  }

  /// That a base leaves open.
  func zeroStages(_ base: ParallelStrategy) -> [ZeroStage] {
    let replicas = space.partsBatches ? .max : base.data * base.context
    return space.choices.zeroStages(replicas: replicas).filter {
      $0.representative == base.zeroStage
    }
  }

  /// Groups of a base's replicas that a pool holds if it is split so; nil if that may not be.
  func groups(_ option: SliceRates.Option, pool: Int, _ base: Base) -> Int? {
    BaseChoices.allows(base.strategy.data * option.parts, space.constraints.data)
      ? sliceRates[base.slice].groups(option, pool: pool, replicas: base.strategy.data) : nil
  }

  func parallelism(
    _ option: SliceRates.Option, _ base: ParallelStrategy
  ) -> LayerParallelism {
    space.strategy(base, tensor: option.tensor, parts: option.parts).layerParallelism
  }

  func choices(_ base: Base) -> [[Choice]] {
    let (rates, strategy) = (sliceRates[base.slice], base.strategy)
    return problem.pools.indices.map { pool in
      rates.options[pool].compactMap { option in
        guard let groups = groups(option, pool: pool, base) else { return nil }
        let parallelism = parallelism(option, strategy)
        return Choice(
          split: MixedSpace.Split(tensor: option.tensor, parts: option.parts, groups: groups),
          parallelism: parallelism, whole: option.whole,
          block: BlockRates(
            problem.pools[pool], option.slice.costs[space.commonLayer.kind], parallelism,
            recompute: strategy.recompute))
      }
    }
  }

  /// Seconds that a stage may take for the layers of a micro-batch if the step is to take no more than so
  /// long.
  ///
  /// - Parameter ends: What reducing gradients and updating weights take at least.
  func stageTime(
    _ base: Base, stages: Int, within step: Double,
    ends: LayoutEnds = LayoutEnds()
  ) -> Double {
    let (strategy, m) = (base.strategy, base.strategy.microBatches)
    let pipeline = bound.pipeline(within: step / base.waiting, ends, microBatches: m)
    let time = sliceRates[base.slice].stageTime(
      within: pipeline, microBatches: m, stages: stages, strategy.schedule)
    return time - bound.chunkOverhead * Double(strategy.virtualStages)
  }

  /// Whether groups may get through all layers in time with any number of chunks: of none of them fewer
  /// micro-batches are held than in 1F1B.
  func mayInterleave(_ base: Base, _ choices: [[Choice]]) -> Bool {
    var base = base
    base.strategy.virtualStages = space.folds[1].chunks
    let deepest = space.folds.dropFirst().reduce(0) { max($0, $1.places) }
    let (time, m) = (stageTime(base, stages: deepest, within: cutoff), base.strategy.microBatches)
    var left = space.commonLayer.count
    for choices in choices where left > 0 {
      left -= choices.reduce(0) { most, choice in
        let stages = min(choice.split.groups, deepest)
        return max(
          most,
          choice.block.layers(within: time, stages: stages, enough: left) {
            HeldBatches(min(m, $0))
          })
      }
    }
    return left <= 0
  }

  /// Whether groups may get through all layers in time, whatever they hold.
  func covers(
    _ base: Base, _ fold: ChunkFold, _ choices: [[Choice]]
  ) -> Bool {
    let (time, whole) = (
      stageTime(base, stages: fold.places, within: cutoff), space.wholeLayers(fold)
    )
    let most = choices.reduce(0.0) { sum, choices in
      sum
        + choices.reduce(0) { most, choice in
          let groups = min(choice.split.groups, fold.places)
          let seconds = choice.block.seconds * Double(whole.each)
          return max(most, Double(groups) * (time / seconds * (1 + 1e-9)).rounded(.down))
        }
    }
    return most >= Double(whole.least)
  }

  /// Stages that any of the groups make up.
  func depths(
    _ base: Base, _ fold: ChunkFold, _ choices: [[Choice]]
  ) -> ClosedRange<Int>? {
    let groups = choices.reduce(0) { $0 + ($1.map(\.split.groups).max() ?? 0) }
    return space.depthRange(base.strategy, fold, 1...max(1, groups))
  }

  /// How often each pool, split as it may be, can take whole layers if the step is to take no more than so
  /// long.
  func layers(
    _ base: Base, _ fold: ChunkFold, _ depths: ClosedRange<Int>, _ choices: [[Choice]],
    within step: Double
  ) -> [[Int]] {
    let time = stageTime(base, stages: depths.upperBound, within: step)
    let (whole, strategy) = (space.wholeLayers(fold), base.strategy)
    let fewest =
      strategy.schedule.holdsByDepth
      ? max(depths.lowerBound, fewestStages(whole, within: time, choices)) : depths.lowerBound
    return choices.map { choices in
      choices.map { choice in
        choice.block.times(whole.each).layers(
          within: time, stages: min(choice.split.groups, depths.upperBound), enough: whole.least
        ) {
          strategy.schedule.held(
            fromEnd: $0, of: fewest, chunks: fold.chunks, microBatches: strategy.microBatches)
        }
      }
    }
  }

  /// Stages that all whole layers take at least, whichever way pools are split: those of each pool with as many
  /// layers as any there has time for, and together no more than all of them have.
  func fewestStages(
    _ whole: WholeLayers, within time: Double, _ choices: [[Choice]]
  ) -> Int {
    let pools = choices.map { choices in
      choices.reduce((each: 0.0, all: 0.0)) { most, choice in
        let seconds = choice.block.seconds * Double(whole.each)
        let each = min(1e9, time / seconds * (1 + 1e-9)).rounded(.down)
        return (max(most.each, each), max(most.all, each * Double(choice.split.groups)))
      }
    }
    var (stages, left) = (0.0, Double(whole.least))
    for pool in pools.sorted(by: { $0.each > $1.each }) where left > 0 && pool.each > 0 {
      let taken = min(left, pool.all)
      stages += taken / pool.each
      left -= taken
    }
    return max(1, Int((stages * (1 - 1e-9)).rounded(.up)))
  }
}
