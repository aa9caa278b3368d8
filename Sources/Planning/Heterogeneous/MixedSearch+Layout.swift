import Quantities
import Scheduling

/// What is done with one layout.
extension MixedSearch {
  /// What of a layout the searches need.
  struct Ground {
    var base: ParallelStrategy
    var seats: [SeatCosts]
    var rates: [SeatRates]
    var most: [Int]
    /// See `SuffixTable`.
    var sends: [[[Double]]]
  }

  mutating func ground(_ node: Node) -> Ground {
    let base = bases[node.base]
    let seats = node.places.filter { $0 >= 0 }.map { index in
      let place = places[Int(index)]
      return seat(base, pool: place.pool, place.split)
    }
    return Ground(
      base: base, seats: seats, rates: rates(node), most: seats.map { min($0.most, space.deepest) },
      sends: sendTimes(seats, base.schedule))
  }

  mutating func seat(
    _ base: ParallelStrategy, pool: Int, _ split: MixedSpace.Split
  ) -> SeatCosts {
    let strategy = space.strategy(base, tensor: split.tensor)
    let key = SeatKey(
      pool: pool, parallelism: strategy.layerParallelism, recompute: base.recompute)
    if let known = seats[key] { return known }
    let seat = SeatCosts(
      StrategyModel(
        problem.pools[pool], strategy,
        table: tables.table(strategy.layerParallelism, pool: pool)),
      pool: pool, most: split.groups)
    seats[key] = seat
    return seat
  }

  /// Counts whole layers, and the memory for them.
  mutating func weigh(_ node: Node, _ known: Double) {
    let (base, seats) = (bases[node.base], rates(node))
    let (m, schedule) = (base.microBatches, base.schedule)
    let ends = MixedBound.ends(seats)
    let loaded = MixedBound.loaded(
      seats, microBatches: m, blocks: space.commonLayer.count, deepest: space.deepest,
      schedule: schedule, from: bound.pipeline(within: known, ends, microBatches: m),
      below: bound.pipeline(within: best, ends, microBatches: m))
    let stages = min(space.deepest, seats.reduce(0) { $0 + $1.groups })
    let pipeline = max(
      loaded,
      MixedBound.trips(
        seats, busiest: loaded / Double(m), stages: stages, microBatches: m, schedule: schedule))
    push(
      .weighed, max(known, bound.step(pipeline, ends, microBatches: m)), base: node.base,
      places: node.places)
  }

  /// Holds a layout against the best plan; where it may hold a better one, finds how good that can be
  /// at best, and plans near that.
  mutating func reach(_ node: Node, _ known: Double) {
    let ground = ground(node)
    let (ends, m) = (MixedBound.ends(ground.rates), ground.base.microBatches)
    var reach = layoutReach(ground)
    let found = reach.least(from: known, below: best)
    statesFilled += reach.statesFilled
    guard let found else {
      excluded += 1
      return
    }
    for cut in reach.cuts { consider(cut, ground) }
    if !reach.table.isExact || ground.seats.count == 1 || reach.cuts.isEmpty {
      let cuts = GreedyCuts(
        seats: ground.seats, most: ground.most, deepest: space.deepest, base: ground.base,
        sends: ground.sends, from: bound.pipeline(within: found, ends, microBatches: m), below: best
      ).all()
      for cut in cuts where space.allowsDepth(cut.seats.count) {
        consider(cut, ground)
      }
    }
    push(.reached, max(found, known), base: node.base, places: node.places)
  }

  private func layoutReach(_ ground: Ground) -> LayoutReach {
    let classes = ReachTable.classes(
      ground.seats, most: ground.most, states: effort.statesPerLayout)
    return LayoutReach(
      table: ReachTable(
        seats: ground.seats, classes: classes, deepest: space.deepest,
        microBatches: ground.base.microBatches, schedule: ground.base.schedule,
        common: (space.commonLayer.kind, ground.rates.map(\.block))),
      problem: problem, bound: bound, ends: MixedBound.ends(ground.rates), space: space)
  }

  /// Looks for better plans in a layout, as far as effort goes.
  mutating func walk(_ node: Node, _ known: Double, _ shouldStop: () -> Bool) {
    let ground = ground(node)
    let most = min(effort.entriesPerLayout, entriesLeft)
    guard GroupStates.count(most: ground.most) <= most else {
      unfinished = min(unfinished, known)
      return
    }
    var reach = layoutReach(ground)
    let windows = reach.windows(GroupStates(most: ground.most), within: best)
    statesFilled += reach.statesFilled
    let entries = ground.seats.count * windows.reduce(0) { $0 + $1.count }
    guard entries <= most else {
      unfinished = min(unfinished, known)
      return
    }
    entriesLeft -= entries
    let table = SuffixTable(
      seats: ground.seats, most: ground.most, deepest: space.deepest,
      microBatches: ground.base.microBatches, schedule: ground.base.schedule,
      sends: ground.sends, windows: windows)
    unfinished = min(unfinished, max(known, walk(table, ground, shouldStop)))
  }

  /// - Returns: the least bound of what was not looked at; infinite if nothing was left.
  mutating func walk(
    _ table: SuffixTable, _ ground: Ground, _ shouldStop: () -> Bool
  ) -> Double {
    let m = ground.base.microBatches
    var states: [(bound: Double, state: Int, ends: (reduction: Double, update: Double))] = []
    for state in 1..<max(1, table.states) {
      let pipeline = table.best(state)
      guard pipeline.isFinite else { continue }
      let counts = table.counts(state)
      guard space.allowsDepth(counts.reduce(0, +)) else { continue }
      let ends = MixedBound.ends(zip(ground.rates, counts))
      let waiting = 1 + stragglers(counts, table.seats)
      states.append((bound.step(pipeline, ends, microBatches: m) * waiting, state, ends))
    }
    states.sort { ($0.bound, $0.state) < ($1.bound, $1.state) }
    var left = Double.infinity
    for candidate in states {
      if candidate.bound >= best { break }
      if shouldStop() || triesLeft <= 0 { return min(left, candidate.bound) }
      let waiting = 1 + stragglers(table.counts(candidate.state), table.seats)
      var tries = min(triesLeft, effort.triesPerState)
      triesLeft -= tries
      let bound = bound
      let threshold = { (best: Double) in
        bound.pipeline(within: best / waiting, candidate.ends, microBatches: m)
      }
      let isClosed = table.visitCuts(
        of: candidate.state, below: threshold(best), effort: &tries
      ) { cut in
        consider(cut, ground)
        return threshold(best)
      }
      triesLeft += max(0, tries)
      if !isClosed { left = min(left, candidate.bound) }
    }
    return left
  }

  private func stragglers(_ counts: [Int], _ seats: [SeatCosts]) -> Double {
    MixedModel.stragglerFraction(problem, groups: zip(seats, counts))
  }

  /// Predicts a pipeline and keeps it if it fits and is among the best.
  mutating func consider(_ cut: PipelineCut, _ ground: Ground) {
    let (seats, count) = (ground.seats, cut.seats.count)
    var base = ground.base
    base.pipeline = count
    var recomputed: [Int] = []
    for (stage, seat) in cut.seats.enumerated() {
      let held = base.schedule.inFlightMicroBatches(
        atStage: stage, stages: count, microBatches: base.microBatches)
      guard
        let layers = seats[seat].leastRecomputation(
          cut.boundaries[stage], cut.boundaries[stage + 1], held: held)
      else { return }
      recomputed.append(layers)
    }
    guard found.count < effort.kept || leastStep(cut, recomputed, ground) < best else { return }
    let lane = Lane(
      seats: cut.seats.map { index in
        let strategy = seats[index].model.strategy
        return StageSeat(
          pool: seats[index].pool, tensor: strategy.tensor, data: strategy.data,
          microBatchSize: strategy.microBatchSize)
      }, microBatches: base.microBatches)
    let strategy = MixedStrategy(base: base, lanes: [lane])
    let split = PipelineSplit(boundaries: cut.boundaries, recomputed: recomputed)
    keep(MixedPlan(problem, strategy, split, devices: [], tables: tables))
  }

  /// What a step takes at least: predicted as it will be, but for sends, which are as short as any on
  /// the pool, and for copies of a table on two pools.
  private func leastStep(
    _ cut: PipelineCut, _ recomputed: [Int], _ ground: Ground
  ) -> Double {
    let (seats, m) = (ground.seats, ground.base.microBatches)
    let ways = ground.base.schedule.splitsBackward ? 1.0 : 2.0
    var (reduction, update) = (Seconds.zero, Seconds.zero)
    let passes = cut.seats.indices.map { stage in
      let seat = seats[cut.seats[stage]]
      let (a, b) = (cut.boundaries[stage], cut.boundaries[stage + 1])
      let passes = seat.passes(a, b, recomputed: recomputed[stage])
      let end = seat.model.stepEnd(
        [a..<b], forward: passes.forward, backward: passes.input + passes.weight)
      reduction = max(reduction, end.reduction)
      update = max(update, end.optimizer)
      return passes
    }
    let sends = cut.seats.indices.dropLast().map { stage in
      let times = ground.sends[cut.seats[stage]][cut.seats[stage + 1]]
      return Seconds(times[cut.boundaries[stage + 1]] / ways)
    }
    let times = PipelineTimes(
      stages: cut.seats.count, forward: passes.map(\.forward), backwardInput: passes.map(\.input),
      backwardWeight: passes.map(\.weight), sendForward: sends, sendBackward: sends)
    let makespan = ground.base.schedule.makespan(times, microBatches: m)
    var counts = [Int](repeating: 0, count: seats.count)
    for seat in cut.seats { counts[seat] += 1 }
    let undisturbed = (makespan + reduction + update).value + bound.overhead
    // Played on a grid of its own: the hair is that grid's.
    return undisturbed * (1 + stragglers(counts, seats)) * (1 - 1e-9)
  }

  /// Seconds there and back between stages of two seats, by cut; between neighbours on one pool, as
  /// near as any two groups of it are.
  private func sendTimes(_ seats: [SeatCosts], _ schedule: PipelineSchedule) -> [[[Double]]] {
    let ways = schedule.splitsBackward ? 1.0 : 2.0
    let nodes = space.limits.nodes
    return seats.map { from in
      seats.map { to in
        var known: (bytes: Double, seconds: Double)?
        return (0...nodes).map { cut in
          guard cut > 0, cut < nodes else { return 0 }
          let bytes =
            from.pool == to.pool ? from.sendBytes[cut] : max(from.sendBytes[cut], to.sendBytes[cut])
          if let known, known.bytes == bytes { return known.seconds }
          var seconds = ways
          if from.pool == to.pool {
            seconds *= from.nearestSend(cut: cut)
          } else {
            let (bandwidth, latency) = problem.link(from: from.pool, to: to.pool)
            seconds *= bytes / bandwidth.value + latency.value
          }
          known = (bytes, seconds)
          return seconds
        }
      }
    }
  }
}
