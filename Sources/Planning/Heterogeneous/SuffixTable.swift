import Scheduling

/// The least time in which the last stages of a pipeline can do their part, for every choice of how
/// many groups of each pool they are and which layer they begin with.
///
/// Stage `i` works m·Tᵢ in a step, after the first micro-batch has come through the stages before
/// it and before the last one's gradients go back through them, so a step takes at least
/// max over i of (T₀ + … + Tᵢ₋₁ + m·Tᵢ), sends there and back included in the sum. For a suffix of
/// the pipeline this satisfies
///
///     V(n, t, a) = min over b, u of max(m·T, T + send(t → u) + V(n − eₜ, u, b)),  T = T(t, a ..< b)
///
/// where `n` counts the groups of each pool in the suffix, `t` is the pool of its first stage, `a`
/// its first layer. A stage's distance from the end, on which the micro-batches in flight and so its
/// memory depend, is the number of groups in the suffix: limits by position are exact. One table
/// answers for every number of groups up to the pools' own, so which devices to leave out needs no
/// search of its own.
///
/// This is the reach table (the furthest layer that given groups cover within a time bound) turned
/// inside out: it also sees what early stages add to the fill of the pipeline, and needs no bisection.
///
/// Complexity: O(states · pools · layers · layers a stage could trade), states = Π(nₜ + 1).
struct SuffixTable {
  let seats: [SeatCosts]
  let microBatches: Int
  let schedule: PipelineSchedule
  /// Seconds there and back between stages on two pools, by cut: `sends[t][u][cut]`.
  let sends: [[[Double]]]
  private let nodes: Int
  /// Groups of each pool.
  private let groups: GroupStates
  private(set) var values: [Double]
  let deepest: Int

  /// Table entries that a table of these sizes has.
  static func entries(_ most: [Int], nodes: Int) -> Int {
    var product = most.count * (nodes + 1)
    for count in most {
      let (next, overflow) = product.multipliedReportingOverflow(by: count + 1)
      if overflow { return .max }
      product = next
    }
    return product
  }

  /// - Parameters:
  ///   - most: Groups that may be used of each seat's pool.
  ///   - deepest: Stages at most.
  init(
    seats: [SeatCosts], most: [Int], deepest: Int, microBatches: Int, schedule: PipelineSchedule,
    sends: [[[Double]]]
  ) {
    self.seats = seats
    self.microBatches = microBatches
    self.schedule = schedule
    self.sends = sends
    nodes = seats[0].model.table.nodeCount
    self.deepest = min(deepest, nodes)
    groups = GroupStates(most: most)
    values = [Double](
      repeating: .infinity, count: groups.count * seats.count * (nodes + 1))
    fill()
  }

  /// Groups of each pool in a state.
  func counts(_ state: Int) -> [Int] { groups.counts(state) }

  var states: Int { groups.count }

  func state(without pool: Int, _ state: Int) -> Int { groups.state(state, without: pool) }

  func value(_ state: Int, first pool: Int, from node: Int) -> Double {
    values[(state * seats.count + pool) * (nodes + 1) + node]
  }

  /// The least over the first stage's pool, from the first layer on.
  func best(_ state: Int) -> Double {
    var least = Double.infinity
    for pool in seats.indices { least = min(least, value(state, first: pool, from: 0)) }
    return least
  }

  func held(_ fromEnd: Int) -> Int { schedule.heldAtLeast(fromEnd, microBatches) }

  /// What a stage adds to the wait of those after it.
  func passed(_ seat: SeatCosts, _ a: Int, _ b: Int, _ time: Double) -> Double {
    // Weight gradients of ZB-H1 need not be done before gradients go on.
    schedule.splitsBackward ? seat.forwardTime(a, b) : time
  }

  private mutating func fill() {
    var rest = [Double](repeating: 0, count: nodes + 1)
    var least = [Double](repeating: 0, count: nodes + 1)
    for state in 1..<max(1, states) {
      let counts = counts(state)
      let stages = counts.reduce(0, +)
      if stages > deepest { continue }
      for pool in seats.indices where counts[pool] > 0 {
        prepare(&rest, &least, pool, before: self.state(without: pool, state))
        fill(state, pool, stages, rest, least)
      }
    }
  }

  /// `rest[b]`: the least that the stages after one on `pool` take from layer `b` on, the send to
  /// them included; `least[b]`: the least of `rest` up to `b`.
  private func prepare(
    _ rest: inout [Double], _ least: inout [Double], _ pool: Int, before state: Int
  ) {
    for b in 0...nodes {
      var value = Double.infinity
      if state == 0 {
        if b == nodes { value = 0 }
      } else {
        for next in seats.indices {
          value = min(value, self.value(state, first: next, from: b) + sends[pool][next][b])
        }
      }
      rest[b] = value
      least[b] = b == 0 ? value : min(least[b - 1], value)
    }
  }

  private mutating func fill(
    _ state: Int, _ pool: Int, _ stages: Int, _ rest: [Double], _ least: [Double]
  ) {
    let seat = seats[pool]
    let held = held(stages)
    let m = Double(microBatches)
    let row = (state * seats.count + pool) * (nodes + 1)
    // The last layer that leaves one to each stage after this.
    let last = nodes - (stages - 1)
    var middle = last
    for a in stride(from: last - 1, through: 0, by: -1) {
      middle = max(middle, a + 1)
      // Where the stage's own work and the others' balance: near the best end.
      while middle > a + 1, (m - 1) * seat.plainTime(a, middle - 1) >= rest[middle - 1] {
        middle -= 1
      }
      var best = Double.infinity
      var b = middle
      while b <= last {
        let time = seat.time(a, b, held: held)
        if m * time >= best { break }
        best = min(best, max(m * time, passed(seat, a, b, time) + rest[b]))
        b += 1
      }
      let own = passed(seat, a, a + 1, seat.plainTime(a, a + 1))
      b = middle - 1
      while b > a, own + least[b] < best {
        let time = seat.time(a, b, held: held)
        best = min(best, max(m * time, passed(seat, a, b, time) + rest[b]))
        b -= 1
      }
      values[row + a] = best
    }
  }
}

extension PipelineSchedule {
  /// Micro-batches that the stage with `fromEnd - 1` stages after it holds at least, whatever comes
  /// before it.
  func heldAtLeast(_ fromEnd: Int, _ microBatches: Int) -> Int {
    switch self {
    case .gpipe: microBatches
    case .oneForwardOneBackward, .zeroBubble, .interleaved: min(microBatches, fromEnd)
    }
  }
}
