import Planning

/// When a search's time is up. A deadline of nothing is for the first plan, however long that takes.
struct StopRule {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let deadline: ContinuousClock.Instant?
  private var hasPlan = false

  /// - Parameter deadlineMilliseconds: From now on.
  init(deadlineMilliseconds: Int?) {
    start = clock.now
    deadline = deadlineMilliseconds.map { [start] in start + .milliseconds($0) }
  }

  mutating func note(_ progress: SearchProgress) {
    if progress.best.isFinite { notePlan() }
  }

  mutating func notePlan() { hasPlan = true }

  var stops: Bool {
    deadline.map { $0 > start ? clock.now >= $0 : hasPlan } ?? false
  }

  /// Since the search began.
  var seconds: Double { (clock.now - start) / .seconds(1) }
}
