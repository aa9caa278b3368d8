import Scheduling

/// What one stage of a pipeline makes a step take, by the stages before and after it.
///
/// A step takes at least as long as any chain of passes each of which waits for the one before. Let a
/// stage take T for both passes of one of `m` micro-batches, weight gradients and recomputation included,
/// F of that for the forward pass. Let L be the time until its first forward begins, with 1F1B and GPipe
/// also from its last backward to the end of the step; and R the time from the end of a forward here until
/// its gradient is back, through all stages after it. A chain may be
///
/// - all passes of the stage: L + m·T;
/// - the same, but going with the first micro-batch to the last stage and back: that leaves out the
///   q = min(stages after it, m − 1) forwards that the stage runs ahead: L + m·T − q·F + R;
/// - where m > q + 1, going with n micro-batches, the first, the last and others, each q + 1 or more after
///   the one before: a trip between leaves out q forwards, q backwards and at most q weight gradients, the
///   first one q forwards and the last one the rest of these: L + m·T − (n − 1)·q·T + n·R, where
///   n − 1 ≤ (m − 1) / (q + 1).
///
/// This is `PipelineBound` without what depends on how many stages come before: with ZB-H1, whose weight
/// gradients trail by a stage's number, a trip leaves out fewer of them. GPipe is a flow shop there and
/// back: L + m·T + R. Of stages with several chunks only the first chain is known.
///
/// In ZB-H1, the gradient of the last micro-batch goes on through the stages before as soon as it is there,
/// beside the weight gradients that the stage has left then, which are `trailing` = min(stages before it,
/// m − 1) + 1. So each chain also is one with L for what the stages before take there and back, and without
/// as many weight gradients, which it has after all else: with few micro-batches in a deep pipeline that is
/// the longer one.
struct StageChains {
  /// Of each chain beside L: how often it has T, how often it leaves out F, and its trips. Where there
  /// are fewer chains, the first one again.
  private let times: SIMD4<Double>
  private var forwards = SIMD4<Double>.zero
  private var trips = SIMD4<Double>.zero
  /// Of `times`: dividing would be dear.
  private let inverses: SIMD4<Double>

  /// - Parameters:
  ///   - after: Stages that come after the stage.
  ///   - growth: Left out, all chains count; else those that more layers only lengthen.
  init(
    _ schedule: PipelineSchedule, microBatches: Int, after: Int, growth: ChainGrowth? = nil
  ) {
    let m = Double(microBatches)
    var times = SIMD4(repeating: m)
    if after > 0, schedule != .interleaved {
      let ahead = schedule == .gpipe ? 0 : min(after, microBatches - 1)
      let q = Double(ahead)
      if growth?.allows(times: m, forwards: q) ?? true { (forwards[1], trips[1]) = (q, 1) }
      if schedule != .gpipe, microBatches > after + 1 {
        let apart = (microBatches - 1) / (ahead + 1) + 1
        let most = min(apart, growth?.mostTrips(microBatches: m, ahead: q) ?? apart)
        for (chain, number) in [(2, 2), (3, most)] where number >= 2 && number <= most {
          (times[chain], trips[chain]) = (m - Double(number - 1) * q, Double(number))
        }
      }
    }
    self.times = times
    inverses = 1 / times
  }

  /// What the step takes beside L.
  func seconds(_ time: Double, forward: Double, round: Double) -> Double {
    (times * time - forwards * forward + trips * round).max()
  }

  /// What the stage may leave of a step's weight gradients until after its last backward.
  static func trailing(_ schedule: PipelineSchedule, microBatches: Int, before: Int) -> Int {
    schedule.splitsBackward ? min(before, microBatches - 1) + 1 : 0
  }

  /// Beside L and R, what a chain with one trip takes, and beside twice R, one with two; less than any
  /// other chain where there is none.
  func beside(_ time: Double, forward: Double) -> (once: Double, twice: Double) {
    (
      trips[1] == 1 ? times[1] * time - forwards[1] * forward : -.infinity,
      trips[2] == 2 ? times[2] * time : -.infinity
    )
  }

  /// The most that T may be if the step is to take no more than so long beside L.
  func longest(within seconds: Double, forward: Double, round: Double) -> Double {
    ((seconds + forwards * forward - trips * round) * inverses).min()
  }
}

/// What layers that move from one stage to another change in chains.
struct ChainGrowth {
  /// By kind of layer: both passes, the forward one and the weight gradients, on the stage that takes it; as
  /// parts of what the layer takes elsewhere.
  var kinds: [(passes: Double, forward: Double, weight: Double)]
  /// What it takes at most where it leaves the stages before, and those after.
  var before: Double
  var after: Double
  /// Weight gradients that chains leave out.
  var trailing = 0.0

  /// Whether a chain with one trip is no shorter if the stage takes a layer more, before it or after it.
  func allows(times: Double, forwards: Double) -> Bool {
    kinds.allSatisfy {
      times * $0.passes - forwards * $0.forward - trailing * $0.weight >= max(before, after)
    }
  }

  /// The most trips of chains with several of which that is true.
  func mostTrips(microBatches m: Double, ahead q: Double) -> Int {
    // Of several trips it is not known which weight gradients they leave out.
    guard trailing == 0 else { return 1 }
    let least = kinds.reduce(Double.infinity) { min($0, $1.passes) }
    guard least < .infinity else { return .max }
    // (m − (n − 1)·q)·least ≥ max(n·after, before)
    let most = min(
      (m + q) * least / (after + q * least), (m + q - before / least) / q)
    return Int(max(0, min(most, 1e9)))
  }
}
