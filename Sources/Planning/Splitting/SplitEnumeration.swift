/// Depth-first enumeration of the splits that could take less than the best known.
///
/// A prefix of stages fixes what comes before the next stage exactly, sends and recomputation
/// included; of the rest it is only known within which windows it must lie.
struct SplitEnumeration {
  private let probe: SplitProbe
  private let costs: SplitCosts
  private let ends: EndFloor
  private var earliest: [Int] = []
  private var boundaries = [0]
  private var left: Int
  private(set) var best: Double
  private(set) var split: PipelineSplit?

  init(_ probe: SplitProbe, ends: EndFloor, best: Double, effort: Int) {
    self.probe = probe
    self.ends = ends
    self.best = best
    costs = probe.costs
    left = effort
  }

  /// Whether every split was either played or excluded.
  mutating func run() -> Bool {
    guard aim() else { return true }
    visit(stage: 0, PipelineBound.Upstream(), slowest: 0, ends: (ends.reduction, ends.optimizer))
    return left > 0
  }

  private var target: Double { best * (1 - SplitSearch.tolerance) }

  /// Narrows the windows to the best known; false where nothing better is possible.
  private mutating func aim() -> Bool {
    guard let earliest = probe.earliest(target - ends.total) else { return false }
    self.earliest = earliest
    return true
  }

  private mutating func visit(
    stage: Int, _ before: PipelineBound.Upstream, slowest: Double,
    ends: (reduction: Double, optimizer: Double)
  ) {
    guard stage < costs.stages else { return play() }
    let start = boundaries[stage]
    let isLast = stage == costs.stages - 1
    let last = isLast ? costs.nodes : costs.nodes - (costs.stages - 1 - stage)
    var end = isLast ? costs.nodes : max(start + 1, earliest[stage + 1])
    while end <= last, left > 0 {
      left -= 1
      guard let passes = costs.passes(stage: stage, start..<end) else { return }
      let seconds = max(
        slowest, probe.bound.seconds(stage: stage, before, passes, end: end))
      // More layers only take longer.
      if seconds + ends.reduction + ends.optimizer >= target { return }
      let own = costs.stepEnd(start..<end, passes)
      let raised = (max(ends.reduction, own.reduction), max(ends.optimizer, own.optimizer))
      if seconds + raised.0 + raised.1 < target {
        boundaries.append(end)
        visit(
          stage: stage + 1,
          isLast ? before : probe.bound.after(before, stage: stage, passes, cut: end),
          slowest: seconds, ends: raised)
        boundaries.removeLast()
      }
      end += 1
    }
  }

  private mutating func play() {
    let candidate = costs.split(boundaries)
    let seconds = costs.played(candidate)
    guard seconds < target else { return }
    best = seconds
    split = candidate
  }
}
