import Costing
import Quantities
import Scheduling

/// How what is not looked at is parted, down to layouts.
extension MixedSearch {
  private func push(_ level: Node.Level, _ bound: Double, _ base: Base) {
    bases.append(base)
    push(Node(level: level, base: bases.count - 1), bound)
  }

  private func sliceRates(_ base: ParallelStrategy) -> SliceRates {
    slices.rates(base, space, chunkOverhead: bound.chunkOverhead)
  }

  func addSplit(_ base: ParallelStrategy) {
    var endless = base
    // A multiple of every tile.
    endless.microBatchSize = 128 * problem.job.globalBatchSize
    let rate =
      sliceRates(endless).rate(beside: bound.chunkOverhead)
      * Double(endless.microBatchSize)
    push(
      .split, Double(problem.job.globalBatchSize) / rate + bound.overhead, Base(strategy: base))
  }

  func addSlices(_ split: ParallelStrategy, _ least: Double) {
    var base = split
    for size in space.choices.microBatchSizes(data: 1) {
      base.microBatchSize = size
      let rates = sliceRates(base)
      let batches = Double(problem.job.globalBatchSize / size)
      let rate = rates.rate(beside: bound.chunkOverhead)
      sliceRates.append(rates)
      push(
        .slice, max(least, batches / rate + bound.overhead),
        Base(strategy: base, slice: sliceRates.count - 1))
    }
  }

  func addBases(_ slice: Base, _ least: Double, _ shouldStop: () -> Bool) {
    var base = slice
    let rates = sliceRates[slice.slice]
    let schedules = space.schedules
    guard let chunks = schedules.map(\.fewestChunks).min() else { return }
    for data in space.choices.datas(context: base.strategy.context) {
      let share = problem.job.globalBatchSize / data
      let size = base.strategy.microBatchSize
      guard share.isMultiple(of: size), rates.mostGroups(replicas: data) > 0 else { continue }
      if !found.isEmpty, shouldStop() {
        unfinished = min(unfinished, least)
        return
      }
      base.strategy.data = data
      let m = share / size
      base.strategy.microBatches = m
      let step =
        bound.overhead
        + rates.pipeline(replicas: data, microBatches: m, deepest: space.deepest, schedules)
      guard step < cutoff else {
        excluded += 1
        continue
      }
      base.waiting = waiting(rates, base.strategy, chunks: chunks)
      let value = max(least, step * base.waiting)
      push(.base, value, base)
      if !space.partsBatches, isSketching || found.isEmpty, value < best { dive(base, value) }
    }
  }

  /// The factor by which waiting for the slowest replica lengthens a step that is of interest, at least: one that
  /// takes less time is over more nodes, and waits the longer.
  private func waiting(_ rates: SliceRates, _ base: ParallelStrategy, chunks: Int) -> Double {
    var waiting = 1.0
    while true {
      let time = (cutoff / waiting - bound.overhead) / Double(base.microBatches)
      let nodes = rates.leastNodes(replicas: base.data, stageTime: time, chunks: chunks)
      let next = 1 + bound.straggling.fraction(nodes: nodes, replicas: base.weightReplicas)
      if next <= waiting { return waiting }
      waiting = next
    }
  }

  func addLayouts(_ base: Base, _ least: Double, _ shouldStop: () -> Bool) {
    guard mayCover(base, within: cutoff) else {
      excluded += 1
      return
    }
    if problem.pools.count > MixedSpace.freelySplitPools { unfinished = min(unfinished, least) }
    forEachVariant(base) { addSchedules($0, least, shouldStop) }
  }

  /// Every sharding of states and every recomputation.
  private func forEachVariant(_ base: Base, _ visit: (Base) -> Void) {
    var base = base
    for zero in zeroStages(base.strategy) {
      base.strategy.zeroStage = zero
      for recompute in space.choices.recompute {
        base.strategy.recompute = recompute
        visit(base)
      }
    }
  }

  /// Plans within the layout of a base whose pools get through most in the least time in which they take all
  /// layers: good plans exclude most layouts before they are looked at.
  private func dive(_ base: Base, _ least: Double) {
    // Those that do not hold the more the more stages there are fit more easily.
    let schedules = space.plainSchedules
    guard let schedule = schedules.last(where: { !$0.holdsByDepth }) ?? schedules.last else {
      return
    }
    let fold = space.folds[0]
    forEachVariant(base) { base in
      var base = base
      base.strategy.schedule = schedule
      var choices = choices(base)
      guard let depths = depths(base, fold, choices) else { return }
      let blocks = space.wholeLayers(fold).least
      func layers(within step: Double) -> [[Int]]? {
        let layers = self.layers(base, fold, depths, choices, within: step)
        return layers.reduce(0) { $0 + ($1.max() ?? 0) } >= blocks ? layers : nil
      }
      guard var found = layers(within: min(best, MixedBound.longest)) else { return }
      var (low, high) = (least, best)
      if best == .infinity {
        high = max(least, .leastNormalMagnitude)
        while high < MixedBound.longest, layers(within: high) == nil {
          high = min(2 * high, MixedBound.longest)
        }
      }
      for _ in 0..<Self.divisions {
        let middle = (low + high) / 2
        if let layers = layers(within: middle) {
          (high, found) = (middle, layers)
        } else {
          low = middle
        }
      }
      bases.append(base)
      let chosen = found.indices.map { pool -> Int32 in
        guard let most = found[pool].max(), most > 0 else { return -1 }
        let split = found[pool].firstIndex(of: most)!
        return place(&choices[pool][split], pool: pool, base)
      }
      dive(Node(level: .weighed, base: bases.count - 1, places: chosen), low)
    }
  }

  private static let divisions = 6

  private func addSchedules(_ base: Base, _ least: Double, _ shouldStop: () -> Bool) {
    var base = base
    var choices = choices(base)
    for schedule in space.plainSchedules {
      if shouldStop() {
        unfinished = min(unfinished, least)
        return
      }
      base.strategy.schedule = schedule
      addLayouts(base, fold: 0, least, &choices)
    }
    base.strategy.schedule = .interleaved
    guard space.folds.count > 1, mayInterleave(base, choices) else {
      excluded += space.folds.count - 1
      return
    }
    for (index, fold) in space.folds.enumerated().dropFirst() {
      if shouldStop() {
        unfinished = min(unfinished, least)
        return
      }
      base.strategy.virtualStages = fold.chunks
      if covers(base, fold, choices) {
        addLayouts(base, fold: index, least, &choices)
      } else {
        excluded += 1
      }
    }
  }

  /// With one schedule.
  private func addLayouts(
    _ parent: Base, fold index: Int, _ least: Double, _ choices: inout [[Choice]]
  ) {
    let pools = problem.pools.indices
    let fold = space.folds[index]
    guard let depths = depths(parent, fold, choices) else { return }
    let layers = layers(parent, fold, depths, choices, within: cutoff)
    let blocks = space.wholeLayers(fold).least
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
    let count = space.choices(among: useful.map(\.count))
    guard count <= choicesLeft else {
      unfinished = min(unfinished, least)
      choicesLeft = 0
      return
    }
    choicesLeft -= count
    let parts = pools.map { pool in useful[pool].map { choices[pool][$0].split.parts } }
    bases.append(parent)
    let deep = deepLoads(parent, fold, depths, &choices, useful)
    space.forEachChoice(among: useful.map(\.count)) { choice in
      guard space.isOwn(zip(parts, choice).lazy.map { $0.isEmpty ? nil : $0[$1] }) else { return }
      var taken = 0
      for pool in pools where !useful[pool].isEmpty {
        taken += layers[pool][useful[pool][choice[pool]]]
      }
      guard taken >= blocks, deep.mayCover(choice) else {
        excluded += 1
        return
      }
      let chosen = pools.map { pool in
        useful[pool].isEmpty
          ? -1 : place(&choices[pool][useful[pool][choice[pool]]], pool: pool, parent)
      }
      let node = Node(level: .weighed, base: bases.count - 1, fold: index, places: chosen)
      push(node, loaded(node, rates(node), least).step)
    }
  }

  /// Where stages hold more the more there are, what the useful splits of each pool can take.
  private func deepLoads(
    _ base: Base, _ fold: ChunkFold, _ depths: ClosedRange<Int>, _ choices: inout [[Choice]],
    _ useful: [[Int]]
  ) -> DeepLoads {
    var loads: [[(block: BlockRates, groups: Int)]] = []
    var most: (reducing: Double, updating: Double) = (0, 0)
    for pool in useful.indices where base.strategy.schedule.holdsByDepth {
      var own: (reducing: Double, updating: Double) = (0, 0)
      loads.append(
        useful[pool].map { split in
          let rates = places[Int(place(&choices[pool][split], pool: pool, base))].rates
          own.reducing = max(own.reducing, Double(rates.groups) / rates.reduction)
          own.updating = max(own.updating, Double(rates.groups) / rates.update)
          return (choices[pool][split].block, rates.groups)
        })
      most = (most.reducing + own.reducing, most.updating + own.updating)
    }
    // See `MixedBound.ends`: no combination reduces and updates faster.
    let ends = LayoutEnds(
      reduction: most.reducing > 0 ? 1 / most.reducing : 0,
      update: most.updating > 0 ? 1 / most.updating : 0
    )
    return DeepLoads(
      whole: space.wholeLayers(fold), base: base.strategy, fold: fold, stages: depths,
      time: stageTime(base, stages: depths.upperBound, within: cutoff, ends: ends), loads: loads)
  }

  private func place(_ choice: inout Choice, pool: Int, _ base: Base) -> Int32 {
    if let known = choice.place { return known }
    let rates = SeatRates(
      problem.pools[pool], choice.whole, choice.parallelism, groups: choice.split.groups,
      recompute: base.strategy.recompute)
    places.append(Place(pool: pool, split: choice.split, rates: rates))
    let place = Int32(places.count - 1)
    choice.place = place
    return place
  }

  func rates(_ node: Node) -> [SeatRates] {
    var rates: [SeatRates] = []
    rates.reserveCapacity(node.places.count)
    for place in node.places where place >= 0 { rates.append(places[Int(place)].rates) }
    return rates
  }
}
