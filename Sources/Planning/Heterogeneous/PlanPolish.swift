import Costing
import Quantities
import Scheduling

/// Betters a plan over several pools by small changes (`Change`), each as often as it helps, until none does.
/// Searches split all groups of a pool alike, and few sequences leave some with too many. Every stage recomputes
/// as few layers as fit.
///
/// No bound covers what it finds: plans get better by it, and never worse.
struct PlanPolish {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let tables: SeatTables

  /// Complexity: O(tries) predictions.
  ///
  /// - Parameters:
  ///   - changes: Of these alone.
  ///   - tries: Plans that are tried at most, until it is to stop.
  func polished(
    _ plan: MixedPlan, by changes: [Change] = Change.allCases, tries: Int,
    shouldStop: () -> Bool = { false }
  ) -> MixedPlan {
    guard plan.split.order == nil else { return plan }
    let space = MixedSpace(problem, constraints)
    var (best, left) = (plan, tries)
    func better(by change: Change) -> MixedPlan? {
      for (strategy, boundaries) in change.neighbours(best, space) {
        guard left > 0, !shouldStop() else { return nil }
        left -= 1
        if let found = predicted(strategy, boundaries, below: best) { return found }
      }
      return nil
    }
    var betters = true
    while betters {
      betters = false
      for change in changes {
        while let found = better(by: change) {
          best = found
          betters = true
        }
      }
    }
    return best
  }

  /// The plan, if it fits and is faster than another.
  private func predicted(
    _ strategy: MixedStrategy, _ boundaries: [Int], below other: MixedPlan
  ) -> MixedPlan? {
    let model = MixedModel(problem, strategy, tables: tables)
    guard let recomputed = model.leastRecomputation(boundaries) else { return nil }
    let split = PipelineSplit(boundaries: boundaries, recomputed: recomputed)
    // Bounding takes a fraction of what playing does.
    guard model.leastStep(split) < other.plan.prediction.step else { return nil }
    let found = MixedPlan(problem, strategy, split, devices: [], tables: tables)
    return found.plan.fits && found.step < other.step ? found : nil
  }
}

extension MixedModel {
  /// How many layers each stage recomputes at least so that every lane has room for it; nil where it has none
  /// whatever is recomputed. Complexity: O(lanes · virtual stages · log(nodes)).
  func leastRecomputation(_ boundaries: [Int]) -> [Int]? {
    let split = PipelineSplit(boundaries: boundaries, recomputed: [])
    var all: [Int] = []
    for stage in 0..<stages {
      let chunks = split.chunks(ofStage: stage, of: stages)
      var most = 0
      for lane in strategy.lanes.indices {
        let model = model(lane: lane, stage: stage).model
        guard let least = model.leastRecomputation(ofStage: stage, chunks) else { return nil }
        most = max(most, least)
      }
      all.append(most)
    }
    return all
  }

  /// A time that predicting a split (`plan`) does not undercut. Complexity: O(lanes · virtual stages).
  func leastStep(_ split: PipelineSplit) -> Seconds {
    let schedule = strategy.base.schedule
    let pipeline = strategy.lanes.indices.reduce(Seconds.zero) { least, lane in
      max(
        least,
        schedule.lowerBound(
          pipelineTimes(split, lane: lane), microBatches: strategy.lanes[lane].microBatches))
    }
    let overhead = problem.parameters.stepOverhead(of: problem.job)
    // Played on a grid of its own: the hair is that grid's.
    return (pipeline + overhead) * ((1 + stragglerFraction) * (1 - 1e-9))
  }
}

extension StrategyModel {
  /// The fewest layers of a stage to recompute so that it fits; nil if it does not whatever is recomputed.
  fileprivate func leastRecomputation(ofStage stage: Int, _ chunks: [Range<Int>]) -> Int? {
    let contents = contents(ofStage: stage, chunks)
    let all = chunks.reduce(0) { $0 + table.recomputableLayers($1) }
    func fits(_ recomputed: Int) -> Bool {
      memory(contents, recomputed: recomputed).total <= problem.memoryLimit
    }
    guard strategy.recompute == .full else {
      let fixed = strategy.recompute == .none ? 0 : all
      return fits(fixed) ? fixed : nil
    }
    if fits(0) { return 0 }
    guard all > 0, fits(all) else { return nil }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
