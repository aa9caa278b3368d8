import Costing
import Quantities
import Scheduling

/// Betters a plan over several pools by small changes (`Change`), each as often as it helps, until none does;
/// some changes are tried side by side, and the first that helps is made, whichever is tried sooner. Searches
/// split all groups of a pool alike, and few sequences leave some with too many. Every stage recomputes as few
/// layers as fit.
///
/// No bound covers what it finds: plans get better by it, and never worse.
struct PlanPolish {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  private let parallel: ParallelMap
  /// For each that tries changes side by side.
  private let tables: [SeatTables]

  init(
    problem: ClusterProblem, constraints: SearchConstraints, parallel: ParallelMap = .sequential,
    tables: [SeatTables]
  ) {
    precondition(!tables.isEmpty, "trying a change takes tables")
    self.problem = problem
    self.constraints = constraints
    self.parallel = parallel
    self.tables = tables
  }

  /// Changes that each tries before the others' are looked at.
  private static let triesAtOnce = 4

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
    // Where changes of a kind helped last, they go on: those before have been seen not to.
    var places = [Int](repeating: 0, count: changes.count)
    func better(by turn: Int) -> MixedPlan? {
      var neighbours = changes[turn].neighbours(best, space)
      let start = places[turn] < neighbours.count ? places[turn] : 0
      neighbours = Array(neighbours[start...] + neighbours[..<start])
      var next = 0
      while next < neighbours.count, left > 0, !shouldStop() {
        let last = min(neighbours.count, next + left)
        let rows = stride(from: next, to: last, by: Self.triesAtOnce).prefix(tables.count).map {
          $0..<min(last, $0 + Self.triesAtOnce)
        }
        let found = first(of: rows, neighbours, below: best)
        let tried = (found?.index ?? rows.last!.upperBound - 1) + 1 - next
        (next, left) = (next + tried, left - tried)
        if let found {
          places[turn] = (start + found.index) % neighbours.count
          return found.plan
        }
      }
      return nil
    }
    var (turn, failed) = (0, 0)
    while failed < changes.count {
      if let found = better(by: turn) {
        best = found
        failed = 0
      } else {
        failed += 1
        turn = (turn + 1) % changes.count
      }
    }
    return best
  }

  /// Of rows of neighbours, which are tried side by side, the first that is better.
  private func first(
    of rows: [Range<Int>], _ neighbours: [(MixedStrategy, [Int])], below best: MixedPlan
  ) -> (index: Int, plan: MixedPlan)? {
    let found = parallel.map(Array(zip(rows, tables))) {
      row, tables -> (index: Int, plan: MixedPlan)? in
      for index in row {
        let (strategy, boundaries) = neighbours[index]
        if let plan = predicted(strategy, boundaries, below: best, tables) {
          return (index: index, plan: plan)
        }
      }
      return nil
    }
    for tables in tables { tables.share() }
    return found.lazy.compactMap { $0 }.first
  }

  /// The plan, if it fits and is faster than another.
  private func predicted(
    _ strategy: MixedStrategy, _ boundaries: [Int], below other: MixedPlan, _ tables: SeatTables
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
    let times = strategy.lanes.indices.map { pipelineTimes(split, lane: $0) }
    let pipeline = zip(strategy.lanes, times).reduce(Seconds.zero) {
      max($0, strategy.base.schedule.lowerBound($1.1, microBatches: $1.0.microBatches))
    }
    let overhead = problem.parameters.stepOverhead(of: problem.job)
    // Played on a grid of its own: the hair is that grid's.
    return (pipeline + end(split, times) + overhead)
      * ((1 + stragglerFraction) * (1 - 1e-9))
  }
}
