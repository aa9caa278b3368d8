import Costing
import Quantities
import Scheduling

/// The best cut of one strategy's pipeline, or how good one could be.
struct SplitResult {
  /// Nil where none was found that fits, or none below the cutoff.
  var split: PipelineSplit?
  /// Seconds of a step but for what it takes whatever the split; infinite without a split.
  var seconds: Double
  /// No split that fits takes less.
  var bound: Double

  /// Takes what an enumeration of all splits below the cutoff found, if anything.
  mutating func take(
    _ better: PipelineSplit?, _ seconds: Double, isComplete: Bool, cutoff: Double
  ) {
    if let better {
      split = better
      self.seconds = seconds
    }
    if isComplete { bound = min(self.seconds, max(bound, cutoff)) }
  }
}

/// Finds where to cut a pipeline for one strategy: the split whose played step is least, among all
/// that fit at every position, each stage recomputing as few layers as fit.
///
/// 1. The least budget within which `PipelineBound` allows a cut, by parametric search. Mostly that
///    cut, played, takes exactly the budget: it is the best.
/// 2. Where the end of the step (reduction, update) or a longer path adds to it, the floor under
///    the ends is raised: within the played time every boundary has a narrow window, and in its
///    window each stage has a least end.
/// 3. Where a difference remains, the splits within the windows are enumerated depth first, each
///    prefix pruned by its exact bound, up to a fixed effort. If that does not suffice, the answer
///    says by its bound how much better a split could be.
struct SplitSearch {
  let costs: SplitCosts
  private var model: StrategyModel { costs.model }
  /// Prefixes that the enumeration may visit.
  private let effort: Int
  private let allowsUnevenChunks: Bool
  static let tolerance = 1e-9
  /// Playing an interleaved pipeline takes about as long as visiting so many prefixes.
  private static let prefixesPerPlay = 20

  init(
    _ model: StrategyModel, choosesRecompute: Bool, ignoresMemory: Bool = false,
    allowsUnevenChunks: Bool = false, effort: Int = 4000
  ) {
    self.allowsUnevenChunks = allowsUnevenChunks
    self.effort = effort
    costs = SplitCosts(
      model, choosesRecompute: choosesRecompute, ignoresMemory: ignoresMemory)
  }

  /// The best split, or nil where none fits.
  func best() -> PipelineSplit? { result(cutoff: .infinity, floor: 0).split }

  /// - Parameters:
  ///   - cutoff: Splits that take as long as this are of no interest.
  ///   - floor: A known lower bound, to start from.
  func result(cutoff: Double, floor: Double) -> SplitResult {
    guard model.virtualStages <= model.problem.graph.nodes.count else {
      return SplitResult(split: nil, seconds: .infinity, bound: .infinity)
    }
    if model.strategy.virtualStages > 1 {
      let chunked = ChunkedSplitSearch(costs)
      return allowsUnevenChunks
        ? chunked.unevenResult(cutoff: cutoff, plays: effort / Self.prefixesPerPlay)
        : chunked.result(cutoff: cutoff)
    }
    if let downSets = model.problem.downSets {
      var result = DownSetSearch(costs, downSets, effort: effort).result(cutoff: cutoff)
      result.split = result.split.map { downSets.split($0) }
      return result
    }
    if model.stages == 1 { return wholeModel(cutoff: cutoff) }
    return oneChunk(cutoff: cutoff, floor: floor)
  }

  /// Of one stage, which holds everything.
  private func wholeModel(cutoff: Double) -> SplitResult {
    let boundaries = [0, costs.nodes]
    guard let recomputed = costs.leastRecomputation(0, 0..<costs.nodes) else {
      return SplitResult(split: nil, seconds: .infinity, bound: .infinity)
    }
    let split = PipelineSplit(boundaries: boundaries, recomputed: [recomputed])
    let seconds = costs.played(split)
    guard seconds < cutoff else {
      return SplitResult(split: nil, seconds: .infinity, bound: cutoff)
    }
    return SplitResult(split: split, seconds: seconds, bound: seconds)
  }

  private func oneChunk(cutoff: Double, floor: Double) -> SplitResult {
    let probe = SplitProbe(costs)
    var ends = EndFloor(costs)
    let none = SplitResult(split: nil, seconds: .infinity, bound: .infinity)
    let linkFloor = probe.bound.linkFloor
    guard linkFloor + ends.total < cutoff else {
      return SplitResult(split: nil, seconds: .infinity, bound: cutoff)
    }
    // One probe settles most strategies: not even the bound can stay below the cutoff.
    if cutoff < .infinity {
      let (boundaries, next) = probe.furthest(cutoff - ends.total)
      if boundaries == nil {
        return next < .infinity
          ? SplitResult(split: nil, seconds: .infinity, bound: cutoff) : none
      }
    }
    let start = max(floor - ends.total, costs.workFloor, linkFloor)
    guard let (budget, furthest) = probe.least(startingAt: start) else { return none }
    var result = SplitResult(split: nil, seconds: .infinity, bound: budget + ends.total)
    guard result.bound < cutoff else { return result }
    if let balanced = probe.balanced(budget) { consider(balanced, &result) }
    if !isClosed(result) { consider(furthest, &result) }
    guard !isClosed(result) else { return closed(result) }

    // Nothing below the time reached is possible unless it stays within these windows.
    for _ in 0..<3 {
      let aim = min(cutoff, result.seconds) * (1 - Self.tolerance)
      let before = ends.total
      guard ends.raise(probe, budget: aim - ends.total) else { return closed(result) }
      result.bound = max(result.bound, budget + ends.total)
      if isClosed(result) || result.bound >= cutoff { return closed(result) }
      if ends.total <= before { break }
    }
    var enumeration = SplitEnumeration(
      probe, ends: ends, best: min(cutoff, result.seconds), effort: effort)
    let isComplete = enumeration.run()
    result.take(enumeration.split, enumeration.best, isComplete: isComplete, cutoff: cutoff)
    return result
  }

  private func isClosed(_ result: SplitResult) -> Bool {
    result.seconds <= result.bound * (1 + Self.tolerance)
  }

  private func closed(_ result: SplitResult) -> SplitResult {
    var result = result
    if result.split != nil { result.bound = result.seconds }
    return result
  }

  private func consider(_ boundaries: [Int], _ result: inout SplitResult) {
    let split = costs.split(boundaries)
    let seconds = costs.played(split)
    guard seconds < result.seconds else { return }
    result.split = split
    result.seconds = seconds
  }
}

extension SplitCosts {
  /// A time that no split undercuts: the mean stage's work on all micro-batches.
  var workFloor: Double {
    let all = 0..<nodes
    let work = table.forwardTime(all) + table.backwardTime(all) + 2 * overhead * Double(stages)
    return work * Double(microBatches) / Double(stages)
  }

  /// A cut with the fewest recomputed layers that fit. Every stage must be able to fit.
  func split(_ boundaries: [Int]) -> PipelineSplit {
    let counts = (0..<stages).map { stage in
      leastRecomputation(stage, boundaries[stage]..<boundaries[stage + 1]) ?? 0
    }
    return PipelineSplit(boundaries: boundaries, recomputed: counts)
  }
}
