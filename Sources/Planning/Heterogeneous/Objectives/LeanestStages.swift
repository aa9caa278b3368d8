/// Cuts a pipeline over groups of several kinds so that its fullest stage holds least, all layers under the
/// strategy's policy.
///
/// Stages are laid from the last to the first: `start[n₁ … n_T]` is the first node that stages on so many groups
/// of each kind reach within a budget, each taking all it has room for. A stage that has less to take holds no
/// more, and one that is not needed leaves those before it nearer to the end, where fewer micro-batches are held:
/// so reaching further is never worse, and some state reaches the first node if any cut stays within the budget.
/// The least budget is found by bisection between those that make a difference.
struct LeanestStages {
  let seats: [Seat]
  /// Stages: as many as there are groups, no more than so many, or exactly so many.
  let depth: Depth
  /// Whether it went on until none holds less than what was found.
  private(set) var isComplete = true
  private let states: GroupStates
  private let nodes: Int

  struct Seat {
    /// At the positions of a pipeline that is as deep as `costs` says; only those from its end count.
    let costs: SplitCosts
    let groups: Int
    /// Bytes that a GPU may hold.
    let limit: Double
  }

  enum Depth: Equatable {
    case any
    case atMost(Int)
    /// Not always found where a stage has no room for a single layer at its place.
    case exactly(Int)

    var most: Int {
      switch self {
      case .any: .max
      case .atMost(let stages), .exactly(let stages): stages
      }
    }
  }

  struct Cut {
    /// Index of each stage's seat, the first stage's first.
    var seats: [Int]
    var boundaries: [Int]
    /// Bytes on the fullest GPU.
    var memory: Double
  }

  /// - Precondition: `GroupStates.count` of the seats' groups is not too large to be kept.
  init(_ seats: [Seat], depth: Depth = .any) {
    self.seats = seats
    self.depth = depth
    nodes = seats[0].costs.nodes
    let most = min(depth.most, nodes)
    states = GroupStates(most: seats.map { min($0.groups, most) })
  }

  /// Nil where no cut holds less than `limit`, or none was found until it is to stop.
  ///
  /// Complexity: O(bisections · states · kinds · log(nodes)).
  mutating func best(below limit: Double, shouldStop: () -> Bool = { false }) -> Cut? {
    var (found, next) = cut(within: limit.isFinite ? limit * (1 - 1e-12) : limit, shouldStop)
    guard var best = found else { return nil }
    var (low, high) = (0.0, best.memory)
    while low < high * (1 - 1e-12) {
      let middle = (low + high) / 2
      (found, next) = cut(within: middle, shouldStop)
      guard isComplete else { break }
      if let found {
        best = found
        high = min(middle, found.memory)
      } else {
        low = min(high, max(next, middle))
      }
    }
    return best
  }

  /// A cut, or the least larger budget that could make a difference.
  private mutating func cut(
    within budget: Double, _ shouldStop: () -> Bool
  ) -> (cut: Cut?, next: Double) {
    var next = Double.infinity
    var starts = [Int](repeating: .max, count: states.count)
    var lastSeat = [Int](repeating: -1, count: states.count)
    starts[0] = nodes
    var counts = [Int](repeating: 0, count: seats.count)
    var place = 0
    for state in 1..<max(1, states.count) {
      place += states.advance(&counts)
      if state.isMultiple(of: Self.statesBetweenStops), shouldStop() {
        isComplete = false
        return (nil, next)
      }
      guard place <= min(depth.most, nodes) else { continue }
      // Where so many stages are wanted, those before need a layer each.
      var least = 0
      if case .exactly(let stages) = depth { least = stages - place }
      for seat in seats.indices where counts[seat] > 0 {
        let end = starts[states.state(state, without: seat)]
        guard end < .max, end > least else { continue }
        let start = self.start(seat, place, end: end, from: least, within: budget, &next)
        if start < end, start < starts[state] {
          starts[state] = start
          lastSeat[state] = seat
        }
      }
      if starts[state] == 0 {
        return (traced(state, starts, lastSeat), next)
      }
    }
    return (nil, next)
  }

  /// The first node of the stage with `place − 1` stages after it that ends before `end`; `end` if there is
  /// room for no layer.
  private func start(
    _ seat: Int, _ place: Int, end: Int, from least: Int, within budget: Double,
    _ next: inout Double
  ) -> Int {
    let room = min(budget, seats[seat].limit)
    // With the embedding on it, a stage shares a tied head's table.
    if least == 0, memory(seat, place, 0..<end) <= room { return 0 }
    var (low, high) = (least, end)
    while low < high {
      let middle = (low + high) / 2
      if memory(seat, place, middle..<end) <= room { high = middle } else { low = middle + 1 }
    }
    if low > least {
      for more in [low - 1, least] {
        let needed = memory(seat, place, more..<end)
        if needed <= seats[seat].limit { next = min(next, needed) }
      }
    }
    return low
  }

  private func memory(_ seat: Int, _ place: Int, _ range: Range<Int>) -> Double {
    let costs = seats[seat].costs
    let recomputed = costs.policy == .none ? 0 : costs.table.recomputableLayers(range)
    return costs.memory(stage: costs.stages - place, range, recomputed: recomputed)
  }

  private static let statesBetweenStops = 64

  private func traced(_ last: Int, _ starts: [Int], _ lastSeat: [Int]) -> Cut {
    var cut = Cut(seats: [], boundaries: [], memory: 0)
    var state = last
    var place = states.counts(state).reduce(0, +)
    while state > 0 {
      let seat = lastSeat[state]
      let before = states.state(state, without: seat)
      cut.seats.append(seat)
      cut.boundaries.append(starts[state])
      cut.memory = max(cut.memory, memory(seat, place, starts[state]..<starts[before]))
      state = before
      place -= 1
    }
    cut.boundaries.append(nodes)
    return cut
  }
}
