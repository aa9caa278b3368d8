import Quantities
import Scheduling

/// What is done with one layout.
extension MixedSearch {
  /// What of a layout the searches need.
  struct Ground {
    var base: ParallelStrategy
    var waiting: Double
    var fold: ChunkFold
    var seats: [SeatCosts]
    var rates: [SeatRates]
    var most: [Int]
    /// Stages that there may be, in ascending order, and one at least.
    var depths: [Int]
    var stages: ClosedRange<Int> { depths[0]...depths[depths.count - 1] }
    /// See `SuffixTable`.
    var sends: [[[Double]]]
  }

  func ground(_ node: Node) -> Ground {
    let base = bases[node.base].strategy
    let seats = node.places.filter { $0 >= 0 }.map { index in
      let place = places[Int(index)]
      return seat(base, pool: place.pool, place.split, fold: node.fold)
    }
    let fold = space.folds[node.fold]
    let depths = depths(node, most: seats.reduce(0) { $0 + $1.most })
    let rates = rates(node)
    let loads = loads(base, fold, rates, stages: depths[0]...depths[depths.count - 1])
    return Ground(
      base: base, waiting: waiting(loads, from: bases[node.base]), fold: fold,
      seats: seats, rates: rates,
      most: seats.map { min($0.most, depths.last ?? 0) }, depths: depths,
      sends: sendTimes(seats, base.schedule, fold))
  }

  func seat(
    _ base: ParallelStrategy, pool: Int, _ split: MixedSpace.Split, fold: Int
  ) -> SeatCosts {
    let strategy = space.strategy(base, tensor: split.tensor, parts: split.parts)
    let key = SeatKey(
      pool: pool, parallelism: strategy.layerParallelism, recompute: base.recompute,
      fold: fold)
    if let known = seats[key] { return known }
    let seat = SeatCosts(
      StrategyModel(
        problem.pools[pool], strategy,
        table: tables.table(strategy.layerParallelism, pool: pool)),
      pool: pool, most: split.groups, fold: space.folds[fold])
    seats[key] = seat
    return seat
  }

  /// Numbers of stages of a node's pipelines over so many groups, in ascending order.
  private func depths(_ node: Node, most: Int) -> [Int] {
    space.depths(
      bases[node.base].strategy, space.folds[node.fold], most: min(most, Int(node.deepest))
    )
    .filter { $0 >= Int(node.fewest) }
  }

  private func depthRange(_ node: Node, _ seats: [SeatRates]) -> ClosedRange<Int>? {
    let most = min(seats.reduce(0) { $0 + $1.groups }, Int(node.deepest))
    let fewest = Int(node.fewest)
    guard fewest <= most else { return nil }
    return space.depthRange(bases[node.base].strategy, space.folds[node.fold], fewest...most)
  }

  /// Counts whole layers, and the memory for them: what a layout's pipeline takes at least, and its step;
  /// infinite if no step is of interest.
  func loaded(
    _ node: Node, _ seats: [SeatRates], _ known: Double
  ) -> (pipeline: Double, step: Double) {
    guard let depths = depthRange(node, seats) else { return (.infinity, .infinity) }
    let (base, fold) = (bases[node.base].strategy, space.folds[node.fold])
    let loads = loads(base, fold, seats, stages: depths)
    let waiting = waiting(loads, from: bases[node.base])
    guard
      let (pipeline, ends) = bound.loaded(
        loads, within: cutoff / waiting,
        divisible: MixedBound.pipeline(
          loads.trips, deepest: depths.upperBound, chunks: fold.chunks,
          firstChunk: space.firstChunk(ofChunks: fold.chunks)))
    else { return (.infinity, .infinity) }
    let step = bound.step(pipeline, ends, microBatches: base.microBatches)
    return (pipeline, max(known, step * waiting))
  }

  /// The least factor by which waiting for the slowest replica lengthens a step of a layout that is of interest: the
  /// less time it may take, the more nodes it is over, and the longer it waits.
  private func waiting(_ loads: BlockLoads, from base: Base) -> Double {
    let ends = MixedBound.ends(loads.seats)
    var waiting = base.waiting
    while true {
      let pipeline = bound.pipeline(
        within: min(cutoff, MixedBound.longest) / waiting, ends, microBatches: loads.microBatches)
      let nodes = loads.leastNodes(within: pipeline)
      let next =
        1 + bound.straggling.fraction(nodes: nodes, replicas: base.strategy.weightReplicas)
      if next <= waiting { return waiting }
      waiting = next
    }
  }

  private func loads(
    _ base: ParallelStrategy, _ fold: ChunkFold, _ seats: [SeatRates], stages: ClosedRange<Int>
  ) -> BlockLoads {
    BlockLoads(
      seats, microBatches: base.microBatches, whole: space.wholeLayers(fold), stages: stages,
      schedule: base.schedule, chunks: fold.chunks)
  }

  /// Where stages hold more the more there are, looks at pipelines of about equally many by themselves.
  func part(_ node: Node, _ known: Double) {
    let (base, seats) = (bases[node.base], rates(node))
    let m = base.strategy.microBatches
    let most = bound.pipeline(
      within: cutoff / base.waiting, MixedBound.ends(seats), microBatches: m)
    let whole = space.wholeLayers(space.folds[node.fold])
    var fewest = MixedBound.fewestStages(seats, whole, within: most / Double(m))
    guard let deepest = depthRange(node, seats)?.upperBound else { return }
    while fewest <= deepest {
      let last = min(deepest, fewest + fewest / Self.widestPart)
      var part = node
      part.level = .parted
      (part.fewest, part.deepest) = (Int16(clamping: fewest), Int16(clamping: last))
      push(part, loaded(part, seats, known).step)
      fewest = last + 1
    }
  }

  /// Of the fewest stages of a part, which part of them others may have more.
  private static let widestPart = 4

  /// Holds a layout against the best plan; where it may hold a better one, finds how good that can be
  /// at best, and plans near that.
  func reach(_ node: Node, _ known: Double) {
    let (pipeline, known) = loaded(node, rates(node), known)
    guard known < best else {
      excluded += 1
      return
    }
    let ground = ground(node)
    let (ends, m) = (MixedBound.ends(ground.rates), ground.base.microBatches)
    var reach = layoutReach(ground, from: pipeline)
    let found = reach.least(from: known, below: best)
    statesFilled += reach.statesFilled
    guard let found else {
      excluded += 1
      return
    }
    for cut in reach.cuts { consider(cut, ground) }
    considerGreedy(ground, from: bound.pipeline(within: found, ends, microBatches: m))
    var reached = node
    reached.level = .reached
    push(reached, max(found, known))
  }

  /// Plans within a layout, with little effort: good plans exclude most others before they are looked at.
  func dive(_ node: Node, _ known: Double) {
    let seats = rates(node)
    let (pipeline, value) = loaded(node, seats, known)
    guard value < best else { return }
    considerGreedy(ground(node), from: pipeline)
  }

  private func considerGreedy(_ ground: Ground, from pipeline: Double) {
    let greedy = GreedyCuts(
      seats: ground.seats, most: ground.most, depths: ground.depths, base: ground.base,
      sends: ground.sends, from: pipeline, below: best
    ).all()
    for cut in greedy where ground.depths.contains(cut.seats.count) { consider(cut, ground) }
  }

  /// - Parameter pipeline: What no pipeline of interest undercuts.
  private func layoutReach(_ ground: Ground, from pipeline: Double) -> LayoutReach {
    let classes = ReachTable.classes(
      ground.seats, most: ground.most, states: effort.statesPerLayout)
    return LayoutReach(
      table: ReachTable(
        seats: ground.seats, classes: classes, stages: ground.stages,
        microBatches: ground.base.microBatches, schedule: ground.base.schedule,
        common: (space.commonLayer.kind, ground.rates.map(\.block)),
        whole: space.wholeLayers(ground.fold)),
      bound: bound,
      loads: loads(ground.base, ground.fold, ground.rates, stages: ground.stages),
      least: pipeline, space: space, waiting: ground.waiting)
  }

  /// Looks for better plans in a layout, as far as effort goes.
  func walk(_ node: Node, _ known: Double, _ shouldStop: () -> Bool) {
    // The best plan may be better by now than it was when whole layers were counted.
    let (pipeline, known) = loaded(node, rates(node), known)
    guard known < best else {
      excluded += 1
      return
    }
    let ground = ground(node)
    // More tries do not help where there is no table.
    var unwalkable = node
    unwalkable.walks = 0
    let most = min(effort.entriesPerLayout, entriesLeft)
    guard GroupStates.count(most: ground.most) <= most else {
      leave(unwalkable, known)
      return
    }
    var reach = layoutReach(ground, from: pipeline)
    let windows = reach.windows(GroupStates(most: ground.most), within: best)
    statesFilled += reach.statesFilled
    let entries = ground.seats.count * windows.reduce(0) { $0 + $1.count }
    guard entries <= most else {
      leave(unwalkable, known)
      return
    }
    entriesLeft -= entries
    let table = SuffixTable(
      seats: ground.seats, most: ground.most, deepest: ground.depths.last ?? 0,
      microBatches: ground.base.microBatches, schedule: ground.base.schedule,
      fewest: reach.table.fewest, sends: ground.sends, windows: windows)
    let least = walk(table, ground, from: (pipeline, known), tries: tries(node), shouldStop)
    var walked = node
    walked.walks += 1
    if least < best { leave(walked, max(known, least)) }
  }

  /// - Parameters:
  ///   - known: What no pipeline of the layout undercuts, and no step.
  ///   - tries: Stages tried for each choice of groups.
  /// - Returns: the least bound of what was not looked at; infinite if nothing was left.
  func walk(
    _ table: SuffixTable, _ ground: Ground, from known: (pipeline: Double, step: Double),
    tries: Int, _ shouldStop: () -> Bool
  ) -> Double {
    let m = ground.base.microBatches
    let loads = loads(ground.base, ground.fold, ground.rates, stages: ground.stages)
    guard let all = bound.ends(loads, within: best / ground.waiting, from: known.pipeline) else {
      return .infinity
    }
    var states: [(bound: Double, state: Int, ends: LayoutEnds)] = []
    for state in 1..<max(1, table.states) {
      let pipeline = table.best(state)
      guard pipeline.isFinite else { continue }
      let counts = table.counts(state)
      guard ground.depths.contains(counts.reduce(0, +)) else { continue }
      var ends = MixedBound.ends(zip(ground.rates, counts))
      ends.least = all.least
      let waiting = 1 + stragglers(counts, table.seats)
      states.append((bound.step(pipeline, ends, microBatches: m) * waiting, state, ends))
    }
    states.sort { ($0.bound, $0.state) < ($1.bound, $1.state) }
    var left = Double.infinity
    for candidate in states {
      if candidate.bound >= best { break }
      if shouldStop() || triesLeft <= 0 { return min(left, candidate.bound) }
      let waiting = 1 + stragglers(table.counts(candidate.state), table.seats)
      let part = candidate.bound >= settled ? eagerness : 1
      let tries = Int(Double(tries) * part)
      let bound = bound
      /// Whether all cuts of the state below a step have been judged, with part of the tries.
      func isClosed(below step: Double, parts: Int) -> Bool {
        let threshold = { (best: Double) in
          bound.pipeline(within: min(step, best) / waiting, candidate.ends, microBatches: m)
        }
        var effort = min(triesLeft, tries / parts)
        triesLeft -= effort
        let isClosed = table.visitCuts(
          of: candidate.state, below: threshold(best), effort: &effort
        ) { cut in
          consider(cut, ground)
          return threshold(best)
        }
        triesLeft += max(0, effort)
        return isClosed
      }
      if isClosed(below: .infinity, parts: 2) { continue }
      // Less is soon seen to be impossible.
      var (low, high) = (max(known.step, candidate.bound), best)
      for _ in 0..<Self.bisections {
        let middle = (low + high) / 2
        if isClosed(below: middle, parts: 2 * Self.bisections) {
          low = middle
        } else {
          high = middle
        }
      }
      left = min(left, low)
    }
    return left
  }

  /// Of what is open of a state's bound, if its cuts are too many.
  private static let bisections = 4

  private func stragglers(_ counts: [Int], _ seats: [SeatCosts]) -> Double {
    bound.straggling.fraction(zip(seats, counts))
  }

  /// Predicts a pipeline and keeps it if it fits and is among the best.
  func consider(_ cut: PipelineCut, _ ground: Ground) {
    let (seats, count, fold) = (ground.seats, cut.seats.count, ground.fold)
    guard fold.places - cut.boundaries[count - 1] >= fold.fewestLast else { return }
    var base = ground.base
    base.pipeline = count
    var recomputed: [Int] = []
    for (stage, seat) in cut.seats.enumerated() {
      let held = base.schedule.held(
        fromEnd: count - stage, of: count, chunks: fold.chunks, microBatches: base.microBatches)
      guard
        let layers = seats[seat].leastRecomputation(
          cut.boundaries[stage], cut.boundaries[stage + 1], held: held)
      else { return }
      recomputed.append(layers)
    }
    judged += 1
    let split = PipelineSplit(boundaries: fold.boundaries(cut.boundaries), recomputed: recomputed)
    guard found.count < effort.kept || leastStep(cut, split, ground) < best else { return }
    let lane = Lane(
      seats: cut.seats.map { index in
        let strategy = seats[index].model.strategy
        return StageSeat(
          pool: seats[index].pool, tensor: strategy.tensor, data: strategy.data,
          microBatchSize: strategy.microBatchSize)
      }, microBatches: base.microBatches)
    let strategy = MixedStrategy(base: base, lanes: [lane])
    keep(MixedPlan(problem, strategy, split, devices: [], tables: tables))
  }

  /// What a step takes at least: predicted as it will be, but for sends, which are as short as any on
  /// the pool and none from the last stage to the first, and for copies of a table on two pools.
  private func leastStep(_ cut: PipelineCut, _ split: PipelineSplit, _ ground: Ground) -> Double {
    let (seats, m, stages) = (ground.seats, ground.base.microBatches, cut.seats.count)
    let ways = ground.base.schedule.splitsBackward ? 1.0 : 2.0
    var left = split.recomputed
    let passes = (0..<split.virtualStages).map { index in
      let (stage, nodes) = (index % stages, split.nodes(ofVirtualStage: index))
      let seat = seats[cut.seats[stage]]
      let here = min(left[stage], seat.model.table.recomputableLayers(nodes))
      left[stage] -= here
      return seat.passes(nodes, recomputed: here)
    }
    var (reduction, update) = (Seconds.zero, Seconds.zero)
    for stage in 0..<stages {
      let own = stride(from: stage, to: passes.count, by: stages).map { passes[$0] }
      let end = seats[cut.seats[stage]].model.stepEnd(
        split.chunks(ofStage: stage, of: stages),
        forward: own.reduce(.zero) { $0 + $1.forward },
        backward: own.reduce(.zero) { $0 + $1.input + $1.weight - $1.again })
      reduction = max(reduction, end.reduction)
      update = max(update, end.optimizer)
    }
    let sends = (0..<(split.virtualStages - 1)).map { index -> Seconds in
      let stage = index % stages
      guard stage + 1 < stages else { return .zero }
      let times = ground.sends[cut.seats[stage]][cut.seats[stage + 1]]
      return Seconds(times[cut.boundaries[stage + 1]] / ways)
    }
    let times = PipelineTimes(
      stages: stages, chunksPerStage: ground.fold.chunks, forward: passes.map(\.forward),
      backwardInput: passes.map(\.input), backwardWeight: passes.map(\.weight),
      sendForward: sends, sendBackward: sends)
    var counts = [Int](repeating: 0, count: seats.count)
    for seat in cut.seats { counts[seat] += 1 }
    let waiting = 1 + stragglers(counts, seats)
    func step(_ pipeline: Seconds) -> Double {
      // Played on a grid of its own: the hair is that grid's.
      ((pipeline + reduction + update).value + bound.overhead) * waiting * (1 - 1e-9)
    }
    // Bounding takes a fraction of what playing does.
    let least = step(ground.base.schedule.lowerBound(times, microBatches: m))
    return least < best ? step(ground.base.schedule.makespan(times, microBatches: m)) : least
  }

  /// Seconds there and back between stages of two seats, by cut, in the first chunk; between neighbours
  /// on one pool, as near as any two groups of it are.
  func sendTimes(
    _ seats: [SeatCosts], _ schedule: PipelineSchedule, _ fold: ChunkFold
  ) -> [[[Double]]] {
    let ways = schedule.splitsBackward ? 1.0 : 2.0
    return seats.map { from in
      seats.map { to in
        var known: (bytes: Double, seconds: Double)?
        return (0...fold.places).map { place in
          guard place > 0, place < fold.places else { return 0 }
          let cut = fold.node(place, ofChunk: 0)
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
