import Costing
import HeapModule
import Quantities
import Scheduling

/// Finds the best pipeline over unequal pools: how each pool is split into groups, how many groups
/// are used, in which order the stages sit on them, and where the model is cut.
///
/// Best-first branch and bound. Layouts (shared degrees, one tensor degree a pool) are ordered by a
/// bound that takes layers as divisible; of a layout that may still win, a table tells the least
/// time of every number of groups (`SuffixTable`), and a walk guided by it sees every order and cut
/// that could be better than the best plan so far. Effort is counted in steps and not in time, so
/// that the same request always gets the same answer.
struct MixedSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  private(set) var found: [MixedPlan] = []
  private(set) var considered = 0
  private(set) var pruned = 0
  /// Least bound of what was not looked at, or not to the end.
  private(set) var open = Double.infinity
  private var rates: [RateKey: SeatRates] = [:]
  private var triesLeft: Int

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    tables: SeatTables, incumbents: [MixedPlan]
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    triesLeft = effort.tries
    for plan in incumbents { keep(plan) }
  }

  var best: Double { found.first?.plan.prediction.step.value ?? .infinity }

  private struct Layout: Comparable {
    var bound: Double
    var order: Int
    var base: ParallelStrategy
    var splits: [(tensor: Int, groups: Int)]
    static func < (a: Layout, b: Layout) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Layout, b: Layout) -> Bool { a.order == b.order }
  }

  private struct RateKey: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
  }

  mutating func run(shouldStop: () -> Bool) {
    let schedules = space.plainSchedules
    var layouts: [Layout] = []
    space.forEachBase(schedules: schedules) { base in collect(base, into: &layouts) }
    var heap = Heap(layouts)
    var entriesLeft = effort.entries
    while let layout = heap.popMin() {
      if layout.bound >= best {
        pruned += heap.count + 1
        break
      }
      if shouldStop() || considered >= effort.layouts {
        open = min(open, layout.bound)
        break
      }
      considered += 1
      open = min(open, evaluate(layout, &entriesLeft, shouldStop))
    }
  }

  // MARK: Layouts

  private mutating func collect(_ base: ParallelStrategy, into layouts: inout [Layout]) {
    let pools = problem.pools.indices
    let splits = pools.map { space.splits(ofPool: $0, base) }
    let seats = pools.map { pool in
      splits[pool].map { rates(base, pool: pool, tensor: $0.tensor, groups: $0.groups) }
    }
    // The best of each pool alone, all together: no layout of this base is better.
    var rate = 0.0
    for options in seats {
      rate += options.reduce(0.0) { max($0, Double($1.groups) / $1.work) }
    }
    guard rate > 0, Double(base.microBatches) / rate + bound.overhead < best else {
      pruned += 1
      return
    }
    var choice = [Int](repeating: 0, count: pools.count)
    repeat {
      let chosen = pools.compactMap { seats[$0].isEmpty ? nil : seats[$0][choice[$0]] }
      let pipeline = MixedBound.pipeline(
        chosen, microBatches: base.microBatches, deepest: space.deepest,
        tapers: !base.schedule.splitsBackward)
      let value =
        pipeline.isFinite
        ? bound.step(pipeline, MixedBound.ends(chosen), microBatches: base.microBatches)
        : .infinity
      if value < best {
        layouts.append(
          Layout(
            bound: value, order: layouts.count, base: base,
            splits: pools.map { splits[$0].isEmpty ? (0, 0) : splits[$0][choice[$0]] }))
      } else {
        pruned += 1
      }
    } while advance(&choice, seats.map(\.count))
  }

  /// The next combination; false after the last.
  private func advance(_ choice: inout [Int], _ counts: [Int]) -> Bool {
    for index in choice.indices {
      choice[index] += 1
      if choice[index] < counts[index] { return true }
      choice[index] = 0
    }
    return false
  }

  private mutating func rates(
    _ base: ParallelStrategy, pool: Int, tensor: Int, groups: Int
  ) -> SeatRates {
    let strategy = space.strategy(base, tensor: tensor)
    let parallelism = strategy.layerParallelism
    let key = RateKey(pool: pool, parallelism: parallelism)
    if var known = rates[key] {
      known.groups = groups
      return known
    }
    let table = tables.table(parallelism, pool: pool)
    let own = problem.pools[pool]
    let model = StrategyModel(own, strategy, table: table)
    let nodes = table.nodeCount
    let (dense, expert) = (table.parameters[nodes], table.expertParameters[nodes])
    let states = dense * model.states.perParameter + expert * model.states.perExpertParameter
    func reduction(_ times: Double) -> Double {
      model.end.exposedReduction(
        parameters: times * dense, expertParameters: times * expert, tiedBytes: .zero,
        forward: .zero, backward: .zero, microBatches: 1
      ).value
    }
    func update(_ times: Double) -> Double {
      model.end.optimizerTime(parameters: times * dense, expertParameters: times * expert).value
    }
    let overhead = own.costs.parameters.software.microBatchOverhead.value
    // Latencies do not grow with a stage: only the slopes are shared out.
    let rates = SeatRates(
      groups: groups, work: table.forward[nodes] + table.backward[nodes] + 2 * overhead,
      capacity: (own.memoryLimit - own.runtimeMemory).value / states,
      reduction: reduction(2) - reduction(1), update: update(2) - update(1))
    self.rates[key] = rates
    return rates
  }

  // MARK: One layout

  /// Looks for better plans in a layout.
  /// - Returns: the least bound of what was not looked at; infinite if nothing was left.
  private mutating func evaluate(
    _ layout: Layout, _ entriesLeft: inout Int, _ shouldStop: () -> Bool
  ) -> Double {
    let seated = layout.splits.indices.filter { layout.splits[$0].groups > 0 }
    let seats = seated.map { pool in
      let strategy = space.strategy(layout.base, tensor: layout.splits[pool].tensor)
      return SeatCosts(
        StrategyModel(
          problem.pools[pool], strategy,
          table: tables.table(strategy.layerParallelism, pool: pool)),
        pool: pool, most: layout.splits[pool].groups)
    }
    let most = seats.map { min($0.most, space.deepest) }
    let entries = SuffixTable.entries(most, nodes: space.limits.nodes)
    let sends = sendTimes(seats, layout.base.schedule)
    let usedRates = seated.map { pool in
      rates(
        layout.base, pool: pool, tensor: layout.splits[pool].tensor,
        groups: layout.splits[pool].groups)
    }
    guard entries <= min(effort.entriesPerLayout, entriesLeft) else {
      let cuts = GreedyCuts(
        seats: seats, most: most, deepest: space.deepest, base: layout.base, sends: sends)
      for cut in cuts.all() { consider(cut, seats, layout.base) }
      return layout.bound
    }
    entriesLeft -= entries
    let table = SuffixTable(
      seats: seats, most: most, deepest: space.deepest,
      microBatches: layout.base.microBatches, schedule: layout.base.schedule, sends: sends)
    return walk(table, layout.base, usedRates, shouldStop)
  }

  private mutating func walk(
    _ table: SuffixTable, _ base: ParallelStrategy, _ rates: [SeatRates],
    _ shouldStop: () -> Bool
  ) -> Double {
    let m = base.microBatches
    var states: [(bound: Double, state: Int, ends: (reduction: Double, update: Double))] = []
    for state in 1..<max(1, table.states) {
      let pipeline = table.best(state)
      guard pipeline.isFinite else { continue }
      let counts = table.counts(state)
      guard space.allowsDepth(counts.reduce(0, +)) else { continue }
      var used = rates
      for index in used.indices { used[index].groups = counts[index] }
      let ends = MixedBound.ends(used)
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
        consider(cut, table.seats, base)
        return threshold(best)
      }
      triesLeft += max(0, tries)
      if !isClosed { left = min(left, candidate.bound) }
    }
    return left
  }

  private func stragglers(_ counts: [Int], _ seats: [SeatCosts]) -> Double {
    var gpus = [Int](repeating: 0, count: problem.pools.count)
    for (seat, count) in zip(seats, counts) {
      let strategy = seat.model.strategy
      gpus[seat.pool] = count * strategy.tensor * strategy.context * strategy.data
    }
    return MixedModel.stragglerFraction(problem, gpus: gpus)
  }

  /// Predicts a pipeline and keeps it if it fits and is among the best.
  private mutating func consider(
    _ cut: PipelineCut, _ seats: [SeatCosts], _ base: ParallelStrategy
  ) {
    let count = cut.seats.count
    var base = base
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
    let lane = Lane(
      seats: cut.seats.map { index in
        let strategy = seats[index].model.strategy
        return StageSeat(
          pool: seats[index].pool, tensor: strategy.tensor, data: strategy.data,
          microBatchSize: strategy.microBatchSize)
      }, microBatches: base.microBatches)
    let strategy = MixedStrategy(base: base, lanes: [lane])
    let split = PipelineSplit(boundaries: cut.boundaries, recomputed: recomputed)
    keep(MixedPlan(problem, strategy, split, tables: tables))
  }

  mutating func keep(_ plan: MixedPlan) {
    guard plan.plan.fits else { return }
    let step = plan.plan.prediction.step
    if found.contains(where: { $0.strategy == plan.strategy && $0.split == plan.split }) { return }
    let index = found.firstIndex { step < $0.plan.prediction.step } ?? found.count
    guard index < effort.kept else { return }
    found.insert(plan, at: index)
    if found.count > effort.kept { found.removeLast() }
  }

  /// Seconds there and back between stages of two seats, by cut; between neighbours on one pool, as
  /// near as any two groups of it are.
  private func sendTimes(_ seats: [SeatCosts], _ schedule: PipelineSchedule) -> [[[Double]]] {
    let ways = schedule.splitsBackward ? 1.0 : 2.0
    let nodes = space.limits.nodes
    return seats.map { from in
      seats.map { to in
        (0...nodes).map { cut in
          guard cut > 0, cut < nodes else { return 0 }
          if from.pool != to.pool {
            let (bandwidth, latency) = problem.link(from: from.pool, to: to.pool)
            let bytes = max(from.sendBytes[cut], to.sendBytes[cut])
            return ways * (bytes / bandwidth.value + latency.value)
          }
          return ways * from.nearestSend(cut: cut)
        }
      }
    }
  }
}

/// A plan with what it was predicted from.
package struct MixedPlan: Hashable, Sendable {
  package var strategy: MixedStrategy
  package var split: PipelineSplit
  package var plan: Plan

  init(
    _ problem: ClusterProblem, _ strategy: MixedStrategy, _ split: PipelineSplit,
    devices: [[DeviceGroup]]? = nil, tables: SeatTables? = nil
  ) {
    self.strategy = strategy
    self.split = split
    let model = MixedModel(problem, strategy, tables: tables)
    plan = model.plan(split, devices: devices ?? strategy.devices(on: problem.cluster))
  }
}

/// How much a search may do, in numbers that do not depend on the machine.
package struct SearchEffort: Hashable, Sendable {
  /// Layouts that are looked at.
  package var layouts = 400
  /// Table entries of one layout, and of all.
  package var entriesPerLayout = 1 << 20
  package var entries = 1 << 22
  /// Layouts of unequal replicas that are looked at.
  package var laneLayouts = 200
  /// Stages tried by all walks, and by one.
  package var tries = 1 << 17
  package var triesPerState = 1 << 15
  /// Plans kept.
  package var kept = 16

  package init() {}
}
