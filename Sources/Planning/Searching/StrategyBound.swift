import Costing
import Scheduling

/// What no cut of one strategy's pipeline undercuts, in O(1) or O(stages): continuous relaxations of
/// `PipelineBound`, in which layers can be cut anywhere.
///
/// Let stage `i` of `p` take Tᵢ = Fᵢ + Bᵢ (+ Wᵢ) for one of `m` micro-batches, of which at most a part
/// `w` are weight gradients, and let W = ΣTᵢ, sends and overheads included where each bound has them.
///
/// - *Any schedule.* Some stage takes the mean, W/p, and some stage has ⌈blocks / p⌉ whole blocks. The
///   busiest stage T works m times: m·T.
/// - *GPipe.* All stages once, and (m − 1) times the slowest: W + (m − 1)·T.
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
///   And stage i also waits for the first forwards before it and, at the first micro-batch, for its trip to
///   the last stage and back, during which it runs qᵢ forwards ahead (`PipelineBound`): with Pⱼ = Fⱼ + Bⱼ,
///   V ≥ m·Tᵢ + (F₀ + … + Fᵢ₋₁) + (Pᵢ₊₁ + … + Pₚ₋₁) − qᵢ·Fᵢ. Of all stages together, as qⱼ ≤ p − 1 − j,
///   p·V ≥ m·W + Σⱼ j·Pⱼ ≥ m·W + (1 − w)·Σⱼ j·Tⱼ, which is least where the first stages take as much as
///   they can, V/m: so p·V ≥ m·W + (1 − w)·((p − 1)·W − (V/m)·p·(p − 1)/2). Where stages are alike and
///   micro-batches many, that is all of the bubble.
/// - *Interleaved.* m·T, where every chunk adds its overhead; and, where chunks hold equally many
///   blocks, for the first, last and second last stage: the first chunks of the stages before it,
///   and m times its own chunks, recomputation included.
///
/// What memory makes them recompute (`RecomputationFloor`) is a part of W.
///
/// What depends on the numbers of stages and micro-batches alone is worked out once.
struct StrategyBound {
  private let slice: StrategySlice
  /// W, for one chunk a stage.
  private var work: Double
  private let overhead: Double
  /// One way, over all boundaries.
  var sends = 0.0
  /// Over the slowest of them.
  var slowestSend = 0.0
  private let stages: Int
  private let microBatches: Int
  private let layout: ChunkLayout
  /// Chunks hold equally many blocks.
  private let cutsEvenly: Bool
  private var memory: RecomputationFloor?

  init(
    _ slice: StrategySlice, overhead: Double, stages: Int, microBatches: Int, layout: ChunkLayout,
    cutsEvenly: Bool
  ) {
    self.slice = slice
    work = slice.work
    self.overhead = overhead
    self.stages = stages
    self.microBatches = microBatches
    self.layout = layout
    self.cutsEvenly = cutsEvenly
  }

  /// From now on of plans that follow the policy and fit.
  mutating func recompute(_ policy: RecomputePolicy, _ floor: RecomputationFloor) {
    work = slice.work + (policy == .selective ? slice.selective : 0)
    memory = floor
  }

  private var m: Double { Double(microBatches) }
  private var p: Double { Double(stages) }

  /// Infinite where nothing fits. Where a bound that is quick to have reaches `limit`, that one.
  ///
  /// Complexity: O(log(stages)), and once O(stages) of a schedule that is below the limit, but for what
  /// `RecomputationFloor` takes.
  mutating func seconds(
    _ schedule: PipelineSchedule, chunks: Int, upTo limit: Double = .infinity
  ) -> Double {
    let pipeline = ChunkedPipeline(
      schedule: schedule, stages: stages, chunks: chunks, microBatches: microBatches)
    let again = memory?.seconds(pipeline) ?? 0
    guard again < .infinity else { return .infinity }
    let whole = work + again + 2 * overhead * p * Double(chunks)
    guard stages > 1 else { return m * whole }
    let busiest = max(
      whole / p, slice.busiest(stages: stages) + 2 * overhead * Double(chunks))
    switch schedule {
    case .gpipe:
      let ahead = (slice.forward + overhead * p) / p
      let pace = max(
        busiest, max(slowestSend, ahead) + max(slowestSend, (whole / p) - ahead))
      return whole + 2 * sends + (m - 1) * pace
    case .oneForwardOneBackward:
      let chain = max(m * busiest, whole / geometricShare, travelling(whole))
      return chain < limit ? max(chain, trips(whole)) : chain
    case .zeroBubble:
      let chain = max(m * busiest, passing, travelling(whole - slice.weight), waiting(whole))
      return chain < limit ? max(chain, whole / zeroBubbleShare) : chain
    case .interleaved:
      let work = max(m * busiest, crossing(chunks))
      return work < limit && cutsEvenly ? max(work, even(pipeline)) : work
    }
  }

  /// What sends make of a pipeline of one chunk a stage, of which a micro-batch takes `trip` there and
  /// back without them.
  private func travelling(_ trip: Double) -> Double {
    let round = trip + 2 * sends
    let rounds = Double((microBatches - 1) / stages + 1)
    return max(round + (m - 1) * slowestSend, rounds * round)
  }

  /// What the slowest link makes of an interleaved one: every chunk of every micro-batch crosses it, and
  /// the last one still has all its way back.
  private func crossing(_ chunks: Int) -> Double {
    let boundaries = p * Double(chunks) - 1
    return m * Double(chunks) * slowestSend + slice.backward + overhead * p * Double(chunks)
      + sends / (p - 1) * boundaries
  }

  private func even(_ pipeline: ChunkedPipeline) -> Double {
    let all = stages * pipeline.chunks
    let block = slice.block.passes
    var least = Double.infinity
    for share in layout.shares(all) {
      let (short, each) = (share.leading, share.each)
      let lacking = each * all - layout.blocks.count - short
      func step(_ stage: EvenStage) -> Double {
        let index = Double(stage.index)
        let before =
          stage.index == 0
          ? 0
          : slice.leading.passes + (index * Double(each) - Double(short)) * block
            + 2 * (index * overhead) + 2 * sends * index / (p - 1)
        let own =
          Double(stage.blocks(pipeline.chunks)) * block + stage.others.passes
          + 2 * Double(pipeline.chunks) * overhead
        return before + m * (own + (memory?.seconds(stage, pipeline) ?? 0))
      }
      let first = EvenStage(index: 0, each: each, lacking: short, others: slice.leading)
      let last = EvenStage(
        index: stages - 1, each: each, end: pipeline.chunks - 1, lacking: lacking,
        others: slice.trailing)
      let middle = stages > 2 ? step(EvenStage(index: stages - 2, each: each)) : 0
      least = min(least, max(step(first), step(last), middle))
    }
    return least
  }

  /// 1 − (1 − 1/m)^p
  private lazy var geometricShare: Double = 1 - power(1 - 1 / m)

  /// What starting behind the first forwards makes of a step.
  private lazy var passing: Double = {
    let whole = slice.work + 2 * overhead * p
    let f = slice.forwardFraction
    guard f > 1e-3 else { return m * whole / p }
    return whole * f / (1 - power(1 - f / m))
  }()

  /// What waiting for the other stages makes of a step under ZB-H1.
  private func waiting(_ whole: Double) -> Double {
    let others = (1 - slice.weightFraction) * (p - 1)
    return whole * (m + others) / (p * (1 + others / (2 * m)))
  }

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
    let w = slice.weightFraction
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
