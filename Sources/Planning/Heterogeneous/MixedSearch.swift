import Costing
import Hardware
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
  private var seats: [SeatKey: SeatCosts] = [:]
  private var order = 0
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

  /// Shared degrees, or with a choice of splits a layout.
  private struct Node: Comparable {
    var bound: Double
    var order: Int
    var base: ParallelStrategy
    /// By pool; empty while that is open.
    var splits: [MixedSpace.Split] = []
    static func < (a: Node, b: Node) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Node, b: Node) -> Bool { a.order == b.order }
  }

  private struct SeatKey: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
    var recompute: RecomputePolicy
  }

  private struct RateKey: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    var heap = Heap<Node>()
    space.forEachBase(schedules: space.plainSchedules) { base in
      order += 1
      if let bound = leastStep(base), bound < best {
        heap.insert(Node(bound: bound, order: order, base: base))
      } else {
        pruned += 1
      }
    }
    // A good plan first, from the most promising layouts, so that most others need no table.
    var tried: [Node] = []
    var sketches = 0
    // Layouts that hold nothing better do not count, or not for much.
    while sketches < effort.sketches, tried.count < 12 * effort.sketches, let node = next(&heap) {
      if shouldStop() {
        open = min(open, node.bound)
        return
      }
      considered += 1
      if sketch(node) { sketches += 1 }
      tried.append(node)
    }
    for node in tried { heap.insert(node) }
    let sketched = Set(tried.map(\.order))
    var entriesLeft = effort.entries
    var evaluated = 0
    while let node = next(&heap) {
      // Other plans than these are still to be looked for, so nothing bounds them all.
      onProgress(
        SearchProgress(
          best: best, bound: 0, strategiesConsidered: considered, strategiesPruned: pruned))
      if shouldStop() || evaluated >= effort.layouts {
        open = min(open, node.bound)
        break
      }
      evaluated += 1
      if !sketched.contains(node.order) { considered += 1 }
      open = min(open, evaluate(node, &entriesLeft, shouldStop))
    }
    pruned += heap.count
  }

  /// The most promising layout that may still win; shared degrees are opened on the way.
  private mutating func next(_ heap: inout Heap<Node>) -> Node? {
    while let node = heap.popMin() {
      if node.bound >= best {
        heap.insert(node)
        return nil
      }
      if !node.splits.isEmpty { return node }
      expand(node, into: &heap)
    }
    return nil
  }

  // MARK: Layouts

  /// A bound on every layout of the shared degrees: each pool split as is best for it alone.
  private mutating func leastStep(_ base: ParallelStrategy) -> Double? {
    var rate = 0.0
    for pool in problem.pools.indices {
      var best = 0.0
      for split in space.splits(ofPool: pool, base) {
        let rates = rates(base, pool: pool, split)
        best = max(best, Double(split.groups) / rates.work)
      }
      rate += best
    }
    return rate > 0 ? Double(base.microBatches) / rate + bound.overhead : nil
  }

  private mutating func expand(_ node: Node, into heap: inout Heap<Node>) {
    let base = node.base
    let pools = problem.pools.indices
    let splits = pools.map { space.splits(ofPool: $0, base) }
    let seats = pools.map { pool in splits[pool].map { rates(base, pool: pool, $0) } }
    if pools.count > MixedSpace.freelySplitPools { open = min(open, node.bound) }
    space.forEachChoice(among: splits) { choice in
      let chosen = pools.compactMap { seats[$0].isEmpty ? nil : seats[$0][choice[$0]] }
      let pipeline = max(
        MixedBound.pipeline(
          chosen, microBatches: base.microBatches, deepest: space.deepest,
          tapers: !base.schedule.splitsBackward),
        MixedBound.wholeLayers(
          chosen, microBatches: base.microBatches, blocks: space.commonLayer.count))
      guard pipeline.isFinite else { return }
      let value = bound.step(
        pipeline, MixedBound.ends(chosen), microBatches: base.microBatches)
      order += 1
      if value < best {
        let chosen = pools.map { pool in
          splits[pool].isEmpty
            ? MixedSpace.Split(tensor: 0, groups: 0) : splits[pool][choice[pool]]
        }
        heap.insert(Node(bound: value, order: order, base: base, splits: chosen))
      } else {
        pruned += 1
      }
    }
  }

  private mutating func rates(
    _ base: ParallelStrategy, pool: Int, _ split: MixedSpace.Split
  ) -> SeatRates {
    let groups = split.groups
    let strategy = space.strategy(base, tensor: split.tensor)
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
    let block = table.costs[space.commonLayer.kind]
    let blockStates =
      block.parameters * model.states.perParameter
      + block.expertParameters * model.states.perExpertParameter
    let room = (own.memoryLimit - own.runtimeMemory).value
    // Latencies do not grow with a stage: only the slopes are shared out.
    let rates = SeatRates(
      groups: groups, work: table.forward[nodes] + table.backward[nodes] + 2 * overhead,
      capacity: room / states, reduction: reduction(2) - reduction(1),
      update: update(2) - update(1),
      block: (block.forward.total + block.backward.total).value,
      mostBlocks: Int(max(0, min(Double(nodes), room / blockStates))))
    self.rates[key] = rates
    return rates
  }

  // MARK: One layout

  /// What of a layout the searches need.
  private struct Ground {
    var seats: [SeatCosts]
    var rates: [SeatRates]
    var most: [Int]
    var sends: [[[Double]]]
  }

  private mutating func ground(_ node: Node) -> Ground {
    let seated = node.splits.indices.filter { node.splits[$0].groups > 0 }
    let seats = seated.map { seat(node.base, pool: $0, node.splits[$0]) }
    return Ground(
      seats: seats,
      rates: seated.map { rates(node.base, pool: $0, node.splits[$0]) },
      most: seats.map { min($0.most, space.deepest) },
      sends: sendTimes(seats, node.base.schedule))
  }

  private mutating func seat(
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

  /// Good plans of a layout, quickly.
  /// - Returns: whether one is better than all that were known.
  private mutating func sketch(_ node: Node) -> Bool {
    let ground = ground(node)
    let cuts = GreedyCuts(
      seats: ground.seats, most: ground.most, deepest: space.deepest, base: node.base,
      sends: ground.sends, below: best
    ).all()
    let before = best
    for cut in cuts where space.allowsDepth(cut.seats.count) {
      consider(cut, ground.seats, node.base)
    }
    return best < before
  }

  /// Looks for better plans in a layout.
  /// - Returns: the least bound of what was not looked at; infinite if nothing was left.
  private mutating func evaluate(
    _ node: Node, _ entriesLeft: inout Int, _ shouldStop: () -> Bool
  ) -> Double {
    let ground = ground(node)
    let entries = SuffixTable.entries(ground.most, nodes: space.limits.nodes)
    guard entries <= min(effort.entriesPerLayout, entriesLeft) else {
      return node.bound
    }
    entriesLeft -= entries
    let table = SuffixTable(
      seats: ground.seats, most: ground.most, deepest: space.deepest,
      microBatches: node.base.microBatches, schedule: node.base.schedule, sends: ground.sends)
    return walk(table, node.base, ground.rates, shouldStop)
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
    keep(MixedPlan(problem, strategy, split, devices: [], tables: tables))
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

/// A plan with what it was predicted from.
package struct MixedPlan: Hashable, Sendable {
  package var strategy: MixedStrategy
  package var split: PipelineSplit
  package var plan: Plan

  /// - Parameter devices: Left out, those of `MixedStrategy.devices(on:)`.
  package init(
    _ problem: ClusterProblem, _ strategy: MixedStrategy, _ split: PipelineSplit,
    devices: [[DeviceGroup]]? = nil
  ) {
    self.init(problem, strategy, split, devices: devices, tables: nil)
  }

  init(
    _ problem: ClusterProblem, _ strategy: MixedStrategy, _ split: PipelineSplit,
    devices: [[DeviceGroup]]? = nil, tables: SeatTables?
  ) {
    self.strategy = strategy
    self.split = split
    let model = MixedModel(problem, strategy, tables: tables)
    plan = model.plan(split, devices: devices ?? strategy.devices(on: problem.cluster))
  }
}

extension MixedPlan {
  /// With its devices.
  func placed(on cluster: Cluster) -> MixedPlan {
    var placed = self
    for (stage, devices) in strategy.devices(on: cluster).enumerated() {
      placed.plan.stages[stage].devices = devices
    }
    return placed
  }
}

/// How much a search may do, in numbers that do not depend on the machine.
package struct SearchEffort: Hashable, Sendable {
  /// Layouts that are looked at, and of these, those that are first sketched.
  package var layouts = 400
  package var sketches = 64
  /// Table entries of one layout, and of all.
  package var entriesPerLayout = 1 << 18
  package var entries = 1 << 19
  /// Layouts of unequal replicas that are looked at.
  package var laneLayouts = 200
  /// Stages tried by all walks, and by one.
  package var tries = 1 << 16
  package var triesPerState = 1 << 13
  /// Plans kept.
  package var kept = 16

  package init() {}
}
