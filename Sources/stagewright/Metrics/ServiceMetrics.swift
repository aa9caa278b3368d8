import MicroHTTP
import Synchronization

/// Counts what the service does, for `/metrics`.
final class ServiceMetrics: Sendable {
  struct RequestKind: Hashable {
    var route: String
    var method: String
    var status: Int
  }

  struct Counts {
    var requests: [RequestKind: Int] = [:]
    var durations: [String: Histogram] = [:]
    /// Time on a worker, for what was posted.
    var planning: [String: Histogram] = [:]
    var refusals: [HTTPRefusal: Int] = [:]
    var unfinished: [HTTPExchange.Outcome: Int] = [:]
  }

  private let counts = Mutex(Counts())

  var current: Counts { counts.withLock { $0 } }

  func count(_ exchange: HTTPExchange) {
    let route = exchange.route ?? "none"
    let kind = RequestKind(
      route: route, method: Self.label(exchange.request.method), status: exchange.status)
    let duration = exchange.duration / .seconds(1)
    counts.withLock { counts in
      if kind.status != 0 { counts.requests[kind, default: 0] += 1 }
      counts.durations[route, default: Histogram()].record(duration)
      if exchange.request.method == .post, exchange.route != nil, exchange.handling > .zero {
        counts.planning[route, default: Histogram()].record(exchange.handling / .seconds(1))
      }
      if let refusal = exchange.refusal { counts.refusals[refusal, default: 0] += 1 }
      if exchange.outcome != .completed { counts.unfinished[exchange.outcome, default: 0] += 1 }
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
