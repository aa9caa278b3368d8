import JSON
import Planning
import Quantities
import Reporting

/// What of a search is told while it goes on.
package struct PlanningProgress: Sendable {
  package var elapsedSeconds: Double
  package var search: SearchProgress
  package var unit: Unit

  /// What the objective counts of a step.
  package enum Unit: Sendable {
    case seconds
    case gpuSeconds
    /// In the caller's currency, where pools have prices.
    case cost
  }

  /// One line for a terminal.
  package var line: String {
    let counts =
      "\(HumanNumber.count(search.strategiesConsidered)) strategies weighed, "
      + "\(HumanNumber.count(search.strategiesPruned)) excluded"
    let elapsed = "searching for \(HumanNumber.time(Seconds(elapsedSeconds)))"
    guard search.best.isFinite else { return "\(elapsed): no plan yet, \(counts)" }
    let bound = search.bound > 0 ? ", bound \(figure(search.bound))" : ""
    return "\(elapsed): best \(figure(search.best))\(bound), \(counts)"
  }
}

extension PlanningProgress {
  private func figure(_ value: Double) -> String {
    switch unit {
    case .seconds: HumanNumber.time(Seconds(value))
    case .gpuSeconds: HumanNumber.short(value) + " GPU-seconds"
    case .cost: "a cost of \(HumanNumber.short(value))"
    }
  }
}

extension PlanningProgress.Unit {
  fileprivate var best: StaticString {
    switch self {
    case .seconds: "best_seconds"
    case .gpuSeconds: "best_gpu_seconds"
    case .cost: "best_cost"
    }
  }

  fileprivate var lowerBound: StaticString {
    switch self {
    case .seconds: "lower_bound_seconds"
    case .gpuSeconds: "lower_bound_gpu_seconds"
    case .cost: "lower_bound_cost"
    }
  }
}

extension JSONWriter {
  mutating func progress(_ progress: PlanningProgress) {
    object { w in
      w.member("elapsed_seconds", progress.elapsedSeconds)
      if progress.search.best.isFinite {
        w.member(progress.unit.best, progress.search.best)
      }
      w.member(progress.unit.lowerBound, progress.search.bound)
      w.member("gap_fraction", progress.search.gapFraction)
      w.member("strategies_considered", progress.search.strategiesConsidered)
      w.member("strategies_pruned", progress.search.strategiesPruned)
    }
  }
}

/// Passes on how far a search has come, now and then.
struct ProgressTicker {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let interval: Duration
  private let unit: PlanningProgress.Unit
  private let report: (PlanningProgress) -> Void
  private var next: ContinuousClock.Instant

  /// - Parameter first: the least time before the first report.
  init(
    first: Duration, every interval: Duration, unit: PlanningProgress.Unit,
    report: @escaping (PlanningProgress) -> Void
  ) {
    start = clock.now
    next = start + first
    self.interval = interval
    self.unit = unit
    self.report = report
  }

  mutating func note(_ progress: SearchProgress) {
    let now = clock.now
    guard now >= next else { return }
    next = now + interval
    report(
      PlanningProgress(
        elapsedSeconds: (now - start) / .seconds(1), search: progress, unit: unit))
  }
}
