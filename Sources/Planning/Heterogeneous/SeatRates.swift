import Costing
import Quantities

/// What of a pool, split one way, bounds any pipeline that uses it: no stage is cut yet.
struct SeatRates: Hashable {
  /// Groups that the pool holds: stages at most.
  var groups: Int
  /// Seconds of all layers as one stage, for one micro-batch.
  var work: Double
  /// Part of all weights, gradients and optimizer states that one group can hold.
  var capacity: Double
  /// Seconds to reduce all gradients, and to update all weights, as one stage.
  var reduction: Double
  var update: Double
  /// Seconds of the most common layer, and how many of it one group can hold.
  var block: Double
  var mostBlocks: Int
}

/// Times that no pipeline over given groups can undercut, whatever its order and cuts.
struct MixedBound {
  let overlap: Double
  let overhead: Double

  init(_ problem: ClusterProblem) {
    overlap = problem.parameters.software.gradientOverlap
    overhead = problem.parameters.software.stepOverhead.value
  }

  /// Of the pipeline alone: infinite where the groups together cannot hold the model.
  ///
  /// Layers taken as divisible, stage `i` takes Tᵢ with T₀ + … + Tᵢ₋₁ + m·Tᵢ ≤ S at most, and so
  /// covers Tᵢ / wᵢ of the model. The most is covered if each takes all it may,
  /// Tᵢ = (S/m)·(1 − 1/m)^i, the fastest first; covering all of it needs
  /// S ≥ m / Σ (1 − 1/m)^i / wᵢ. Complexity: O(pools · log pools).
  static func pipeline(
    _ seats: [SeatRates], microBatches: Int, deepest: Int, tapers: Bool
  ) -> Double {
    var held = 0.0
    for seat in seats { held += Double(seat.groups) * seat.capacity }
    if held < 1 { return .infinity }
    let m = Double(microBatches)
    let ratio = tapers ? 1 - 1 / m : 1
    var covered = 0.0
    var weight = 1.0
    var left = deepest
    for seat in seats.sorted(by: { $0.work < $1.work }) where left > 0 {
      let count = min(seat.groups, left)
      left -= count
      // weight · (1 + ratio + … + ratio^(count − 1)) / work
      let power = integerPower(ratio, count)
      covered += weight * (tapers ? m * (1 - power) : Double(count)) / seat.work
      weight *= power
    }
    return covered > 0 ? m / covered : .infinity
  }

  /// The least time in which the groups together can take `blocks` layers that do not divide: no stage
  /// has more than ⌊T / block⌋ of them, and some stage works m·T. Found among the times that whole
  /// numbers of layers take. Complexity: O(pools² · log blocks).
  static func wholeLayers(_ seats: [SeatRates], microBatches: Int, blocks: Int) -> Double {
    func covers(_ time: Double) -> Bool {
      var sum = 0
      // A hair more, so that n layers fit into n times one layer's time.
      for seat in seats {
        sum += seat.groups * min(seat.mostBlocks, Int(time / seat.block * (1 + 1e-9)))
      }
      return sum >= blocks
    }
    var best = Double.infinity
    for seat in seats {
      var (low, high) = (0, min(seat.mostBlocks, blocks))
      guard covers(Double(high) * seat.block) else { continue }
      while low + 1 < high {
        let middle = (low + high) / 2
        if covers(Double(middle) * seat.block) { high = middle } else { low = middle }
      }
      best = min(best, Double(high) * seat.block)
    }
    return Double(microBatches) * best
  }

  /// What reducing gradients takes at least before any of it hides, and updating weights: some stage
  /// has its fair part of both.
  static func ends(_ seats: [SeatRates]) -> (reduction: Double, update: Double) {
    var (reducing, updating) = (0.0, 0.0)
    for seat in seats where seat.groups > 0 {
      reducing += Double(seat.groups) / seat.reduction
      updating += Double(seat.groups) / seat.update
    }
    return (reducing > 0 ? 1 / reducing : 0, updating > 0 ? 1 / updating : 0)
  }

  /// Of the step, from that of the pipeline. Of a stage's reduction at most one micro-batch's passes
  /// hide a part, and those take S/m at most.
  func step(_ pipeline: Double, _ ends: (reduction: Double, update: Double), microBatches: Int)
    -> Double
  {
    let hidden = pipeline * hiddenPart(microBatches)
    return max(pipeline, pipeline - hidden + ends.reduction) + ends.update + overhead
  }

  /// The pipeline time from which on a step takes at least `step`.
  func pipeline(
    within step: Double, _ ends: (reduction: Double, update: Double), microBatches: Int
  ) -> Double {
    let rest = step - ends.update - overhead
    return min(rest, (rest - ends.reduction) / (1 - hiddenPart(microBatches)))
  }

  private func hiddenPart(_ microBatches: Int) -> Double { overlap / Double(microBatches) }
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
