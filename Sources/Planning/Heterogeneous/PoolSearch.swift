import Scheduling

/// A search for plans over several pools of one kind: best-first, so that what it has not looked at is bounded
/// at any time.
protocol PoolSearch: AnyObject {
  /// The best plans that are known: those found, and incumbents.
  var found: [MixedPlan] { get }
  /// Least bound of what was not looked at, or not to the end.
  var open: Double { get }
  var considered: Int { get }
  var pruned: Int { get }

  /// Takes a plan that was found elsewhere for an incumbent.
  func keep(_ plan: MixedPlan)

  /// Finds good plans, with little effort: `run` goes on from there.
  func sketch(shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void)

  /// - Parameter aim: A bound that is not exceeded anyway.
  func run(
    below aim: Double, shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void)
}

extension MixedSearch: PoolSearch {}
extension LaneSearch: PoolSearch {}

extension ClusterProblem {
  /// For pipelines over several pools, and for replicas on different ones.
  func searches(
    _ constraints: SearchConstraints, effort: SearchEffort, tables: SeatTables,
    slices: PoolSlices
  ) -> [any PoolSearch] {
    [
      MixedSearch(
        self, constraints, effort: effort, tables: tables, slices: slices, incumbents: []),
      LaneSearch(
        self, constraints, effort: effort, tables: tables, slices: slices, incumbents: []),
    ]
  }
}

extension SearchConstraints {
  /// What a request leaves open of pipelines of one chunk a stage, and of several.
  var byChunks: [SearchConstraints] {
    let wanted = schedule.isEmpty ? PipelineSchedule.allCases : schedule
    return [false, true].compactMap { interleaves in
      var part = self
      part.schedule = wanted.filter { ($0 == .interleaved) == interleaves }
      return part.schedule.isEmpty ? nil : part
    }
  }
}
