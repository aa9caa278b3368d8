import JSON
import Planning
import Quantities
import Reporting

/// What of a search is told while it goes on.
package struct PlanningProgress: Sendable {
  package var elapsedSeconds: Double
  package var search: SearchProgress
  /// Figures are GPU-seconds and not seconds.
  package var countsGPUs: Bool

  /// One line for a terminal.
  package var line: String {
    let counts =
      "\(HumanNumber.count(search.strategiesConsidered)) strategies weighed, "
      + "\(HumanNumber.count(search.strategiesPruned)) excluded"
    let elapsed = "searching for \(HumanNumber.time(Seconds(elapsedSeconds)))"
    guard search.best.isFinite else { return "\(elapsed): no plan yet, \(counts)" }
    let bound = search.bound > 0 ? ", bound \(Self.figure(search.bound, countsGPUs))" : ""
    return "\(elapsed): best \(Self.figure(search.best, countsGPUs))\(bound), \(counts)"
  }
}

extension PlanningProgress {
  private static func figure(_ value: Double, _ countsGPUs: Bool) -> String {
    countsGPUs ? HumanNumber.short(value) + " GPU-seconds" : HumanNumber.time(Seconds(value))
  }
}

extension JSONWriter {
  mutating func progress(_ progress: PlanningProgress) {
    object { w in
      w.member("elapsed_seconds", progress.elapsedSeconds)
      if progress.search.best.isFinite {
        w.member(progress.countsGPUs ? "best_gpu_seconds" : "best_seconds", progress.search.best)
      }
      w.member(
        progress.countsGPUs ? "lower_bound_gpu_seconds" : "lower_bound_seconds",
        progress.search.bound)
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
  private let countsGPUs: Bool
  private let report: (PlanningProgress) -> Void
  private var next: ContinuousClock.Instant

  /// - Parameter first: the least time before the first report.
  init(
    first: Duration, every interval: Duration, countsGPUs: Bool,
    report: @escaping (PlanningProgress) -> Void
  ) {
    start = clock.now
    next = start + first
    self.interval = interval
    self.countsGPUs = countsGPUs
    self.report = report
  }

  mutating func note(_ progress: SearchProgress) {
    let now = clock.now
    guard now >= next else { return }
    next = now + interval
    report(
      PlanningProgress(
        elapsedSeconds: (now - start) / .seconds(1), search: progress, countsGPUs: countsGPUs))
  }
}
