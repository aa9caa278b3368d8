import Scheduling
import Workload

/// Cuts a graph that branches into the stages of a one-chunk pipeline: the nested down-sets whose played
/// step is least, among all that fit at every position.
///
/// 1. Sequences along the graph's own order, which are few, tell how far to look.
/// 2. The least budget within which `PipelineBound` allows nested down-sets, by dynamic programming
///    over them (Tarnawski et al. 2020, section 5.1). Mostly such a sequence, played, takes exactly the
///    budget: it is the best. Stages that leave too little of what a better plan may take for the others
///    and for the end of the step are no part of one.
/// 3. Where a difference remains, sequences are enumerated depth first (`DownSetEnumeration`). Each prefix
///    is bounded exactly, what follows it by the tables. Up to a fixed effort: then the bound tells what
///    is left open.
struct DownSetSearch {
  private let costs: SplitCosts
  private let probe: SplitProbe
  private let downSets: DownSets
  private let effort: Int
  private let work: [Double]

  init(_ costs: SplitCosts, _ downSets: DownSets, effort: Int) {
    self.costs = costs
    self.downSets = downSets
    self.effort = effort
    probe = SplitProbe(costs)
    // A stage takes all micro-batches' work at least.
    work = costs.table.sums.map { Double(costs.microBatches) * ($0.forward + $0.backward) }
  }

  /// Boundaries of the split are down-sets.
  func result(cutoff: Double) -> SplitResult {
    let isAlong = downSets.isAlongOrder
    let along = result(cutoff: cutoff) { isAlong[$0] }
    var result = result(cutoff: min(cutoff, along.seconds)) { _ in true }
    if along.seconds <= result.seconds {
      result.split = along.split
      result.seconds = along.seconds
    }
    return result
  }

  /// Among some of the down-sets.
  private func result(cutoff: Double, where isWanted: (Int) -> Bool) -> SplitResult {
    let ends = EndFloor(costs)
    let none = SplitResult(split: nil, seconds: .infinity, bound: cutoff)
    let floor = max(probe.bound.linkFloor, costs.workFloor)
    guard floor + ends.total < cutoff else { return none }
    let wanted = WantedStages(probe, schedule: floor, ends: ends, cutoff: cutoff)
    let windows = DownSetWindows(
      downSets, weights: work, limit: cutoff - ends.total, where: isWanted)
    let schedules = LeastMaxima(
      windows, stages: costs.stages, below: cutoff - ends.total, weightsAreCosts: true
    ) { wanted.seconds($0, $1)?.schedule ?? .infinity }
    let cuts = schedules.cuts { wanted.seconds($0, $1)?.schedule ?? .infinity }
    guard let cuts else { return none }
    let split = costs.split(cuts)
    var result = SplitResult(
      split: split, seconds: costs.played(split), bound: schedules.whole + ends.total)
    guard result.seconds > result.bound * (1 + SplitSearch.tolerance) else {
      result.bound = result.seconds
      return result
    }
    // What begins within the budget may end late, and the other way round.
    let better = WantedStages(
      probe, schedule: max(floor, schedules.whole), ends: ends,
      cutoff: min(cutoff, result.seconds))
    var enumeration = DownSetEnumeration(better, windows, schedules, effort: effort)
    let bound = enumeration.run()
    if let split = enumeration.split {
      result.split = split
      result.seconds = enumeration.best
    }
    // What takes as long as the cutoff is of no interest, and may still be the best of all.
    result.bound = min(result.seconds, max(result.bound, bound))
    return result
  }
}
