import MicroHTTP
import PlanAPI

/// What is answered on the event loop, before and beside all plans: health and metrics.
enum Probe: String, CaseIterable {
  case livez = "/livez"
  case readyz = "/readyz"
  case metrics = "/metrics"

  /// Asked with every request: two strings are compared in less time than one is hashed.
  init?(_ path: String) {
    switch path {
    case "/livez": self = .livez
    case "/readyz": self = .readyz
    case "/metrics": self = .metrics
    default: return nil
    }
  }
}

/// Answers the probes.
struct Probes: Sendable {
  let metrics: ServiceMetrics
  let log: LogWriter
  let answers: AnswerCache
  let problems: RecentProblems

  /// nil for what is no probe.
  func response(to request: HTTPRequest, _ server: HTTPServer) -> HTTPResponse? {
    guard let probe = Probe(request.path) else { return nil }
    if let refusal = Self.refusal(of: request) { return refusal }
    switch probe {
    case .livez: return Self.alive
    case .readyz: return readiness(server, isVerbose: Self.asksForAll(request))
    case .metrics:
      let page = metrics.page(
        server, droppedLogLines: log.dropped, answers: answers.statistics,
        problems: problems.statistics)
      return Self.text(200, page, .metrics, type: PrometheusText.mediaType)
    }
  }

  /// 405 for a probe that is not asked with GET or HEAD, and 400 for one that is sent a body.
  static func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard Probe(request.path) != nil else { return nil }
    let isRead = request.method == .get || request.method == .head
    if isRead, request.body.isEmpty { return nil }
    let problem: Problem =
      isRead
      ? Problem(status: 400, detail: "A probe takes no body.")
      : .methodNotAllowed(request.method.name, request.path, allowed: ["GET", "HEAD"])
    return Doorway.httpResponse(problem.response(to: request.path))
  }

  /// Ready until told to stop. A full queue is said and does not count: with every replica busy, a
  /// caller is helped more by 503 with Retry-After than by nobody to talk to.
  private func readiness(_ server: HTTPServer, isVerbose: Bool) -> HTTPResponse {
    let isReady = !server.isDraining
    guard isVerbose else { return isReady ? Self.ready : Self.draining }
    let now = server.statistics
    let limits = server.configuration
    let lines = [
      "[\(isReady ? "+" : "-")]accepting \(isReady ? "ok" : "draining")",
      "[+]queue \(now.queued) of \(limits.queueLimit) waiting",
      "[+]workers \(now.working) of \(limits.workerCount) busy",
      "[+]connections \(now.connections) of \(limits.connectionLimit) open",
      "readyz check \(isReady ? "passed" : "failed")",
    ]
    return Self.text(isReady ? 200 : 503, lines.joined(separator: "\n") + "\n", .readyz)
  }

  private static func asksForAll(_ request: HTTPRequest) -> Bool {
    request.queryParameters.contains { $0.name == "verbose" && $0.value != "false" }
  }

  private static let alive = kept(text(200, "ok\n", .livez))
  private static let ready = kept(text(200, "ok\n", .readyz))
  private static let draining = text(503, "draining\n", .readyz)

  private static func text(
    _ status: Int, _ text: String, _ probe: Probe, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": type, "Cache-Control": "no-store"],
      body: Array(text.utf8), route: probe.rawValue)
  }

  /// One that is given again and again.
  private static func kept(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    response.kept = KeptForms()
    return response
  }
}
