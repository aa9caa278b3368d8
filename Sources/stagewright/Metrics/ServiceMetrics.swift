import MicroHTTP
import Synchronization

/// Counts what the service does, for `/metrics`.
final class ServiceMetrics: Sendable {
  struct Counts {
    var routes: [String: RouteCounts] = [:]
    var refusals: [HTTPRefusal: Int] = [:]
    var unfinished: [HTTPExchange.Outcome: Int] = [:]
  }

  private let counts = Mutex(Counts())

  var current: Counts { counts.withLock { $0 } }

  func count(_ exchange: HTTPExchange) {
    let method = Self.label(exchange.request.method)
    let duration = exchange.duration.seconds
    let isJob =
      exchange.request.method == .post && exchange.route != nil && exchange.handling > .zero
    let planning = isJob ? exchange.handling.seconds : nil
    counts.withLock { counts in
      counts.routes[exchange.route ?? "none", default: RouteCounts()].count(
        method, exchange.status, duration, planning: planning)
      if let refusal = exchange.refusal { counts.refusals[refusal, default: 0] += 1 }
      if !exchange.isCompleted { counts.unfinished[exchange.outcome, default: 0] += 1 }
    }
  }

  func count(_ refusal: HTTPRefusal) {
    counts.withLock { $0.refusals[refusal, default: 0] += 1 }
  }

  /// Known methods only: a caller must not be able to make labels.
  private static func label(_ method: HTTPMethod) -> String {
    if case .other = method { return "other" }
    return method.name
  }
}

/// What was asked of one route.
struct RouteCounts: Sendable {
  struct Answers: Sendable {
    var method: String
    var status: Int
    var count: Int
  }

  /// By method and status; there are few of either.
  private(set) var answers: [Answers] = []
  private(set) var durations = Histogram()
  /// Time on a worker, for what was posted.
  private(set) var planning: Histogram?

  /// A request with its times in seconds; status 0 for one that was not answered.
  mutating func count(_ method: String, _ status: Int, _ duration: Double, planning time: Double?) {
    durations.record(duration)
    if let time {
      var planning = self.planning.take() ?? Histogram()
      planning.record(time)
      self.planning = planning
    }
    guard status != 0 else { return }
    if let known = answers.firstIndex(where: { $0.status == status && $0.method == method }) {
      answers[known].count += 1
    } else {
      answers.append(Answers(method: method, status: status, count: 1))
    }
  }
}
