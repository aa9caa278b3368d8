import Costing
import Quantities
import Scheduling

/// What the trips of the first and of the last micro-batch leave of a step to each stage, wherever it is.
///
/// Let stage `i` of `p` take Tᵢ = Fᵢ + Bᵢ + Wᵢ for one of `m` micro-batches, Wᵢ being the weight gradients
/// where these may wait and else a part of Bᵢ, and let P = Σ(Fᵢ + Bᵢ) be a micro-batch's whole trip. One
/// chain of passes goes with the first micro-batch to the last stage and back to stage `i`, on with all that
/// it then has left to do but the weight gradients that it may leave to the end, and with the last gradient
/// through the stages before it. It leaves out min(p − 1 − i, m − 1) forwards and in ZB-H1
/// min(i, m − 1) + 1 weight gradients (see `PipelineBound`), one of which is the first micro-batch's. With
/// n = min(p − 1, 2 · (m − 1)) or more, and κ the part of a layer's passes that its forward pass is, or its
/// weight gradients if these are more, a step takes at least
///
///     P + (m − 1)·Tᵢ − n·κ·Tᵢ,  so that  Tᵢ ≤ (S − P) · share,  share = 1 / (m − 1 − n·κ)
///
/// for all schedules: κ counts no weight gradients in 1F1B, and is 0 in GPipe, a flow shop there and back.
///
/// κ is that of the most common kind of layer. What others run ahead beside it is at most E on any one
/// stage: S + n·E takes the place of S.
struct TripBound {
  let seats: [SeatRates]
  let schedule: PipelineSchedule
  let microBatches: Int
  private let ahead: Double
  /// n·E
  private let spare: Double
  /// A trip through all layers, each on the seat that is best for it; and through all but the most common
  /// kind.
  private let trip: Double
  private let others: Double

  /// - Parameter stages: At most, if there are as many groups.
  init(_ seats: [SeatRates], microBatches: Int, stages: Int, schedule: PipelineSchedule) {
    let stages = min(stages, seats.reduce(0) { $0 + $1.groups })
    self.seats = seats
    self.schedule = schedule
    self.microBatches = microBatches
    // No stage of 1F1B runs as many forwards ahead as there are.
    let most =
      schedule == .zeroBubble
      ? min(stages - 1, 2 * (microBatches - 1)) : min(stages, microBatches) - 1
    ahead = Double(max(0, most))
    spare = ahead * seats.reduce(0) { max($0, $1.ahead(schedule)?.excess ?? 0) }
    var (trip, others) = (0.0, 0.0)
    for kind in seats[0].passes.indices {
      var least = Double.infinity
      for seat in seats { least = min(least, seat.trip(schedule, kind)) }
      trip += least
      if kind != seats[0].common { others += least }
    }
    (self.trip, self.others) = (trip, others)
  }

  /// Infinite where the chain leaves out all that the stage does, or several chunks make other chains.
  private func share(_ seat: Int) -> Double {
    if case .interleaved = schedule { return .infinity }
    let left = Double(microBatches - 1) - ahead * (seats[seat].ahead(schedule)?.part ?? 0)
    return left > 0 ? 1 / left : .infinity
  }

  /// What a stage may take for a micro-batch if the pipeline is to take no more than so long.
  func stageTime(_ seat: Int, within seconds: Double) -> Double {
    guard seconds > trip else { return 0 }
    return min(seconds / Double(microBatches), (seconds - trip) * share(seat))
  }

  /// The least time of a pipeline over the seats' groups, layers taken as divisible.
  ///
  /// A stage of a seat whose layers would take w as one stage (see `EvenWork`) covers at most (S − P)·share / w
  /// of the model, and of that P takes g·(S − P)·share or more, where Fᵢ + Bᵢ ≥ g·Tᵢ. For a given P the most
  /// is covered if seats are filled in the order of g·w, so that S ≥ (1 + Σ g·share) / Σ (share / w), over the
  /// seats that make this less. Complexity: O(seats · log(seats)).
  ///
  /// - Parameter deepest: Stages at most; where there are more groups, all are taken to be as good as the
  ///   best in everything but w.
  func pipeline(deepest: Int) -> Double {
    let most = seats.indices.reduce(0) { max($0, share($1)) }
    guard most < .infinity else { return trip }
    let isLimited = seats.reduce(0) { $0 + $1.groups } > deepest
    let splits = schedule.splitsBackward
    let least = splits ? seats.reduce(1) { min($0, $1.gradientPart) } : 1
    func part(_ index: Int) -> Double { isLimited || !splits ? least : seats[index].gradientPart }
    var (covered, taken, left) = (0.0, 1.0, deepest)
    let layers = zip(seats, seats.evenWork).map { $0.overhead + $1 }
    for index in seats.indices.sorted(by: {
      part($0) * layers[$0] < part($1) * layers[$1]
    }) {
      let work = layers[index]
      if covered * part(index) * work >= taken { break }
      let count = min(seats[index].groups, left)
      left -= count
      let share = Double(count) * (isLimited ? most : share(index))
      covered += share / work
      taken += share * part(index)
    }
    return covered > 0 ? max(trip, taken / covered - spare) : .infinity
  }

  /// Whether a pipeline may cover so many whole blocks in a time.
  ///
  /// The more a trip takes at least, the less time is left to each stage, and the fewer blocks of the trip
  /// are on the seats that are quickest with them; and so on.
  ///
  /// - Parameters:
  ///   - deepest: Stages at most.
  ///   - layers: Blocks that the stages of a seat hold together if each has so long for a micro-batch.
  func covers(
    _ blocks: Int, within seconds: Double, deepest: Int,
    _ layers: (_ seat: Int, _ time: Double) -> Int
  ) -> Bool {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: seats.count) { counts in
      covers(blocks, within: seconds, deepest: deepest, counts, layers)
    }
  }

  /// - Parameter counts: To work in.
  private func covers(
    _ blocks: Int, within seconds: Double, deepest: Int,
    _ counts: UnsafeMutableBufferPointer<Int>, _ layers: (_ seat: Int, _ time: Double) -> Int
  ) -> Bool {
    let common = seats[0].common
    var least = trip
    for _ in 0..<Self.rounds {
      if seconds <= least { return false }
      var sum = 0
      for seat in seats.indices {
        let time = min(seconds / Double(microBatches), (seconds - least) * share(seat))
        counts.initializeElement(at: seat, to: layers(seat, time))
      }
      limit(counts, deepest: deepest)
      for count in counts { sum += count }
      if sum < blocks { return false }
      // What chunks hold is counted together, and not layer by layer.
      if case .interleaved = schedule { return true }
      var (next, left) = (others, blocks)
      forEachAscending(seats.count, by: { seats[$0].trip(schedule, common) }) { index in
        let taken = min(left, counts[index])
        left -= taken
        next += Double(taken) / Double(blocks) * seats[index].trip(schedule, common)
        return left > 0
      }
      if next <= least * (1 + 1e-3) { break }
      least = next
    }
    return true
  }

  private static let rounds = 3

  /// With ZB-H1 all stages of a seat hold equally many blocks: of more groups than there are stages, those
  /// that hold most are used.
  private func limit(_ counts: UnsafeMutableBufferPointer<Int>, deepest: Int) {
    guard case .zeroBubble = schedule, seats.reduce(0, { $0 + $1.groups }) > deepest else { return }
    let stages = seats.map { min($0.groups, deepest) }
    var left = deepest
    for index in counts.indices.sorted(by: {
      counts[$0] * stages[$1] > counts[$1] * stages[$0]
    }) where stages[index] > 0 {
      let taken = min(left, stages[index])
      counts[index] = counts[index] / stages[index] * taken
      left -= taken
    }
  }
}

/// How much of a layer's passes a stage may run ahead.
struct RunAhead: Hashable {
  /// Of the most common kind of layer's passes.
  let part: Double
  /// Seconds of what other layers run ahead beside that part of theirs, all together.
  let excess: Double

  init(part: Double, excess: Double) {
    self.part = part
    self.excess = excess
  }

  /// In 1F1B.
  static func forward(_ slice: StrategySlice, counts: [Double], common: Int) -> RunAhead {
    RunAhead(slice.costs, counts: counts, common: common) { $0.ownForward }
  }

  /// In ZB-H1.
  static func split(_ slice: StrategySlice, counts: [Double], common: Int) -> RunAhead {
    RunAhead(slice.costs, counts: counts, common: common) {
      max($0.ownForward, $0.weightGradient)
    }
  }

  /// - Parameters:
  ///   - counts: Layers of each kind.
  ///   - ahead: What of a layer may be run ahead.
  private init(
    _ costs: [LayerCost], counts: [Double], common: Int, _ ahead: (LayerCost) -> Seconds
  ) {
    let whole = costs[common].ownPasses.value
    let part = whole > 0 ? ahead(costs[common]).value / whole : 1
    self.part = part
    excess = zip(costs, counts).reduce(0) { sum, kind in
      let (cost, count) = kind
      guard count > 0 else { return sum }
      return sum + count * max(0, ahead(cost).value - part * cost.ownPasses.value)
    }
  }
}

extension SeatRates {
  /// Nil where no stage runs anything ahead that a trip would leave out.
  fileprivate func ahead(_ schedule: PipelineSchedule) -> RunAhead? {
    switch schedule {
    case .gpipe: nil
    case .oneForwardOneBackward, .interleaved: forwardAhead
    case .zeroBubble: splitAhead
    }
  }

  /// Seconds of a trip through all layers of a kind.
  fileprivate func trip(_ schedule: PipelineSchedule, _ kind: Int) -> Double {
    schedule.splitsBackward ? gradientPasses[kind] : passes[kind]
  }
}
