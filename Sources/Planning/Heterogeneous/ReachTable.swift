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
/// In ZB-H1 the same is asked with `lead` there and back, of chains without the weight gradients that trail.
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
  let fold: ChunkFold
  let nodes: Int
  /// Of a whole pipeline.
  let deepest: Int
  let leastStages: Int
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
  let prices: [Double]
  let backPrices: [Double]
  /// Classes by these.
  let byPrice: [Int]
  let backByPrice: [Int]
  let slowness: [Double]
  /// By seat and stages after one on it, `most` of each seat.
  private let chains: [StageChains]
  /// The same of chains that go home through the stages before; empty where all do, or beginning later might
  /// then be worse.
  private let homes: [StageChains]
  private let mostChains: Int
  /// By seat: the least that one of the layers from each on takes.
  private let lightest: [[Double]]
  /// What a stage adds to the trip.
  private let overhead: Double
  /// Seconds that the last stages' trips take at least, by state.
  private var rounds: [Double]
  /// By seat, as many layers of the most common kind as stages take together; and after how often so many
  /// each layer comes.
  let blocks: [BlockRates]
  let blocksBefore: [Int]
  let whole: WholeLayers
  /// Of every time the same (see `Lead`).
  let firstPart: Double
  let lastAfter: [Int]

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

  /// - Parameters:
  ///   - stages: That a whole pipeline may have.
  ///   - common: The most common kind of layer, and what it takes of each seat.
  init(
    seats: [SeatCosts], classes: [SeatClass], stages: ClosedRange<Int>, microBatches: Int,
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
    firstPart = Self.firstPart(seats[0])
    lastAfter = Self.lastAfter(blocksBefore)
    self.classes = classes
    self.microBatches = microBatches
    self.schedule = schedule
    nodes = fold.places
    deepest = min(stages.upperBound, nodes)
    leastStages = stages.lowerBound
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
    let forward = isMonotone ? ahead : ahead.map { _ in 0 }
    let back = prices(splits ? .gradients : .whole)
    (self.prices, backPrices) = (forward, back)
    byPrice = forward.indices.sorted { forward[$0] < forward[$1] }
    backByPrice = back.indices.sorted { back[$0] < back[$1] }
    rounds = [Double](repeating: 0, count: groups.count)
    overhead = seats[0].plainTime(0, 0)
    lightest = seats.map { [nodes] seat in
      var lightest = [Double](repeating: .infinity, count: nodes + 1)
      for node in (0..<nodes).reversed() {
        lightest[node] = min(lightest[node + 1], seat.plainTime(node, node + 1))
      }
      return lightest
    }
    let most = max(1, min(deepest, groups.sizes.reduce(0) { $0 + $1 - 1 }))
    mostChains = most
    chains = seats.flatMap { seat in
      let growth = ChainGrowth(
        kinds: seat.ratios(to: seats[0]), before: isMonotone ? dearest : 0, after: back.max() ?? 0)
      return (0..<most).map {
        StageChains(schedule, microBatches: microBatches, after: $0, growth: growth)
      }
    }
    let dearestBack = back.max() ?? 0
    let isHomeMonotone = seats.allSatisfy {
      Double(microBatches) * $0.leastRatio(to: seats[0], .gradients) >= dearestBack
    }
    let deepest = deepest
    homes =
      !splits || !isHomeMonotone
      ? []
      : seats.flatMap { seat in
        var growth = ChainGrowth(
          kinds: seat.ratios(to: seats[0]), before: dearestBack, after: dearestBack)
        return (0..<most).map { after in
          growth.trailing = Double(
            StageChains.trailing(
              schedule, microBatches: microBatches, before: max(0, deepest - 1 - after)))
          return StageChains(schedule, microBatches: microBatches, after: after, growth: growth)
        }
      }
  }

  /// Whether a pipeline of so many stages can run.
  func allows(stages: Int) -> Bool {
    schedule.obstacle(stages: stages, chunksPerStage: fold.chunks, microBatches: microBatches)
      == nil
  }

  func held(_ fromEnd: Int, of stages: Int) -> HeldBatches {
    schedule.held(
      fromEnd: fromEnd, of: stages, chunks: fold.chunks, microBatches: microBatches)
  }

  var isExact: Bool { classes.count == seats.count }
  var states: Int { starts.count }

  func counts(_ state: Int) -> [Int] { groups.counts(state) }

  /// Calls `visit` with the states whose groups cover the whole model, these groups, and how many they are.
  func forEachCovering(_ visit: (_ state: Int, _ counts: [Int], _ stages: Int) -> Void) {
    var counts = [Int](repeating: 0, count: classes.count)
    var stages = 0
    for state in 1..<max(1, starts.count) {
      stages += groups.advance(&counts)
      if starts[state] == 0, stages >= leastStages { visit(state, counts, stages) }
    }
  }

  // MARK: Filling

  /// - Parameter seconds: What the pipeline may take.
  mutating func fill(within seconds: Double) {
    // Where they lie: copying chains takes longer than what is asked of them.
    let (chains, homes) = (chains, homes)
    chains.withUnsafeBufferPointer { chains in
      homes.withUnsafeBufferPointer { homes in fill(within: seconds, chains, homes) }
    }
  }

  private mutating func fill(
    within seconds: Double, _ chains: UnsafeBufferPointer<StageChains>,
    _ homes: UnsafeBufferPointer<StageChains>
  ) {
    var lead = Lead(self, within: seconds)
    let unreachable = Int32(nodes + 1)
    starts[0] = Int32(nodes)
    var counts = [Int](repeating: 0, count: classes.count)
    var stages = 0
    // Stages of a seat at one distance from the end hold about as many layers.
    var guesses = [Int](repeating: 1, count: seats.count * (deepest + 2))
    fewest = lead.fewestStages
    let least = schedule.holdsByDepth ? fewest : 1
    // Of their own: this loop is most of a search over many pools.
    let (groups, seats, classes, deepest) = (groups, seats, classes.count, deepest)
    let deadline = seconds / Double(microBatches)
    let longest = deadline * (1 + 1e-9)
    for state in 1..<max(1, starts.count) {
      stages += groups.advance(&counts)
      var best = unreachable
      // Most states are out of reach, as are all before them.
      var isNear = false
      if stages <= deepest {
        for index in 0..<classes where counts[index] > 0 {
          if starts[groups.state(state, without: index)] != unreachable { isNear = true }
        }
        for index in 0..<classes where counts[index] > lead.useful[index] { isNear = false }
      }
      if isNear {
        lead.set(counts, after: stages)
        latest[state] = Int32(lead.latest)
        let held = held(stages, of: least)
        let trailing = Double(
          StageChains.trailing(
            schedule, microBatches: microBatches, before: max(0, deepest - stages)))
        for (index, seat) in members where counts[index] > 0 {
          let rest = groups.state(state, without: index)
          if starts[rest] == unreachable { continue }
          let end = max(1, Int(starts[rest]))
          // Where another seat's stage can begin so early that this one has no time for as much.
          if end >= best, seats[seat].plainTime(max(0, Int(best) - 1), end) > longest { continue }
          let row = seat * mostChains + stages - 1
          let stage = Stage(
            seat: seats[seat], chains: chains.baseAddress! + row,
            home: homes.isEmpty ? nil : homes.baseAddress! + row, trailing: trailing,
            round: rounds[rest], end: end,
            nodes: nodes, held: held, fewest: end == nodes ? fold.fewestLast : 1,
            seconds: seconds, holdsLater: lightest[seat][end] <= deadline)
          let place = seat * (deepest + 2) + stages
          if let start = stage.start(before: Int(best), lead, guess: &guesses[place]) {
            if guesses[place + 1] == 1 { guesses[place + 1] = guesses[place] }
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

  // MARK: Reading

  /// Layers that every choice of groups of each seat, as the last of a pipeline, begins with: none earlier
  /// and none later is part of a pipeline within the time.
  func windows(_ states: GroupStates) -> [Range<Int>] {
    var steps = [Int](repeating: 0, count: seats.count)
    for (index, seat) in members { steps[seat] = groups.stride(index) }
    var counts = [Int](repeating: 0, count: seats.count)
    return (0..<states.count).map { number in
      if number == 0 { return 0..<0 }
      _ = states.advance(&counts)
      var state = 0
      for seat in steps.indices { state += counts[seat] * steps[seat] }
      let start = Int(starts[state])
      return start > nodes ? 0..<0 : start..<max(start, min(nodes, Int(latest[state]) + 1))
    }
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
}
