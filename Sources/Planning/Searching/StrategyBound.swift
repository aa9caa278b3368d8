import Scheduling

/// What no cut of one strategy's pipeline undercuts, in O(1) or O(stages): continuous relaxations of
/// `PipelineBound`, in which layers can be cut anywhere.
///
/// Let stage `i` of `p` take Tᵢ = Fᵢ + Bᵢ (+ Wᵢ) for one of `m` micro-batches, of which at most a part
/// `w` are weight gradients, and let W = ΣTᵢ, sends and overheads included where each bound has them.
///
/// - *Any schedule.* The mean stage works m times: m·W/p.
/// - *GPipe.* All stages once, and (m − 1) times the slowest, which is no faster than the mean:
///   W + (m − 1)·W/p.
/// - *1F1B.* Before and after stage `i` works, the others before it do: step ≥ T₀ + … + Tᵢ₋₁ + m·Tᵢ
///   for every i. Were all of these below V, each Tᵢ would be below (V − T₀ − … − Tᵢ₋₁) / m, and their
///   sum below V·(1 − (1 − 1/m)^p): so V ≥ W / (1 − (1 − 1/m)^p). Also, with the trip of the first
///   and of the last micro-batch, the mean of two chains gives
///   step ≥ W + (m − 1)·Tᵢ − qᵢ·min(Fᵢ, Bᵢ) ≥ W + (m − 1 − qᵢ/2)·Tᵢ with qᵢ = min(p − 1 − i, m − 1);
///   were all below V, (V − W)·Σ 1/(m − 1 − qᵢ/2) < W.
/// - *ZB-H1.* The same recursion with the stages before counting only their F and B, at least
///   (1 − w)·Tⱼ, and the last min(i, m − 1) + 1 weight gradients left out: step ≥
///   (1 − w)·(T₀ + … + Tᵢ₋₁) + (m − w·(i + 1))·Tᵢ. And as stage i starts behind the first forwards, of
///   which each is at least a part `f` of its stage's passes, step ≥ f·(T₀ + … + Tᵢ₋₁) + m·Tᵢ for every
///   i, where T leaves out what is recomputed: so V ≥ W·f / (1 − (1 − f/m)^p).
/// - *Interleaved.* m·W/p, where every chunk adds its overhead; and, where chunks hold equally many
///   blocks, for the first, last and second last stage: the first chunks of the stages before it,
///   and m times its own chunks.
///
/// What depends on the numbers of stages and micro-batches alone is worked out once.
struct StrategyBound {
  /// W, for one chunk a stage.
  var work: Double
  let overhead: Double
  /// One way, over all boundaries.
  var sends = 0.0
  let weightFraction: Double
  let forwardFraction: Double
  /// W without what is recomputed.
  let passes: Double
  let stages: Int
  let microBatches: Int
  /// Passes of the shortest block, and of what precedes and follows the blocks; how the blocks are
  /// laid out over chunks.
  let block: Double
  let leading: Double
  let trailing: Double
  let layout: ChunkLayout
  /// Chunks hold equally many blocks.
  let cutsEvenly: Bool

  init(
    _ slice: StrategySlice, overhead: Double, stages: Int, microBatches: Int, layout: ChunkLayout,
    cutsEvenly: Bool
  ) {
    work = slice.work
    self.overhead = overhead
    weightFraction = slice.weightFraction
    forwardFraction = slice.forwardFraction
    passes = slice.work
    self.stages = stages
    self.microBatches = microBatches
    block = slice.block
    leading = slice.leading
    trailing = slice.trailing
    self.layout = layout
    self.cutsEvenly = cutsEvenly
  }

  private var m: Double { Double(microBatches) }
  private var p: Double { Double(stages) }

  /// Of any schedule.
  var mean: Double { m * (work + 2 * overhead * p) / p }

  /// Complexity: O(1) after the first of a schedule.
  mutating func seconds(_ schedule: PipelineSchedule, chunks: Int) -> Double {
    let whole = work + 2 * overhead * p
    guard stages > 1 else { return m * whole }
    switch schedule {
    case .gpipe: return whole + 2 * sends + (m - 1) * whole / p
    case .oneForwardOneBackward: return max(whole / geometricShare, trips(whole))
    case .zeroBubble: return max(mean, whole / zeroBubbleShare, passing)
    case .interleaved:
      let mean = m * (work + 2 * overhead * p * Double(chunks)) / p
      return cutsEvenly ? max(mean, even(chunks: chunks)) : mean
    }
  }

  private func even(chunks: Int) -> Double {
    let all = stages * chunks
    var least = Double.infinity
    for (short, each) in layout.shares(all) {
      let lacking = Double(each * all - layout.blocks.count - short)
      let (short, each, v) = (Double(short), Double(each), Double(chunks))
      func step(_ stage: Double, own: Double) -> Double {
        let before =
          stage == 0
          ? 0
          : leading + (stage * each - short) * block + 2 * (stage * overhead)
            + 2 * sends * stage / (p - 1)
        return before + m * (own + 2 * v * overhead)
      }
      let first = step(0, own: (v * each - short) * block + leading)
      let last = step(p - 1, own: (v * each - lacking) * block + trailing)
      let middle = stages > 2 ? step(p - 2, own: v * each * block) : 0
      least = min(least, max(first, last, middle))
    }
    return least == .infinity ? 0 : least
  }

  /// 1 − (1 − 1/m)^p
  private lazy var geometricShare: Double = 1 - power(1 - 1 / m)

  /// What starting behind the first forwards makes of a step.
  private lazy var passing: Double = {
    let whole = passes + 2 * overhead * p
    guard forwardFraction > 1e-3 else { return m * whole / p }
    return whole * forwardFraction / (1 - power(1 - forwardFraction / m))
  }()

  /// xᵖ
  private func power(_ x: Double) -> Double {
    var power = 1.0
    var base = x
    var exponent = stages
    while exponent > 0 {
      if exponent & 1 == 1 { power *= base }
      base *= base
      exponent >>= 1
    }
    return power
  }

  private mutating func trips(_ whole: Double) -> Double {
    guard microBatches > 1 else { return whole + 2 * sends }
    return whole + 2 * sends + whole / tripInverses
  }

  /// Σ 1/(m − 1 − qᵢ/2)
  private lazy var tripInverses: Double = (0..<stages).reduce(0) { sum, later in
    sum + 1 / (m - 1 - Double(min(later, microBatches - 1)) / 2)
  }

  /// ΣTᵢ, where the chain of every stage takes one second under ZB-H1: with oᵢ = m − w·(i + 1),
  /// Tᵢ = (1 − (1 − w)·ΣⱼTⱼ) / oᵢ, so ΣTᵢ = (1 − Π(1 − (1 − w)/oᵢ)) / (1 − w).
  private lazy var zeroBubbleShare: Double = {
    // The overhead of a stage is no weight gradient: the part can only be smaller.
    let w = weightFraction
    guard w < 0.99 else {
      return (0..<stages).reduce(0) { $0 + 1 / (m - Double(min($1, microBatches - 1) + 1)) }
    }
    var product = 1.0
    var (above, below) = (1.0, 1.0)
    for stage in 0..<stages {
      let own = m - w * Double(min(stage, microBatches - 1) + 1)
      above *= own - (1 - w)
      below *= own
      // One division for eight stages, whose product is far from overflow.
      if stage & 7 == 7 {
        product *= above / below
        (above, below) = (1, 1)
      }
    }
    return (1 - product * (above / below)) / (1 - w)
  }()
}
