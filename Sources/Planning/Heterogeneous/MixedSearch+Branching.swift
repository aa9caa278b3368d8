import Costing
import Quantities
import Scheduling

/// How what is not looked at is parted, down to layouts.
extension MixedSearch {
  private func push(_ level: Node.Level, _ bound: Double, _ base: ParallelStrategy) {
    bases.append(base)
    push(level, bound, base: bases.count - 1)
  }

  func addSplit(_ base: ParallelStrategy) {
    var endless = base
    // A multiple of every tile.
    endless.microBatchSize = 128 * problem.job.globalBatchSize
    let rate = rate(endless) * Double(endless.microBatchSize)
    push(.split, Double(problem.job.globalBatchSize) / rate + bound.overhead, base)
  }

  func addSlices(_ split: ParallelStrategy, _ least: Double) {
    var base = split
    for size in space.choices.microBatchSizes(data: 1) {
      base.microBatchSize = size
      let batches = Double(problem.job.globalBatchSize / size)
      push(.slice, max(least, batches / rate(base) + bound.overhead), base)
    }
  }

  /// Micro-batches a second that all pools get through at best.
  private func rate(_ base: ParallelStrategy) -> Double {
    problem.pools.indices.reduce(0.0) { sum, pool in
      sum
        + space.choices.tensors[pool].reduce(0.0) { most, tensor in
          let group = tensor * base.context * base.data
          guard group <= problem.cluster.pools[pool].gpus,
            space.choices.allowsSequence(tensor: tensor, context: base.context)
          else { return most }
          let parallelism = space.strategy(base, tensor: tensor).layerParallelism
          let work = slices.work(parallelism, pool: pool)
          return max(most, Double(problem.cluster.pools[pool].gpus / group) / work)
        }
    }
  }

  /// Seconds that one micro-batch takes through all layers, each on the group that is best for it; and
  /// without weight gradients.
  private func trip(_ base: ParallelStrategy) -> (all: Double, gradients: Double) {
    var least = slices.counts.map { _ in (all: Double.infinity, gradients: Double.infinity) }
    for pool in problem.pools.indices {
      for tensor in space.choices.tensors[pool] {
        let parallelism = space.strategy(base, tensor: tensor).layerParallelism
        let slice = slices.slice(parallelism, pool: pool)
        for (kind, cost) in slice.costs.enumerated() {
          let passes = cost.ownPasses
          least[kind].all = min(least[kind].all, passes.value)
          least[kind].gradients = min(
            least[kind].gradients, (passes - cost.weightGradient).value)
        }
      }
    }
    var sum = (all: 0.0, gradients: 0.0)
    for (count, cost) in zip(slices.counts, least) where count > 0 {
      sum.all += count * cost.all
      sum.gradients += count * cost.gradients
    }
    return sum
  }

  func addBases(_ slice: ParallelStrategy, _ least: Double) {
    var base = slice
    let trip = trip(base)
    guard let chunks = space.schedules.map(\.fewestChunks).min() else { return }
    let splits = space.schedules.contains { $0.0.splitsBackward }
    let through = splits ? trip.gradients : trip.all
    for data in space.choices.datas(context: base.context) {
      let share = problem.job.globalBatchSize / data
      guard share.isMultiple(of: base.microBatchSize) else { continue }
      base.data = data
      base.microBatches = share / base.microBatchSize
      // A stage that takes T covers T less its chunks' overhead.
      let busy =
        Double(base.microBatches) * (1 / rate(base) + bound.chunkOverhead * Double(chunks))
      for zero in space.choices.zeroStages(replicas: data * base.context)
      where zero.representative == slice.zeroStage {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          push(.base, max(least, max(busy, through) + bound.overhead), base)
        }
      }
    }
  }

  /// A pool split one way, and how many layers it can take.
  private struct Choice {
    var split: MixedSpace.Split
    var parallelism: LayerParallelism
    var slice: StrategySlice
    var block: BlockRates
    var place: Int32?
  }

  func addLayouts(_ index: Int, _ least: Double) {
    if problem.pools.count > MixedSpace.freelySplitPools { unfinished = min(unfinished, least) }
    var base = bases[index]
    var choices = problem.pools.indices.map { pool in
      space.splits(ofPool: pool, base).map { choice(base, pool: pool, $0) }
    }
    for schedule in space.plainSchedules {
      base.schedule = schedule
      addLayouts(base, fold: 0, least, &choices)
    }
    base.schedule = .interleaved
    guard space.folds.count > 1, mayInterleave(base, choices) else {
      excluded += space.folds.count - 1
      return
    }
    for (index, fold) in space.folds.enumerated().dropFirst() {
      base.virtualStages = fold.chunks
      if covers(base, fold, choices) {
        addLayouts(base, fold: index, least, &choices)
      } else {
        excluded += 1
      }
    }
  }

  private func choice(
    _ base: ParallelStrategy, pool: Int, _ split: MixedSpace.Split
  ) -> Choice {
    let parallelism = space.strategy(base, tensor: split.tensor).layerParallelism
    let slice = slices.slice(parallelism, pool: pool)
    return Choice(
      split: split, parallelism: parallelism, slice: slice,
      block: BlockRates(
        problem.pools[pool], slice.costs[space.commonLayer.kind], parallelism,
        recompute: base.recompute))
  }

  /// Seconds that a stage may take for the layers of a micro-batch if the step is to be better than the
  /// best.
  private func stageTime(_ base: ParallelStrategy) -> Double {
    let m = base.microBatches
    return bound.pipeline(within: best, (0, 0), microBatches: m) / Double(m)
      - bound.chunkOverhead * Double(base.virtualStages)
  }

  /// Whether groups may get through all layers in time with any number of chunks: of none of them fewer
  /// micro-batches are held than in 1F1B.
  private func mayInterleave(_ base: ParallelStrategy, _ choices: [[Choice]]) -> Bool {
    var base = base
    base.virtualStages = space.folds[1].chunks
    let (time, m) = (stageTime(base), base.microBatches)
    let deepest = space.folds.dropFirst().reduce(0) { max($0, $1.places) }
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
  private func covers(
    _ base: ParallelStrategy, _ fold: ChunkFold, _ choices: [[Choice]]
  ) -> Bool {
    let (time, whole) = (stageTime(base), space.wholeLayers(fold))
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

  /// With one schedule.
  private func addLayouts(
    _ base: ParallelStrategy, fold index: Int, _ least: Double, _ choices: inout [[Choice]]
  ) {
    let pools = problem.pools.indices
    let fold = space.folds[index]
    let m = base.microBatches
    let groups = choices.reduce(0) { $0 + ($1.map(\.split.groups).max() ?? 0) }
    let depths = space.depths(base, fold, most: groups)
    guard let (shallowest, deepest) = depths.first.map({ ($0, depths.last!) }) else { return }
    // How often each pool can take whole layers if the step is to be better than the best.
    let time = stageTime(base)
    let whole = space.wholeLayers(fold)
    let blocks = whole.least
    let layers = choices.map { choices in
      choices.map { choice in
        choice.block.times(whole.each).layers(
          within: time, stages: min(choice.split.groups, deepest), enough: blocks
        ) {
          base.schedule.held(
            fromEnd: $0, of: shallowest, chunks: fold.chunks, microBatches: m)
        }
      }
    }
    let most = layers.map { $0.max() ?? 0 }
    let all = most.reduce(0, +)
    guard all >= blocks else {
      excluded += 1
      return
    }
    // Of each pool, those with which all others can take the rest.
    let useful = pools.map { pool in
      layers[pool].indices.filter { all - most[pool] + layers[pool][$0] >= blocks }
    }
    bases.append(base)
    space.forEachChoice(among: useful.map(\.count)) { choice in
      var taken = 0
      for pool in pools where !useful[pool].isEmpty {
        taken += layers[pool][useful[pool][choice[pool]]]
      }
      guard taken >= blocks else {
        excluded += 1
        return
      }
      let chosen = pools.map { pool in
        useful[pool].isEmpty
          ? -1 : place(&choices[pool][useful[pool][choice[pool]]], pool: pool, base)
      }
      let seats = chosen.filter { $0 >= 0 }.map { places[Int($0)].rates }
      let pipeline = MixedBound.pipeline(
        seats, microBatches: m, deepest: deepest, schedule: base.schedule,
        chunks: fold.chunks, firstChunk: space.firstChunk(ofChunks: fold.chunks))
      guard pipeline.isFinite else { return }
      let value = bound.step(pipeline, MixedBound.ends(seats), microBatches: m)
      push(.layout, max(value, least), base: bases.count - 1, fold: index, places: chosen)
    }
  }

  private func place(
    _ choice: inout Choice, pool: Int, _ base: ParallelStrategy
  ) -> Int32 {
    if let known = choice.place { return known }
    let rates = SeatRates(
      problem.pools[pool], choice.slice, choice.parallelism, groups: choice.split.groups,
      counts: slices.counts, recompute: base.recompute)
    places.append(Place(pool: pool, split: choice.split, rates: rates))
    let place = Int32(places.count - 1)
    choice.place = place
    return place
  }

  func rates(_ node: Node) -> [SeatRates] {
    node.places.filter { $0 >= 0 }.map { places[Int($0)].rates }
  }
}
