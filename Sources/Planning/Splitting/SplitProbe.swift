/// Whether a pipeline of one chunk a stage can be cut within a bound on `PipelineBound`, and how.
struct SplitProbe {
  let costs: SplitCosts
  let bound: PipelineBound

  init(_ costs: SplitCosts) {
    self.costs = costs
    bound = PipelineBound(costs)
  }

  /// Gives each stage as many layers as the budget and its memory allow, which is never worse than
  /// fewer (see `PipelineBound`). Where that fails, `next` is the least larger budget that could
  /// make a difference, infinite where only more memory would.
  ///
  /// - Complexity: O(stages · log(nodes)).
  func furthest(_ budget: Double) -> (boundaries: [Int]?, next: Double) {
    var next = Double.infinity
    let (boundaries, isStuck) = greedy(budget, &next)
    let end = boundaries[boundaries.count - 1]
    if isStuck { return exhaustive(budget, stuckAt: boundaries.count - 1, end, next) }
    return (end == costs.nodes ? boundaries : nil, next)
  }

  /// The same up to the first stage that cannot hold a layer.
  private func greedy(
    _ budget: Double, _ next: inout Double
  ) -> (boundaries: [Int], isStuck: Bool) {
    var boundaries: [Int] = []
    boundaries.reserveCapacity(costs.stages + 1)
    boundaries.append(0)
    var start = 0
    var guess = max(1, costs.nodes / costs.stages)
    for stage in 0..<costs.stages {
      let last = costs.nodes - (costs.stages - 1 - stage)
      let end = furthestEnd(stage, start, last: last, guess: guess, budget, &next)
      guard end > start else { return (boundaries, true) }
      boundaries.append(end)
      guess = end - start
      start = end
    }
    return (boundaries, false)
  }

  /// Several pipelines cut alike: each stage ends where all of them let it end.
  static func furthest(_ probes: [SplitProbe], _ budget: Double) -> [Int]? {
    let (stages, nodes) = (probes[0].costs.stages, probes[0].costs.nodes)
    var boundaries = [0]
    var ignored = Double.infinity
    var guess = max(1, nodes / stages)
    for stage in 0..<stages {
      let start = boundaries[stage]
      var end = nodes - (stages - 1 - stage)
      for probe in probes where end > start {
        end = probe.furthestEnd(stage, start, last: end, guess: guess, budget, &ignored)
      }
      guard end > start else {
        // Mostly the stages from here on cannot begin so early anyway.
        for probe in probes {
          guard let earliest = probe.earliest(budget, &ignored), earliest[stage] <= start else {
            return nil
          }
        }
        return ReachableCuts.cut(stages: stages, nodes: nodes, budget: budget) { stage, range in
          probes.reduce(0) { max($0, $1.seconds(stage, range)) }
        }.boundaries
      }
      guess = end - start
      boundaries.append(end)
    }
    return boundaries[stages] == nodes ? boundaries : nil
  }

  /// A cut where greedy cutting leaves a stage that cannot take the layer at `start`. Some later stage
  /// must then have room for that layer.
  private func exhaustive(
    _ budget: Double, stuckAt stage: Int, _ start: Int, _ next: Double
  ) -> (boundaries: [Int]?, next: Double) {
    var least = next
    var hasRoom = false
    for later in stride(from: stage + 1, to: costs.stages, by: 1) where !hasRoom {
      let seconds = seconds(later, start..<(start + 1))
      if seconds <= budget { hasRoom = true } else { least = min(least, seconds) }
    }
    guard hasRoom else { return (nil, least) }
    // Mostly the stages from here on cannot begin so early anyway.
    guard let earliest = earliest(budget, &least), earliest[stage] <= start else {
      return (nil, min(next, least))
    }
    let (boundaries, after) = ReachableCuts.cut(
      stages: costs.stages, nodes: costs.nodes, budget: budget, cost: seconds)
    return (boundaries, min(next, after))
  }

  /// What a stage that holds a range is bounded by; infinite where it does not fit.
  func seconds(_ stage: Int, _ range: Range<Int>) -> Double {
    guard let passes = costs.passes(stage: stage, range) else { return .infinity }
    let before = bound.upstream(stage: stage, start: range.lowerBound)
    return bound.seconds(stage: stage, before, passes, end: range.upperBound)
  }

  /// The furthest end of a stage that starts at `start`; `start` where it cannot hold one layer.
  private func furthestEnd(
    _ stage: Int, _ start: Int, last: Int, guess: Int, _ budget: Double, _ next: inout Double
  ) -> Int {
    let before = bound.upstream(stage: stage, start: start)
    var over = Double.infinity
    func allows(_ end: Int) -> Bool {
      guard let passes = costs.passes(stage: stage, start..<end) else { return false }
      let seconds = bound.seconds(stage: stage, before, passes, end: end)
      if seconds <= budget { return true }
      over = min(over, seconds)
      return false
    }
    // Costs grow with the end: gallop from the guess, then halve.
    var (good, bad) = (start, last + 1)
    var step = 1
    var probe = min(last, start + guess)
    while good + 1 < bad {
      if allows(probe) {
        good = probe
        probe = bad <= last ? (good + bad) / 2 : min(last, good + step)
      } else {
        bad = probe
        probe = good > start ? (good + bad) / 2 : max(start + 1, bad - step)
      }
      step *= 2
      if probe <= good || probe >= bad { probe = (good + bad) / 2 }
    }
    // The least of the refused ends tells: they grow.
    if good < last { next = min(next, over) }
    return good
  }

  /// A start of each stage before which the rest cannot be cut within the budget; nil where not even
  /// the whole can. Complexity: O(stages · log(nodes)) unless single layers exceed the budget.
  func earliest(_ budget: Double) -> [Int]? {
    var ignored = Double.infinity
    guard let starts = earliest(budget, &ignored), starts[0] == 0 else { return nil }
    return starts
  }

  /// Also where the whole cannot be cut; nil where not even single layers can be stages. `next` falls to
  /// the least larger budget that could make a difference.
  private func earliest(_ budget: Double, _ next: inout Double) -> [Int]? {
    func allows(_ stage: Int, _ range: Range<Int>) -> Bool {
      let seconds = seconds(stage, range)
      if seconds <= budget { return true }
      next = min(next, seconds)
      return false
    }
    var starts = [Int](repeating: 0, count: costs.stages + 1)
    starts[costs.stages] = costs.nodes
    var guess = max(1, costs.nodes / costs.stages)
    for stage in (0..<costs.stages).reversed() {
      var end = starts[stage + 1]
      let last = costs.nodes - (costs.stages - 1 - stage)
      // A stage must have room for the layer before its end.
      while end <= last, !allows(stage, (end - 1)..<end) { end += 1 }
      guard end <= last else { return nil }
      // Neighbours hold about as many layers: gallop from the guess, then halve.
      var (bad, good) = (stage - 1, end - 1)
      var step = 1
      var probe = min(end - guess, good - 1)
      while bad + 1 < good {
        if probe <= bad || probe >= good { probe = (bad + good) / 2 }
        if allows(stage, probe..<end) {
          good = probe
          probe = bad >= stage ? (bad + good) / 2 : good - step
        } else {
          bad = probe
          probe = good < end - 1 ? (bad + good) / 2 : bad + step
        }
        step *= 2
      }
      guess = end - good
      starts[stage] = good
    }
    return starts
  }

  /// An end of each stage after which it cannot end.
  func latest(_ budget: Double) -> [Int]? {
    var next = Double.infinity
    let (boundaries, isStuck) = greedy(budget, &next)
    let end = boundaries[boundaries.count - 1]
    guard isStuck else { return end == costs.nodes ? boundaries : nil }
    // Where greedy cutting gets stuck it does not tell how far others get.
    let cut = exhaustive(budget, stuckAt: boundaries.count - 1, end, next).boundaries
    return cut.map { _ in
      [0] + (0..<costs.stages).map { costs.nodes - (costs.stages - 1 - $0) }
    }
  }

  /// The greatest bound over the stages of a cut, as the probe judges it.
  func seconds(_ boundaries: [Int]) -> Double {
    (0..<costs.stages).reduce(0) {
      max($0, seconds($1, boundaries[$1]..<boundaries[$1 + 1]))
    }
  }

  /// The least budget within which a cut exists, and such a cut; nil where memory allows none.
  ///
  /// Each refused budget raises the lower end to the next one that could matter, each granted one
  /// lowers the upper end to what its cut takes: the loop ends at the least.
  func least(startingAt floor: Double) -> (budget: Double, boundaries: [Int])? {
    var low = floor
    var step = 0.01 * floor
    var best: [Int]?
    var high = Double.infinity
    while best == nil {
      let budget = low + step
      let (boundaries, next) = furthest(budget)
      if let boundaries {
        best = boundaries
        high = min(budget, seconds(boundaries))
      } else {
        guard next < .infinity else { return nil }
        low = max(next, budget)
        step *= 2
        // The budget that a refused cut asks for may be the answer itself.
        let (exact, _) = furthest(low)
        if let exact {
          best = exact
          high = low
        }
      }
    }
    while low < high * (1 - 1e-13) {
      let (boundaries, next) = furthest((low + high) / 2)
      if let boundaries {
        best = boundaries
        high = min((low + high) / 2, seconds(boundaries))
      } else {
        let before = low
        low = min(high, max(next, (low + high) / 2))
        if low == before { break }
      }
    }
    return best.map { (high, $0) }
  }

  /// A cut within the budget whose stages take as equal shares of the rest as they can.
  func balanced(_ budget: Double) -> [Int]? {
    guard let earliest = earliest(budget) else { return nil }
    var boundaries: [Int] = []
    boundaries.reserveCapacity(costs.stages + 1)
    boundaries.append(0)
    var start = 0
    var ignored = Double.infinity
    let table = costs.table
    func work(_ range: Range<Int>) -> Double {
      table.forwardTime(range) + table.backwardTime(range)
    }
    for stage in 0..<costs.stages {
      let left = costs.stages - stage
      guard left > 1 else {
        boundaries.append(costs.nodes)
        break
      }
      let last = costs.nodes - (left - 1)
      let most = furthestEnd(
        stage, start, last: last, guess: max(1, (costs.nodes - start) / left), budget, &ignored)
      let least = max(start + 1, earliest[stage + 1])
      guard least <= most else { return nil }
      let share = work(start..<costs.nodes) / Double(left)
      var end = least
      while end < most, work(start..<end) < share { end += 1 }
      if end > least, work(start..<end) - share > share - work(start..<(end - 1)) { end -= 1 }
      boundaries.append(end)
      start = end
    }
    return seconds(boundaries) <= budget * (1 + 1e-12) ? boundaries : nil
  }
}
