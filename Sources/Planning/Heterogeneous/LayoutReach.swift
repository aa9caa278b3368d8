/// How good a plan of one layout can be, found by asking its reach table for one time after another.
struct LayoutReach {
  private(set) var table: ReachTable
  let bound: MixedBound
  let loads: BlockLoads
  /// What every pipeline of the layout takes at least.
  let least: Double
  let space: MixedSpace
  /// Pipelines that the least time allowed.
  private(set) var cuts: [PipelineCut] = []
  /// Effort so far, in states of the table.
  private(set) var statesFilled = 0
  /// The least factor by which waiting for the slowest replica lengthens a step of the layout, if it is to
  /// take no more than was asked first: no factor of a shorter one is less.
  private var waiting: Double
  /// Seats that are taken together.
  private let classes: [[SeatCosts]]

  /// - Parameters:
  ///   - least: What every pipeline of the layout takes at least.
  ///   - waiting: What is known of that factor.
  init(
    table: ReachTable, bound: MixedBound,
    loads: BlockLoads, least: Double, space: MixedSpace, waiting: Double = 1
  ) {
    self.waiting = waiting
    classes = table.classes.map { part in part.seats.map { table.seats[$0] } }
    self.table = table
    self.bound = bound
    self.loads = loads
    self.least = least
    self.space = space
  }

  /// To which part of a step the bound is known; to a part in 2^7 of what was open, if that is less fine.
  static let precision = 0x1p-10
  private static let bisections = 7
  /// Plans that are read off the table.
  private static let cutsRead = 3

  /// A step that no plan of the layout undercuts; nil if none is faster than `best`.
  mutating func least(from low: Double, below best: Double) -> Double? {
    var (low, high) = (low, best)
    guard let waiting = reaches(min(best, MixedBound.longest)) else { return nil }
    self.waiting = waiting
    if best == .infinity {
      high = low
      repeat { high *= 1.5 } while reaches(high) == nil
    }
    for _ in 0..<Self.bisections where high - low > Self.precision * high {
      let middle = (low + high) / 2
      if reaches(middle) == nil { low = middle } else { high = middle }
    }
    return low
  }

  /// Of every state of so many groups of each seat, the layers it begins with in pipelines whose step
  /// takes no more than `best`.
  mutating func windows(_ states: GroupStates, within best: Double) -> [Range<Int>] {
    // Without a plan yet, an endless step would be divided by itself.
    guard reaches(min(best, MixedBound.longest)) != nil else {
      return Array(repeating: 0..<0, count: states.count)
    }
    return table.windows(states)
  }

  /// The least factor of waiting if a step of some groups' pipeline may take no more than `step`; nil if
  /// none may. The more nodes a pipeline is over, the longer it waits for the slowest replica, and the less time
  /// is left: the least waiting of what was within reach is taken for all, until what is left has no more.
  private mutating func reaches(_ step: Double) -> Double? {
    var waiting = waiting
    while true {
      guard let ends = bound.ends(loads, within: step / waiting, from: least) else { return nil }
      table.fill(
        within: bound.pipeline(
          within: step / waiting, ends, microBatches: table.microBatches))
      statesFilled += table.states
      var least: (waiting: Double, states: [Int]) = (.infinity, [])
      table.forEachCovering { state, counts, stages in
        guard space.allowsDepth(stages), table.allows(stages: stages) else { return }
        let waiting = 1 + bound.straggling.leastFraction(classes, counts)
        if waiting < least.waiting { least = (waiting, []) }
        if waiting == least.waiting { least.states.append(state) }
      }
      if least.states.isEmpty { return nil }
      if least.waiting <= waiting {
        if table.isExact { cuts = least.states.prefix(Self.cutsRead).compactMap { table.cut($0) } }
        return waiting
      }
      waiting = least.waiting
    }
  }
}
