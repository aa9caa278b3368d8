import Workload

/// Depth-first enumeration of the nested down-sets that could take less than the best known.
///
/// Of what follows a prefix it is only known how much of it there is at least. Where a prefix is in no
/// respect better than one that was followed before, over the same down-set and as many stages, nothing
/// that begins so has a lower bound. It is left out, as long as what was played took its bound: mostly it
/// does, and then nothing that is left out takes less either.
struct DownSetEnumeration {
  private let costs: SplitCosts
  private let probe: SplitProbe
  private let windows: DownSetWindows
  private let downSets: DownSets
  private let schedules: LeastMaxima
  /// By stage and down-set, as in `LeastMaxima`: the least that the slowest reduction and the slowest
  /// update from there on can take, of stages that may be part of something better.
  private let leastEnds: [SIMD2<Double>]
  private let skipsDominated: Bool
  private var cuts = [0]
  /// Prefixes that were followed, by stage and down-set.
  private var followed: [[SIMD8<Double>]]
  private var hasSkipped = false
  /// The least bound of what was played and took longer, and of what the effort did not suffice for.
  private var leastHidden = Double.infinity
  private var leastLeft = Double.infinity
  private(set) var left: Int
  private(set) var best: Double
  private(set) var split: PipelineSplit?

  /// - Parameters:
  ///   - wanted: The stages of what takes less than the best known.
  ///   - schedules: Of such stages at least.
  init(
    _ wanted: WantedStages, _ windows: DownSetWindows, _ schedules: LeastMaxima, effort: Int
  ) {
    probe = wanted.probe
    self.windows = windows
    self.schedules = schedules
    best = wanted.cutoff
    costs = probe.costs
    downSets = windows.downSets
    skipsDominated = true
    left = effort
    let (downSets, stages) = (downSets, costs.stages)
    let count = downSets.count
    followed = [[SIMD8<Double>]](repeating: [], count: stages * count)
    var least = [SIMD2<Double>](repeating: SIMD2(repeating: .infinity), count: (stages + 1) * count)
    least[least.count - 1] = wanted.leastEnds
    for stage in (0..<stages).reversed() {
      for start in windows.starts(of: stage, among: stages) {
        var here = SIMD2(repeating: Double.infinity)
        windows.forEachEnd(from: start) { end, _ in
          let after = least[(stage + 1) * count + end]
          guard any(after .< here), wanted.allows(schedule: schedules[stage + 1, end]),
            downSets.isSubset(start, of: end),
            let own = wanted.seconds(stage, start..<end)
          else { return true }
          here = pointwiseMin(here, pointwiseMax(after, own.ends))
          return true
        }
        least[stage * count + start] = here
      }
    }
    leastEnds = least
  }

  /// The same for what is better by now, with what effort is left, leaving out nothing.
  private init(refining first: DownSetEnumeration) {
    costs = first.costs
    probe = first.probe
    windows = first.windows
    downSets = first.downSets
    schedules = first.schedules
    leastEnds = first.leastEnds
    followed = []
    skipsDominated = false
    (left, best, split) = (first.left, first.best, first.split)
  }

  /// What no sequence undercuts, as far as the effort sufficed: `best` where it did.
  mutating func run() -> Double {
    guard schedules.whole + leastEnds[0].sum() < target else { return best }
    visit(stage: 0, PipelineBound.Upstream(), slowest: 0, ends: .zero)
    let least = min(best, leastLeft)
    guard hasSkipped, leastHidden < min(target, leastLeft) else { return least }
    var whole = DownSetEnumeration(refining: self)
    let bound = max(whole.run(), min(least, leastHidden))
    (best, split) = (whole.best, whole.split)
    return min(best, bound)
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
    guard stage < costs.stages else { return play(bound: slowest + ends.sum()) }
    left -= 1
    let start = cuts[stage]
    if skipsDominated, isDominated(stage, start, before, slowest: slowest, ends: ends) {
      hasSkipped = true
      return
    }
    for step in steps(stage, start, before, slowest: slowest, ends: ends).sorted(by: {
      ($0.bound, $0.end) < ($1.bound, $1.end)
    }) where step.bound < target {
      guard left > 0 else {
        leastLeft = min(leastLeft, step.bound)
        return
      }
      cuts.append(step.end)
      visit(
        stage: stage + 1,
        probe.bound.after(before, stage: stage, step.passes, cut: step.end),
        slowest: step.slowest, ends: step.ends)
      cuts.removeLast()
    }
  }

  /// Whether a prefix that was followed before is as good in every respect; if not, it is one of those
  /// from now on. What follows it anyway is no respect.
  private mutating func isDominated(
    _ stage: Int, _ start: Int, _ before: PipelineBound.Upstream, slowest: Double,
    ends: SIMD2<Double>
  ) -> Bool {
    let place = stage * downSets.count + start
    let least = pointwiseMax(ends, leastEnds[place])
    let label = SIMD8(
      max(slowest, schedules[stage, start]), least.x, least.y, before.head, before.tail, 0, 0, 0)
    if followed[place].contains(where: { all($0 .<= label) }) { return true }
    followed[place].append(label)
    return false
  }

  private func steps(
    _ stage: Int, _ start: Int, _ before: PipelineBound.Upstream, slowest: Double,
    ends: SIMD2<Double>
  ) -> [Step] {
    let (target, row) = (target, (stage + 1) * downSets.count)
    var steps: [Step] = []
    windows.forEachEnd(from: start) { end, _ in
      let after = schedules[stage + 1, end]
      guard after < target, downSets.isSubset(start, of: end),
        let passes = costs.passes(stage: stage, start..<end)
      else { return true }
      let seconds = max(
        slowest, probe.bound.seconds(stage: stage, before, passes, end: end))
      guard seconds < target else { return true }
      let own = costs.stepEnd(start..<end, passes)
      let raised = pointwiseMax(ends, SIMD2(own.reduction, own.optimizer))
      let bound = max(seconds, after) + pointwiseMax(raised, leastEnds[row + end]).sum()
      if bound < target {
        steps.append(
          Step(end: end, passes: passes, slowest: seconds, ends: raised, bound: bound))
      }
      return true
    }
    return steps
  }

  private mutating func play(bound: Double) {
    let candidate = costs.split(cuts)
    let seconds = costs.played(candidate)
    if seconds > bound * (1 + SplitSearch.tolerance) { leastHidden = min(leastHidden, bound) }
    guard seconds < target else { return }
    best = seconds
    split = candidate
  }
}
