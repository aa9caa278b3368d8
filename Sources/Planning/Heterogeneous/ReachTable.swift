import Quantities
import Scheduling

/// Which layers the last stages of a pipeline can cover within a time, for every choice of how many
/// groups of each pool they are.
///
/// A step within S has L + (what `StageChains` says of it) ≤ S for every stage: L is what the stages before
/// take, and a chain's trips go through those after. The table holds
///
///     start(n) = min over t of the least a with lead(a, n) + chains(T(t, a ..< b), round(n − eₜ)) ≤ S,
///     b = start(n − eₜ)
///
/// where `n` counts the groups of each pool among the last stages, and `lead(a, n)` is the least that
/// the groups which are left take for the layers before `a`: those of the least time a layer first,
/// each with as many layers as it could cover by itself. These have to be all layers before `a`, whole
/// ones, beside the micro-batches that a stage before `n` holds. `round(n)` is the least that the groups in
/// `n` take for the layers from start(n) on, there and back, found alike.
///
/// Beginning later is never worse, so that one number a state is enough: the reach table of ENGINE's
/// parametric search, with the pipeline's fill in it. For a stage that could end later than `b` could end
/// there too: what it is rid of is more than what the round gains (`ChainGrowth`). Unless it then has no
/// layer: such a stage is taken to begin at `b`, where some later layer is light enough for it. A stage's
/// distance from the end, on which the micro-batches in flight and so its memory depend, is the number of
/// groups in `n`: limits by position are exact. A pipeline over the groups of a state exists within S only
/// if the state starts at layer 0.
///
/// With several chunks a stage, layers are places of a lap (`ChunkFold`), of which the groups before `a`
/// delay a stage by their first chunks alone.
///
/// Many pools have many states: pools can be taken together, each stage of such a *class* then being
/// on whichever of its pools suits it best. The table then still excludes what no pipeline can do.
///
/// Complexity: O(states · pools), states = Π(nₜ + 1), for one time.
struct ReachTable {
  let seats: [SeatCosts]
  let classes: [SeatClass]
  let microBatches: Int
  let schedule: PipelineSchedule
  /// Groups of each class.
  private let groups: GroupStates
  private let fold: ChunkFold
  private let nodes: Int
  private let deepest: Int
  /// Every class with each of its seats.
  private let members: [(index: Int, seat: Int)]
  /// By state; `nodes + 1` where the groups cannot do it.
  private var starts: [Int32]
  /// By state: the groups that are left can cover no more layers than these.
  private var latest: [Int32]
  /// Stages of a pipeline within the time, at least.
  private(set) var fewest = 1
  /// The seat of each state's first stage.
  private var firsts: [Int16]
  /// The least and the price of layers, in seconds of the first seat's.
  private let prices: [Double]
  private let backPrices: [Double]
  private let slowness: [Double]
  /// By seat and stages after one on it.
  private let chains: [[StageChains]]
  /// By seat: the least that one of the layers from each on takes.
  private let lightest: [[Double]]
  /// What a stage adds to the trip.
  private let overhead: Double
  /// Seconds that the last stages' trips take at least, by state.
  private var rounds: [Double]
  /// By seat, as many layers of the most common kind as stages take together; and after how often so many
  /// each layer comes.
  private let blocks: [BlockRates]
  private let blocksBefore: [Int]
  private let whole: WholeLayers

  /// Pools that are taken together.
  struct SeatClass {
    var seats: [Int]
    var most: Int
  }

  /// Pools, those of most equal speed taken together until the states are few enough.
  static func classes(_ seats: [SeatCosts], most: [Int], states limit: Int) -> [SeatClass] {
    let bySpeed = seats.indices.sorted { seats[$0].wholeTime < seats[$1].wholeTime }
    var classes = bySpeed.map { SeatClass(seats: [$0], most: most[$0]) }
    while classes.count > 1, GroupStates.count(most: classes.map(\.most)) > limit {
      func gap(_ index: Int) -> Double {
        seats[classes[index + 1].seats[0]].wholeTime / seats[classes[index].seats.last!].wholeTime
      }
      let nearest = (0..<(classes.count - 1)).min { gap($0) < gap($1) }!
      let other = classes.remove(at: nearest + 1)
      classes[nearest].seats += other.seats
      classes[nearest].most += other.most
    }
    return classes
  }

  /// - Parameter common: The most common kind of layer, and what it takes of each seat.
  init(
    seats: [SeatCosts], classes: [SeatClass], deepest: Int, microBatches: Int,
    schedule: PipelineSchedule, common: (kind: Int, rates: [BlockRates]), whole: WholeLayers
  ) {
    self.seats = seats
    self.whole = whole
    blocks = common.rates.map { $0.times(whole.each) }
    fold = seats[0].fold
    let blocks = seats[0].model.table.kinds.reduce(into: [0.0]) {
      $0.append($0.last! + ($1 == common.kind ? 1 : 0))
    }
    blocksBefore =
      whole.each > 1 ? Array(0...fold.places) : fold.sums(of: blocks).map { Int($0) }
    self.classes = classes
    self.microBatches = microBatches
    self.schedule = schedule
    nodes = fold.places
    self.deepest = min(deepest, nodes)
    groups = GroupStates(most: classes.map(\.most))
    members = classes.indices.flatMap { index in classes[index].seats.map { (index, $0) } }
    starts = [Int32](repeating: 0, count: groups.count)
    latest = starts
    firsts = [Int16](repeating: -1, count: groups.count)
    slowness = seats.map { $0.leastRatio(to: seats[0], .whole) }
    let splits = schedule.splitsBackward
    func prices(_ part: SeatCosts.TripPart) -> [Double] {
      classes.map { each in
        each.seats.reduce(Double.infinity) {
          min($0, seats[$1].leastRatio(to: seats[0], part))
        }
      }
    }
    let ahead = prices(splits ? .forward : .whole)
    // Beginning a layer later must ease the stage's own work by more than it delays the stage.
    let dearest = ahead.max() ?? 0
    let isMonotone = slowness.allSatisfy { Double(microBatches) * $0 >= dearest }
    self.prices = isMonotone ? ahead : ahead.map { _ in 0 }
    let back = prices(splits ? .gradients : .whole)
    backPrices = back
    rounds = [Double](repeating: 0, count: groups.count)
    overhead = seats[0].plainTime(0, 0)
    lightest = seats.map { [nodes] seat in
      var lightest = [Double](repeating: .infinity, count: nodes + 1)
      for node in (0..<nodes).reversed() {
        lightest[node] = min(lightest[node + 1], seat.plainTime(node, node + 1))
      }
      return lightest
    }
    let most = min(self.deepest, groups.sizes.reduce(0) { $0 + $1 - 1 })
    chains = seats.map { seat in
      let growth = ChainGrowth(
        kinds: seat.ratios(to: seats[0]), before: isMonotone ? dearest : 0, after: back.max() ?? 0)
      return (0..<max(1, most)).map {
        StageChains(schedule, microBatches: microBatches, after: $0, growth: growth)
      }
    }
  }

  /// Whether a pipeline of so many stages can run.
  func allows(stages: Int) -> Bool {
    schedule.obstacle(stages: stages, chunksPerStage: fold.chunks, microBatches: microBatches)
      == nil
  }

  private func held(_ fromEnd: Int, of stages: Int) -> HeldBatches {
    schedule.held(
      fromEnd: fromEnd, of: stages, chunks: fold.chunks, microBatches: microBatches)
  }

  var isExact: Bool { classes.count == seats.count }
  var states: Int { starts.count }

  func counts(_ state: Int) -> [Int] { groups.counts(state) }

  /// States whose groups cover the whole model.
  var covering: [Int] { starts.indices.dropFirst().filter { starts[$0] == 0 } }

  // MARK: Filling

  /// - Parameter seconds: What the pipeline may take.
  mutating func fill(within seconds: Double) {
    var lead = Lead(self, within: seconds)
    let unreachable = Int32(nodes + 1)
    starts[0] = Int32(nodes)
    var counts = [Int](repeating: 0, count: classes.count)
    var stages = 0
    var guesses = [Int](repeating: 1, count: seats.count)
    fewest = lead.fewestStages
    let least = schedule.holdsByDepth ? fewest : 1
    // Of their own: this loop is most of a search over many pools.
    let (groups, seats, chains, deepest) = (groups, seats, chains, deepest)
    let deadline = seconds / Double(microBatches)
    for state in 1..<max(1, starts.count) {
      stages += groups.advance(&counts)
      var best = unreachable
      // Most states are out of reach, as are all before them.
      let isNear =
        stages <= deepest && counts.indices.allSatisfy { counts[$0] <= lead.useful[$0] }
        && counts.indices.contains {
          counts[$0] > 0 && starts[groups.state(state, without: $0)] != unreachable
        }
      if isNear {
        lead.set(counts, after: stages)
        latest[state] = Int32(lead.latest)
        let held = held(stages, of: least)
        for (index, seat) in members where counts[index] > 0 {
          let rest = groups.state(state, without: index)
          if starts[rest] == unreachable { continue }
          let end = max(1, Int(starts[rest]))
          let stage = Stage(
            seat: seats[seat], chains: chains[seat][stages - 1], round: rounds[rest], end: end,
            nodes: nodes, held: held, fewest: end == nodes ? fold.fewestLast : 1,
            seconds: seconds, holdsLater: lightest[seat][end] <= deadline)
          if let start = stage.start(before: Int(best), lead, guess: &guesses[seat]) {
            best = Int32(start)
            firsts[state] = Int16(seat)
          }
        }
      }
      starts[state] = best
      if best != unreachable {
        rounds[state] =
          lead.back(from: max(1, Int(best)), counts) + Double(stages) * overhead
      }
    }
  }

  /// The first of the last stages, and what comes after it.
  private struct Stage {
    let seat: SeatCosts
    let chains: StageChains
    let round: Double
    let end: Int
    let nodes: Int
    let held: HeldBatches
    /// Layers that it has at least.
    let fewest: Int
    /// What the pipeline may take.
    let seconds: Double
    /// Whether the seat has time for one of the layers from `end` on.
    let holdsLater: Bool

    /// The first layer that the stage can begin with; nil if it cannot hold one, or not begin before
    /// `most`.
    func start(before most: Int, _ lead: Lead, guess: inout Int) -> Int? {
      // A tied head is free of its copy only where the embedding is: not a matter of fewer layers.
      if end == nodes, isPossible(0, lead) { return 0 }
      let latest = min(end - fewest, lead.latest, most - 1)
      var start = min(max(0, end - guess), latest)
      if start >= 0, isPossible(start, lead) {
        while start > 0, isPossible(start - 1, lead) { start -= 1 }
      } else {
        repeat { start += 1 } while start <= latest && !isPossible(start, lead)
        if start > latest {
          // It may still begin later, and end later than the others can begin, with a lesser layer.
          return holdsLater && end < min(nodes, most) && lead.latest >= end ? end : nil
        }
      }
      guess = end - start
      return start
    }

    private func isPossible(_ start: Int, _ lead: Lead) -> Bool {
      let longest = chains.longest(
        within: seconds - lead.seconds(before: start), forward: seat.forwardTime(start, end),
        round: round)
      return seat.time(start, end, held: held, isWithin: longest)
    }
  }

  // MARK: Reading

  /// Layers that so many groups of each seat, as the last of a pipeline, begin with: none earlier and none
  /// later is part of a pipeline within the time.
  func window(_ counts: [Int]) -> Range<Int> {
    let state = groups.state(classes.map { part in part.seats.reduce(0) { $0 + counts[$1] } })
    let start = Int(starts[state])
    return state == 0 || start > nodes
      ? 0..<0 : start..<max(start, min(nodes, Int(latest[state]) + 1))
  }

  /// A pipeline over the groups of a state that starts at layer 0: each stage from the back with as
  /// many layers as the time allows.
  ///
  /// Nil where that leaves a stage without a layer.
  ///
  /// - Precondition: pools are not taken together.
  func cut(_ state: Int) -> PipelineCut? {
    var seats: [Int] = []
    var boundaries = [0]
    var state = state
    while state > 0 {
      let seat = Int(firsts[state])
      seats.append(seat)
      state = groups.state(
        state, without: classes.firstIndex { $0.seats.contains(seat) }!)
      boundaries.append(max(Int(starts[state]), boundaries.last! + 1))
    }
    return boundaries.last == nodes ? PipelineCut(seats: seats, boundaries: boundaries) : nil
  }

  /// The least time that groups take for the first layers of the model.
  private struct Lead {
    private let before: [Double]
    private let firstBefore: [Double]
    /// The most that a first chunk is of its stage.
    private let firstPart: Double
    private let byPrice: [Int]
    private let prices: [Double]
    private let backByPrice: [Int]
    private let backPrices: [Double]
    private let capacities: [Double]
    private let most: [Int]
    private var left: [Double]
    /// Whole layers that a group of each class gets through, by how many stages come after it.
    private var whole: [[Int]]
    /// Groups that a pipeline may use: of those that cannot hold a layer of the most common kind, as many as
    /// there are other layers.
    private(set) var useful: [Int] = []
    /// The last layer to come after no more than so many of the most common kind.
    private let lastAfter: [Int]
    private let ahead: Int
    /// The groups before cannot cover more layers than these.
    private(set) var latest = 0

    init(_ table: ReachTable, within seconds: Double) {
      before = table.seats[0].workBefore
      firstBefore = table.seats[0].firstWorkBefore
      var part = table.fold.chunks == 1 ? 1.0 : 0
      if table.fold.chunks > 1 {
        for place in 1..<before.count {
          let (all, first) = (
            before[place] - before[place - 1], firstBefore[place] - firstBefore[place - 1]
          )
          if first > 0 { part = max(part, first / all) }
        }
      }
      firstPart = part
      prices = table.prices
      byPrice = table.prices.indices.sorted { table.prices[$0] < table.prices[$1] }
      backPrices = table.backPrices
      backByPrice = table.prices.indices.sorted { table.backPrices[$0] < table.backPrices[$1] }
      let each = seconds / Double(table.microBatches)
      // A hair more, so that n layers fit into n times one layer's time.
      capacities = table.classes.map { part in
        part.seats.reduce(0) { max($0, each / table.slowness[$1] * (1 + 1e-9)) }
      }
      most = table.classes.map(\.most)
      left = capacities
      var lastAfter: [Int] = []
      for (node, count) in table.blocksBefore.enumerated() {
        while lastAfter.count <= count { lastAfter.append(lastAfter.last ?? node) }
        lastAfter[count] = node
      }
      self.lastAfter = lastAfter
      ahead = table.whole.ahead
      whole = []
      let fewest = table.schedule.holdsByDepth ? fewestStages : 1
      let stages = min(table.deepest, most.reduce(0, +))
      // The first and the last place of a lap may stand for less than a block of every chunk.
      let others =
        table.fold.chunks == 1 ? table.nodes - table.blocksBefore[table.nodes] : Int.max
      whole = table.classes.map { part in
        (0..<(stages + 1)).map { after in
          let held = table.held(after + 1, of: fewest)
          return part.seats.reduce(0) {
            let overhead = table.seats[$1].plainTime(0, 0)
            return max($0, table.blocks[$1].layers(within: each - overhead, held: held))
          }
        }
      }
      useful = whole.indices.map { whole[$0][0] > 0 ? most[$0] : min(others, most[$0]) }
    }

    /// Stages that all layers take, each with as many as it could cover.
    var fewestStages: Int {
      var rest = before[before.count - 1]
      var stages = 0
      for index in capacities.indices.sorted(by: { capacities[$0] > capacities[$1] }) {
        let needed = (rest / max(capacities[index], .leastNormalMagnitude)).rounded(.up)
        let count = Int(min(needed, Double(most[index])))
        stages += count
        rest -= Double(count) * capacities[index]
        if rest <= 0 { break }
      }
      return max(1, stages)
    }

    /// Of these groups the layers after the ones asked for make use.
    mutating func set(_ counts: [Int], after stages: Int) {
      var layers = ahead
      for index in counts.indices {
        let free = most[index] - counts[index]
        left[index] = free > 0 ? Double(free) * capacities[index] : 0
        layers += free * whole[index][stages]
      }
      let sum = left.reduce(0, +)
      var (low, high) = (0, before.count - 1)
      while low < high {
        let middle = (low + high + 1) / 2
        if before[middle] <= sum { low = middle } else { high = middle - 1 }
      }
      latest = min(low, lastAfter[min(layers, lastAfter.count - 1)])
    }

    /// Of the layers from one on, there and back through these groups.
    func back(from node: Int, _ counts: [Int]) -> Double {
      var rest = before[before.count - 1] - before[node]
      var sum = 0.0
      for index in backByPrice where rest > 0 {
        let taken = min(rest, Double(counts[index]) * capacities[index])
        sum += taken * backPrices[index]
        rest -= taken
      }
      return sum
    }

    func seconds(before node: Int) -> Double {
      var rest = firstBefore[node]
      var sum = 0.0
      for index in byPrice where rest > 0 {
        let taken = min(rest, left[index] * firstPart)
        sum += taken * prices[index]
        rest -= taken
      }
      return sum
    }
  }
}

extension SeatCosts {
  /// What of a layer's passes a trip goes through.
  fileprivate enum TripPart { case forward, gradients, whole }

  /// How long a layer takes here at least, as a part of what it takes on another seat in both passes.
  fileprivate func leastRatio(to other: SeatCosts, _ part: TripPart) -> Double {
    let table = model.table
    return Set(table.kinds).reduce(Double.infinity) { least, kind in
      let (own, base) = (table.costs[kind], other.model.table.costs[kind])
      let whole = (base.forward.total + base.backward.total).value
      guard whole > 0 else { return least }
      let passes =
        switch part {
        case .forward: own.forward.total
        case .gradients: own.forward.total + own.backward.total - own.weightGradient
        case .whole: own.forward.total + own.backward.total
        }
      return min(least, passes.value / whole)
    }
  }

  /// Of every kind of layer, both passes and the forward one here as parts of both on another seat.
  fileprivate func ratios(to other: SeatCosts) -> [(passes: Double, forward: Double)] {
    let table = model.table
    return Set(table.kinds).sorted().compactMap { kind in
      let (own, base) = (table.costs[kind], other.model.table.costs[kind])
      let whole = (base.forward.total + base.backward.total).value
      guard whole > 0 else { return nil }
      return (
        (own.forward.total + own.backward.total).value / whole, own.forward.total.value / whole
      )
    }
  }
}
