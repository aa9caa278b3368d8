import Costing
import Quantities
import Scheduling

/// Times that no pipeline over given groups can undercut, whatever its order and cuts.
struct MixedBound {
  let overlap: Double
  let overhead: Double
  /// What a stage takes for each chunk of a micro-batch beside its layers.
  let chunkOverhead: Double
  let straggling: Straggling

  init(_ problem: ClusterProblem) {
    overlap = StepEnd.overlap(problem.parameters.software, problem.job)
    overhead = problem.parameters.stepOverhead(of: problem.job).value
    chunkOverhead = 2 * problem.parameters.software.microBatchOverhead.value
    straggling = Straggling(problem)
  }

  /// Of the pipeline alone, memory not counted.
  ///
  /// - *Fill.* Layers taken as divisible, a stage that takes T for a micro-batch covers (T − o) / w of the
  ///   model at most (see `EvenWork`), where o is the overhead of its chunks. Stage `i` takes Tᵢ with
  ///   f·(T₀ + … + Tᵢ₋₁) + m·Tᵢ ≤ S at most, where f is 1, or the forward pass's part where weight gradients
  ///   may wait. The most is covered if each takes all it may, Tᵢ = (S/m)·(1 − f/m)^i, the fastest first:
  ///   S ≥ m·(1 + Σ o/wᵢ) / Σ (1 − f/m)^i / wᵢ. With several equal chunks f is the part of one; but the first
  ///   stage's first chunk may be smaller, and is not counted.
  /// - *Trips* of the first and last micro-batch: see `TripBound`.
  ///
  /// Complexity: O(pools · log pools).
  ///
  /// - Parameters:
  ///   - trips: Of no more stages than `deepest`.
  ///   - firstChunk: The part of a stage's passes that its first chunk's are at least.
  static func pipeline(
    _ trips: TripBound, deepest: Int, chunks: Int = 1, firstChunk: Double = 1
  ) -> Double {
    let (seats, schedule) = (trips.seats, trips.schedule)
    let m = Double(trips.microBatches)
    let splits = schedule.splitsBackward
    let part = splits ? seats.reduce(1) { min($0, $1.forwardPart) } : firstChunk
    let ratio = 1 - part / m
    var (covered, rate, weight, overhead) = (0.0, 0.0, 1.0, 0.0)
    var left = deepest
    let work = seats.evenWork
    forEachAscending(seats.count, by: { work[$0] }) { index in
      let (seat, layers) = (seats[index], work[index])
      var count = min(seat.groups, left)
      left -= count
      rate += Double(count) / layers
      overhead = seat.overhead * Double(chunks)
      if schedule == .interleaved, covered == 0, count > 0 {
        covered = 1 / layers
        count -= 1
      }
      // weight · (1 + ratio + … + ratio^(count − 1)) / layers
      let power = integerPower(ratio, count)
      covered += weight * (part > 0 ? m / part * (1 - power) : Double(count)) / layers
      weight *= power
      return left > 0
    }
    guard covered > 0 else { return .infinity }
    let whole = 1 + overhead * rate
    let filled = m * whole / covered
    // Stages that are not worth their overhead had better be left out: then nothing is said of overheads.
    let isWorth = filled / m * weight >= overhead
    return max(isWorth ? filled : m / covered, trips.pipeline(deepest: deepest))
  }

  /// What a layout's pipeline takes at least, and what comes after it: whole layers, and the memory for them; nil
  /// if no step is of interest.
  ///
  /// - Parameters:
  ///   - step: From which on none is.
  ///   - divisible: The least of the pipeline, layers taken as divisible; only found out where `step` is not too
  ///     little.
  func loaded(
    _ loads: BlockLoads, within step: Double, divisible: @autoclosure () -> Double
  ) -> (pipeline: Double, ends: LayoutEnds)? {
    let (fair, m) = (Self.ends(loads.seats), loads.microBatches)
    guard loads.covers(min(Self.longest, pipeline(within: step, fair, microBatches: m))) else {
      return nil
    }
    let divisible = divisible()
    guard let ends = ends(loads, within: step, from: divisible) else { return nil }
    let most = pipeline(within: step, ends, microBatches: m)
    let end = BlockLoads.End(most: step - overhead - divisible, hidden: most * hiddenPart(m))
    let least = loads.least(from: divisible, below: most, end)
    return least < .infinity ? (least, ends) : nil
  }

  /// What a layout's stages take after the pipeline at least if the step is to take no more than so long; nil if
  /// that is too much.
  ///
  /// - Parameter pipeline: What the pipeline takes at least.
  func ends(_ loads: BlockLoads, within step: Double, from pipeline: Double) -> LayoutEnds? {
    var ends = Self.ends(loads.seats)
    let most = self.pipeline(within: step, ends, microBatches: loads.microBatches)
    guard most < Self.longest else { return ends }
    let end = BlockLoads.End(
      most: step - overhead - pipeline, hidden: most * hiddenPart(loads.microBatches))
    let fair = max(0, ends.reduction - end.hidden) + ends.update
    guard pipeline <= most, let least = loads.leastEnd(within: most, from: fair, end) else {
      return nil
    }
    ends.least = least
    return ends
  }

  /// Stages that all whole layers take, each with as many as it has so long for.
  static func fewestStages(
    _ seats: [SeatRates], _ whole: WholeLayers, within time: Double
  ) -> Int {
    var (stages, left) = (0, whole.least)
    forEachAscending(seats.count, by: { seats[$0].block.seconds }) { index in
      let seat = seats[index]
      let seconds = seat.block.seconds * Double(whole.each)
      let each = Int(min(Double(whole.least), time / seconds * (1 + 1e-9)))
      let taken = each == 0 ? seat.groups : min(seat.groups, (left + each - 1) / each)
      stages += taken
      left -= taken * each
      return left > 0
    }
    return max(1, stages)
  }

  /// Seconds beyond which no step goes, where nothing else bounds one.
  static let longest = 1e12

  /// What reducing gradients takes at least before any of it hides, and updating weights: some stage
  /// has its fair part of both.
  static func ends(_ seats: [SeatRates]) -> LayoutEnds {
    ends(zip(seats, seats.lazy.map(\.groups)))
  }

  /// Of some of the groups.
  static func ends(_ seats: some Sequence<(SeatRates, Int)>) -> LayoutEnds {
    var (reducing, updating) = (0.0, 0.0)
    for (seat, groups) in seats where groups > 0 {
      reducing += Double(groups) / seat.reduction
      updating += Double(groups) / seat.update
    }
    return LayoutEnds(
      reduction: reducing > 0 ? 1 / reducing : 0, update: updating > 0 ? 1 / updating : 0)
  }

  /// Of the step, from that of the pipeline. Of a stage's reduction at most one micro-batch's passes
  /// hide a part, and those take S/m at most.
  func step(_ pipeline: Double, _ ends: LayoutEnds, microBatches: Int) -> Double {
    let hidden = pipeline * hiddenPart(microBatches)
    let fair = max(pipeline, pipeline - hidden + ends.reduction) + ends.update
    return max(fair, pipeline + ends.least) + overhead
  }

  /// The pipeline time from which on a step takes at least `step`.
  func pipeline(within step: Double, _ ends: LayoutEnds, microBatches: Int) -> Double {
    let rest = step - ends.update - overhead
    return min(
      rest, (rest - ends.reduction) / (1 - hiddenPart(microBatches)),
      step - overhead - ends.least)
  }

  private func hiddenPart(_ microBatches: Int) -> Double { overlap / Double(microBatches) }
}

/// What the stages of a layout take at least after the pipeline.
struct LayoutEnds {
  /// To reduce gradients, of which some hides, and to update weights: some stage has its fair part of both.
  var reduction = 0.0
  var update = 0.0
  /// Of both together, whatever hides: some stage has so many layers (see `BlockLoads.leastEnd`).
  var least = 0.0
}

func integerPower(_ base: Double, _ exponent: Int) -> Double {
  var (result, square, left) = (1.0, base, exponent)
  while left > 0 {
    if left & 1 == 1 { result *= square }
    square *= square
    left >>= 1
  }
  return result
}
