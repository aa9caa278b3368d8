import Scheduling

/// The least time in which the last stages of a pipeline can do their part, for every choice of how
/// many groups of each pool they are and which layer they begin with.
///
/// With L for what the stages before take, there and back but in ZB-H1, a step takes at least L beside what
/// `StageChains` says of a stage and of the round through those after it. For a suffix of the pipeline this
/// satisfies
///
///     V(n, t, a) = min over b, u of max(chains(T, R(n − eₜ, u, b)), T + send(t → u) + V(n − eₜ, u, b)),
///     R(n, t, a) = min over b, u of T + sends there and back + R(n − eₜ, u, b),  T = T(t, a ..< b)
///
/// and in ZB-H1, with L for there and back,
///
///     H(n, t, a) = min over b, u of max(chains(T, R(n − eₜ, u, b)) − trailing · W(t, a ..< b),
///                                       F + B + sends there and back + H(n − eₜ, u, b))
///
/// where `n` counts the groups of each pool in the suffix, `t` is the pool of its first stage, `a`
/// its first layer. A stage's distance from the end, on which the micro-batches in flight and so its
/// memory depend, is the number of groups in the suffix: limits by position are exact. One table
/// answers for every number of groups up to the pools' own, so which devices to leave out needs no
/// search of its own.
///
/// This is the reach table (the furthest layer that given groups cover within a time bound) turned
/// inside out: it also sees what every stage adds to the fill of the pipeline, and needs no bisection.
///
/// With several chunks a stage, layers are places of a lap (`ChunkFold`): stages wait for the first
/// chunks of those before them alone.
///
/// Where only pipelines within a time are of interest, a suffix begins neither before the layer that
/// `ReachTable` says its groups can reach within it, nor after what the groups before it can cover: the
/// table holds the window between, which is narrow near the best time, and takes other entries for
/// infinite.
///
/// Complexity: O(entries · layers a stage could trade), entries = Σ pools · window over the states, of
/// which there are Π(nₜ + 1).
struct SuffixTable {
  let seats: [SeatCosts]
  let microBatches: Int
  let schedule: PipelineSchedule
  /// Seconds there and back between stages on two pools, by cut: `sends[t][u][cut]`.
  let sends: [[[Double]]]
  private let fold: ChunkFold
  private let nodes: Int
  /// Groups of each pool.
  private let groups: GroupStates
  private var values: [Double]
  /// H; none where L is what the stages before take there and back anyway.
  private var homes: [Double] = []
  /// Seconds from the arrival of a micro-batch until its gradient leaves, at least.
  private var rounds: [Double]
  /// By stages after one.
  private let chains: [StageChains]
  /// By state: the layers it may begin with, and where its values begin.
  private let windows: [Range<Int>]
  private let rows: [Int]
  let deepest: Int
  /// Stages of a whole pipeline at least.
  private let fewest: Int

  /// - Parameters:
  ///   - most: Groups that may be used of each seat's pool.
  ///   - deepest: Stages at most.
  ///   - fewest: Stages at least.
  ///   - windows: By state, the first layers of interest; left out, all.
  init(
    seats: [SeatCosts], most: [Int], deepest: Int, microBatches: Int, schedule: PipelineSchedule,
    fewest: Int = 1, sends: [[[Double]]], windows: [Range<Int>]? = nil
  ) {
    self.fewest = fewest
    self.seats = seats
    self.microBatches = microBatches
    self.schedule = schedule
    self.sends = sends
    fold = seats[0].fold
    nodes = fold.places
    self.deepest = min(deepest, nodes)
    groups = GroupStates(most: most)
    let every = 0..<nodes
    self.windows = windows ?? Array(repeating: every, count: groups.count)
    var (rows, entries) = ([Int](), 0)
    for window in self.windows {
      rows.append(entries)
      entries += seats.count * window.count
    }
    self.rows = rows
    values = [Double](repeating: .infinity, count: entries)
    rounds = values
    if schedule.splitsBackward { homes = values }
    chains = (0..<self.deepest).map {
      StageChains(schedule, microBatches: microBatches, after: $0)
    }
    fill()
  }

  /// Groups of each pool in a state.
  func counts(_ state: Int) -> [Int] { groups.counts(state) }

  var states: Int { groups.count }

  func state(without pool: Int, _ state: Int) -> Int { groups.state(state, without: pool) }

  func value(_ state: Int, first pool: Int, from node: Int) -> Double {
    entry(state, pool, node).map { values[$0] } ?? .infinity
  }

  /// Beside what the stages before take there and back.
  func home(_ state: Int, first pool: Int, from node: Int) -> Double {
    if homes.isEmpty { return 0 }
    return entry(state, pool, node).map { homes[$0] } ?? .infinity
  }

  /// Weight gradients that a stage may leave until after its last backward.
  func trailing(before stages: Int) -> Double {
    Double(StageChains.trailing(schedule, microBatches: microBatches, before: stages))
  }

  /// Seconds from the arrival of a micro-batch at the first stage until its gradient leaves it, at least.
  func round(_ state: Int, first pool: Int, from node: Int) -> Double {
    entry(state, pool, node).map { rounds[$0] } ?? .infinity
  }

  private func entry(_ state: Int, _ pool: Int, _ node: Int) -> Int? {
    let window = windows[state]
    guard window.contains(node) else { return nil }
    return rows[state] + pool * window.count + node - window.lowerBound
  }

  func chains(after stages: Int) -> StageChains { chains[stages] }

  /// Seconds there and back between stages on two pools.
  func sendsOfRound(_ from: Int, _ to: Int, _ cut: Int) -> Double {
    waysOfRound * sends[from][to][cut]
  }

  private var waysOfRound: Double { schedule.splitsBackward ? 2 : 1 }

  /// What a stage adds to a round: passes until its gradient is sent on.
  func round(_ seat: SeatCosts, _ a: Int, _ b: Int) -> Double {
    schedule.splitsBackward ? seat.gradientTime(a, b) : seat.plainTime(a, b)
  }

  /// Layers that the groups of a state may begin with, if there are any.
  func window(_ state: Int) -> Range<Int> {
    state == 0 ? nodes..<(nodes + 1) : windows[state]
  }

  /// The least over the first stage's pool, from the first layer on.
  func best(_ state: Int) -> Double {
    var least = Double.infinity
    for pool in seats.indices {
      least = min(
        least, max(value(state, first: pool, from: 0), home(state, first: pool, from: 0)))
    }
    return least
  }

  private func held(_ fromEnd: Int) -> HeldBatches {
    schedule.held(
      fromEnd: fromEnd, of: max(fromEnd, fewest), chunks: fold.chunks, microBatches: microBatches)
  }

  /// What a stage adds to the wait of those after it.
  func passed(_ seat: SeatCosts, _ a: Int, _ b: Int, _ time: Double) -> Double {
    if fold.chunks > 1 { return seat.firstChunkTime(a, b) }
    // Weight gradients of ZB-H1 need not be done before gradients go on.
    return schedule.splitsBackward ? seat.forwardTime(a, b) : time
  }

  private mutating func fill() {
    var ahead = Ahead(nodes: nodes)
    for state in 1..<max(1, states) where !windows[state].isEmpty {
      let counts = counts(state)
      let stages = counts.reduce(0, +)
      if stages > deepest { continue }
      for pool in seats.indices where counts[pool] > 0 {
        let after = self.state(without: pool, state)
        // What the stages after this one may begin with.
        let ends = window(after)
        if ends.isEmpty { continue }
        prepare(&ahead, pool, before: after, ends)
        fill(state, pool, stages, ends, ahead)
        if !homes.isEmpty { fillHome(state, pool, stages, ends, ahead) }
      }
    }
  }

  /// What the stages after one take from each layer on, the send to them included.
  private struct Ahead {
    var rest: [Double]
    /// The least of `rest` up to each layer.
    var least: [Double]
    /// The same there and back.
    var home: [Double]
    var leastHome: [Double]
    var round: [Double]
    /// The least round from the end of a stage's first layer on, if it ends at one of the layers from each on.
    var leastRound: [Double]

    init(nodes: Int) {
      rest = [Double](repeating: .infinity, count: nodes + 1)
      (least, round, leastRound, home, leastHome) = (rest, rest, rest, rest, rest)
    }
  }

  private func prepare(
    _ ahead: inout Ahead, _ pool: Int, before state: Int, _ ends: Range<Int>
  ) {
    var (lowest, lowestHome) = (Double.infinity, Double.infinity)
    let (sends, ways) = (sends[pool], waysOfRound)
    for b in ends {
      var (value, round) = state == 0 ? (0, 0) : (Double.infinity, Double.infinity)
      var home = value
      if state > 0 {
        let row = rows[state] + b - ends.lowerBound
        for next in seats.indices {
          let entry = row + next * ends.count
          let send = sends[next][b]
          value = min(value, values[entry] + send)
          round = min(round, rounds[entry] + ways * send)
          if !homes.isEmpty { home = min(home, homes[entry] + ways * send) }
        }
      }
      (lowest, lowestHome) = (min(lowest, value), min(lowestHome, home))
      (ahead.home[b], ahead.leastHome[b]) = (home, lowestHome)
      ahead.rest[b] = value
      ahead.least[b] = lowest
      ahead.round[b] = round
    }
    lowest = .infinity
    for b in ends.reversed() {
      lowest = min(lowest, self.round(seats[pool], 0, b) + ahead.round[b])
      ahead.leastRound[b] = lowest
    }
  }

  private mutating func fill(
    _ state: Int, _ pool: Int, _ stages: Int, _ ends: Range<Int>, _ ahead: Ahead
  ) {
    let seat = seats[pool]
    let held = held(stages)
    let m = Double(microBatches)
    let chains = chains[stages - 1]
    let window = windows[state]
    let row = rows[state] + pool * window.count - window.lowerBound
    func seconds(_ a: Int, _ b: Int, _ time: Double) -> Double {
      guard ahead.rest[b] < .infinity else { return .infinity }
      return max(
        chains.seconds(time, forward: seat.forwardTime(a, b), round: ahead.round[b]),
        passed(seat, a, b, time) + ahead.rest[b])
    }
    // The last layer that leaves one to each stage after this.
    let last = min(nodes - (stages - 1), ends.upperBound - 1)
    var middle = last
    let latest = stages == 1 ? nodes - fold.fewestLast : last - 1
    for a in window.clamped(to: 0..<max(0, latest + 1)).reversed() {
      let first = max(a + 1, ends.lowerBound)
      middle = max(middle, first)
      // Where the stage's own work and the others' balance: near the best end.
      while middle > first, (m - 1) * seat.plainTime(a, middle - 1) >= ahead.rest[middle - 1] {
        middle -= 1
      }
      var best = Double.infinity
      var b = middle
      while b <= last {
        let time = seat.time(a, b, held: held)
        if m * time >= best { break }
        best = min(best, seconds(a, b, time))
        b += 1
      }
      let own = passed(seat, a, a + 1, seat.plainTime(a, a + 1))
      b = middle - 1
      while b >= first, own + ahead.least[b] < best {
        best = min(best, seconds(a, b, seat.time(a, b, held: held)))
        b -= 1
      }
      values[row + a] = best
      rounds[row + a] =
        best == .infinity
        ? .infinity : ahead.leastRound[first] - round(seat, 0, a) + round(seat, a, a)
    }
  }

  /// H.
  private mutating func fillHome(
    _ state: Int, _ pool: Int, _ stages: Int, _ ends: Range<Int>, _ ahead: Ahead
  ) {
    let seat = seats[pool]
    let held = held(stages)
    let m = Double(microBatches)
    let (chains, trailing) = (chains[stages - 1], trailing(before: deepest - stages))
    let window = windows[state]
    let row = rows[state] + pool * window.count - window.lowerBound
    let last = min(nodes - (stages - 1), ends.upperBound - 1)
    var middle = last
    let latest = stages == 1 ? nodes - fold.fewestLast : last - 1
    for a in window.clamped(to: 0..<max(0, latest + 1)).reversed() {
      let first = max(a + 1, ends.lowerBound)
      middle = max(middle, first)
      while middle > first, (m - 1) * seat.gradientTime(a, middle - 1) >= ahead.home[middle - 1] {
        middle -= 1
      }
      var best = Double.infinity
      func consider(_ b: Int, _ time: Double, _ left: Double) {
        guard ahead.home[b] < .infinity else { return }
        let own = chains.seconds(
          time, forward: seat.forwardTime(a, b), round: ahead.round[b])
        best = min(best, max(own - left, seat.gradientTime(a, b) + ahead.home[b]))
      }
      for b in middle..<max(middle, last + 1) {
        let time = seat.time(a, b, held: held)
        let left = trailing * seat.weightTime(a, b)
        if m * time - left >= best { break }
        consider(b, time, left)
      }
      let own = seat.gradientTime(a, a + 1)
      var b = middle - 1
      while b >= first, own + ahead.leastHome[b] < best {
        consider(b, seat.time(a, b, held: held), trailing * seat.weightTime(a, b))
        b -= 1
      }
      homes[row + a] = best
    }
  }
}
