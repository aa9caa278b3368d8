import Scheduling

/// A search for plans over several pools of one kind: best-first, so that what it has not looked at is bounded
/// at any time.
///
/// It is done in phases, each bit by bit, so that several can be done side by side and learn of one
/// another's plans in between.
protocol PoolSearch: AnyObject {
  /// The best plans that are known: those found, and incumbents.
  var found: [MixedPlan] { get }
  /// Seconds of the best of them.
  var best: Double { get }
  /// Least bound of what was not looked at, or not to the end.
  var open: Double { get }
  var considered: Int { get }
  var pruned: Int { get }
  /// A bound that is not exceeded anyway: what takes no less need not be told from anything else. It may
  /// only fall.
  var aim: Double { get set }

  /// Takes a plan that was found elsewhere for an incumbent.
  func keep(_ plan: MixedPlan)

  func begin(_ phase: SearchPhase)

  /// Goes on with the phase for about so many microseconds, counted by what there was to do.
  ///
  /// - Returns: whether the phase is over.
  func advance(_ quota: Int, shouldStop: () -> Bool) -> Bool
}

enum SearchPhase: Int, Comparable {
  /// Bounds what takes no plan to be bounded: of pipelines, how pools are split for any number of replicas.
  case outline
  /// Finds good plans, with little effort.
  case sketch
  /// Goes on from there, as far as effort goes.
  case whole

  static func < (a: SearchPhase, b: SearchPhase) -> Bool { a.rawValue < b.rawValue }
}

extension PoolSearch {
  func sketch(shouldStop: () -> Bool) {
    begin(.sketch)
    _ = advance(.max, shouldStop: shouldStop)
  }

  func run(below aim: Double = .infinity, shouldStop: () -> Bool) {
    self.aim = aim
    begin(.whole)
    _ = advance(.max, shouldStop: shouldStop)
  }
}

extension MixedSearch: PoolSearch {}
extension LaneSearch: PoolSearch {}

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
