import Scheduling
import Workload

/// Cuts a graph that branches into the stages of a one-chunk pipeline: the nested down-sets whose played
/// step is least, among all that fit at every position.
///
/// 1. The least budget within which `PipelineBound` allows nested down-sets, by dynamic programming
///    over them (Tarnawski et al. 2020, section 5.1). Mostly such a sequence, played, takes exactly the
///    budget: it is the best.
/// 2. Where the end of the step or a longer path adds to it, the same is done for the reduction and the
///    update, over those stages that may be part of something better.
/// 3. Where a difference remains, sequences are enumerated depth first. Each prefix is bounded exactly,
///    what follows it by the tables. Up to a fixed effort: then the bound tells what is left open.
struct DownSetSearch {
  private let costs: SplitCosts
  private let probe: SplitProbe
  private let downSets: DownSets
  private let effort: Int

  init(_ costs: SplitCosts, _ downSets: DownSets, effort: Int) {
    self.costs = costs
    self.downSets = downSets
    self.effort = effort
    probe = SplitProbe(costs)
  }

  /// Boundaries of the split are down-sets.
  func result(cutoff: Double) -> SplitResult {
    let ends = EndFloor(costs)
    // Cuts along the graph's own order are few, and tell how far to look.
    let isAlong = downSets.isAlongOrder
    let near = schedules(below: cutoff - ends.total) { isAlong[$0] }.whole
    let schedules = schedules(below: min(cutoff - ends.total, near * (1 + 1e-12))) { _ in true }
    guard let first = schedules.cuts(cost: probe.seconds) else {
      return SplitResult(split: nil, seconds: .infinity, bound: cutoff)
    }
    let split = costs.split(first)
    var result = SplitResult(
      split: split, seconds: costs.played(split), bound: schedules.whole + ends.total)
    guard result.seconds > result.bound * (1 + SplitSearch.tolerance) else {
      result.bound = result.seconds
      return result
    }
    // What begins within the budget may end late, and the other way round.
    let best = min(cutoff, result.seconds)
    var enumeration = DownSetEnumeration(
      costs, probe, windows(below: best - ends.total),
      self.schedules(below: best - ends.total) { _ in true }, ends: ends, best: best,
      effort: effort)
    let isComplete = enumeration.run()
    result.take(enumeration.split, enumeration.best, isComplete: isComplete, cutoff: cutoff)
    return result
  }

  private func schedules(
    below limit: Double, where isWanted: (Int) -> Bool
  ) -> LeastMaxima {
    LeastMaxima(
      windows(below: limit, where: isWanted), stages: costs.stages, below: limit,
      weightsAreCosts: true, cost: probe.seconds)
  }

  /// A stage takes all micro-batches' work at least.
  private func windows(
    below limit: Double, where isWanted: (Int) -> Bool = { _ in true }
  ) -> DownSetWindows {
    let work = costs.table.sums.map { Double(costs.microBatches) * ($0.forward + $0.backward) }
    return DownSetWindows(downSets, weights: work, limit: limit, where: isWanted)
  }
}

/// Depth-first enumeration of the nested down-sets that could take less than the best known.
private struct DownSetEnumeration {
  private let costs: SplitCosts
  private let probe: SplitProbe
  private let windows: DownSetWindows
  private let schedules: LeastMaxima
  /// By stage and down-set, as in `LeastMaxima`: the least that the slowest reduction and the slowest
  /// update from there on can take, of stages that may be part of something better.
  private let leastEnds: [SIMD2<Double>]
  private var cuts = [0]
  private var left: Int
  private(set) var best: Double
  private(set) var split: PipelineSplit?

  init(
    _ costs: SplitCosts, _ probe: SplitProbe, _ windows: DownSetWindows, _ schedules: LeastMaxima,
    ends: EndFloor, best: Double, effort: Int
  ) {
    self.costs = costs
    self.probe = probe
    self.windows = windows
    self.schedules = schedules
    self.best = best
    left = effort
    let (count, stages) = (windows.downSets.count, costs.stages)
    let budget = best - ends.total
    let floor = SIMD2(ends.reduction, ends.optimizer)
    var least = [SIMD2<Double>](repeating: SIMD2(repeating: .infinity), count: (stages + 1) * count)
    least[least.count - 1] = floor
    for stage in (0..<stages).reversed() {
      for start in windows.starts(of: stage, among: stages) {
        var here = SIMD2(repeating: Double.infinity)
        windows.forEachEnd(from: start) { end, _ in
          let after = least[(stage + 1) * count + end]
          guard schedules[stage + 1, end] < budget, any(after .< here),
            windows.downSets.isSubset(start, of: end),
            let passes = costs.passes(stage: stage, start..<end),
            probe.seconds(stage, start..<end) < budget
          else { return true }
          let own = costs.stepEnd(start..<end, passes)
          here = pointwiseMin(here, pointwiseMax(after, SIMD2(own.reduction, own.optimizer)))
          return true
        }
        least[stage * count + start] = here
      }
    }
    leastEnds = least
  }

  /// Whether every sequence was either played or excluded.
  mutating func run() -> Bool {
    visit(stage: 0, PipelineBound.Upstream(), slowest: 0, ends: .zero)
    return left > 0
  }

  private var target: Double { best * (1 - SplitSearch.tolerance) }

  private struct Step {
    var end: Int
    var passes: SplitCosts.Passes
    var slowest: Double
    /// Reduction and update.
    var ends: SIMD2<Double>
    /// Of everything that begins so.
    var bound: Double
  }

  private mutating func visit(
    stage: Int, _ before: PipelineBound.Upstream, slowest: Double,
    ends: SIMD2<Double>
  ) {
    guard left > 0 else { return }
    left -= 1
    guard stage < costs.stages else { return play() }
    let start = cuts[stage]
    for step in steps(stage, start, before, slowest: slowest, ends: ends).sorted(by: {
      ($0.bound, $0.end) < ($1.bound, $1.end)
    }) where step.bound < target {
      cuts.append(step.end)
      visit(
        stage: stage + 1,
        probe.bound.after(before, stage: stage, step.passes, cut: step.end),
        slowest: step.slowest, ends: step.ends)
      cuts.removeLast()
    }
  }

  private func steps(
    _ stage: Int, _ start: Int, _ before: PipelineBound.Upstream, slowest: Double,
    ends: SIMD2<Double>
  ) -> [Step] {
    var steps: [Step] = []
    windows.forEachEnd(from: start) { end, _ in
      let after = schedules[stage + 1, end]
      guard after < target, windows.downSets.isSubset(start, of: end),
        let passes = costs.passes(stage: stage, start..<end)
      else { return true }
      let seconds = max(
        slowest, probe.bound.seconds(stage: stage, before, passes, end: end))
      guard seconds < target else { return true }
      let own = costs.stepEnd(start..<end, passes)
      let raised = pointwiseMax(ends, SIMD2(own.reduction, own.optimizer))
      let least = leastEnds[(stage + 1) * windows.downSets.count + end]
      let bound = max(seconds, after) + pointwiseMax(raised, least).sum()
      if bound < target {
        steps.append(
          Step(end: end, passes: passes, slowest: seconds, ends: raised, bound: bound))
      }
      return true
    }
    return steps
  }

  private mutating func play() {
    let candidate = costs.split(cuts)
    let seconds = costs.played(candidate)
    guard seconds < target else { return }
    best = seconds
    split = candidate
  }
}
