import MicroHTTP
import PlanAPI

/// What is answered on the event loop, before and beside all plans: health and metrics.
struct Probes: Sendable {
  static let paths: Set<String> = ["/livez", "/readyz", "/metrics"]

  let metrics: ServiceMetrics
  let log: LogWriter
  let answers: AnswerCache

  /// nil for what is no probe.
  func response(to request: HTTPRequest, _ server: HTTPServer) -> HTTPResponse? {
    guard request.path.utf8.count <= 8, Self.paths.contains(request.path) else { return nil }
    if let refusal = Self.refusal(of: request) { return refusal }
    switch request.path {
    case "/livez": return Self.text(200, "ok\n", route: "/livez")
    case "/readyz": return readiness(server, isVerbose: Self.asksForAll(request))
    default:
      return Self.text(
        200,
        metrics.page(
          server, droppedLogLines: log.dropped, answers: answers.statistics), route: "/metrics",
        type: PrometheusText.mediaType)
    }
  }

  /// 405 for a probe that is not asked with GET or HEAD, and 400 for one that is sent a body.
  static func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard paths.contains(request.path) else { return nil }
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
    let word = isReady ? "ok" : "draining"
    guard isVerbose else { return Self.text(isReady ? 200 : 503, word + "\n", route: "/readyz") }
    let now = server.statistics
    let limits = server.configuration
    let lines = [
      "[\(isReady ? "+" : "-")]accepting \(word)",
      "[+]queue \(now.queued) of \(limits.queueLimit) waiting",
      "[+]workers \(now.working) of \(limits.workerCount) busy",
      "[+]connections \(now.connections) of \(limits.connectionLimit) open",
      "readyz check \(isReady ? "passed" : "failed")",
    ]
    return Self.text(
      isReady ? 200 : 503, lines.joined(separator: "\n") + "\n", route: "/readyz")
  }

  private static func asksForAll(_ request: HTTPRequest) -> Bool {
    request.queryParameters.contains { $0.name == "verbose" && $0.value != "false" }
  }

  private static func text(
    _ status: Int, _ text: String, route: String, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: ["Content-Type": type, "Cache-Control": "no-store"],
      body: Array(text.utf8), route: route)
  }
}
