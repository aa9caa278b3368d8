import CMicroHTTPD
import Glibc

/// A path, short enough for a problem document.
private func excerpt(_ path: String) -> String {
  let kept = path.unicodeScalars.prefix(256)
  return kept.endIndex < path.endIndex ? String(kept) + "…" : path
}

extension HTTPServer {
  func problem(_ refusal: HTTPRefusal, _ detail: String?, for exchange: Exchange?) -> HTTPProblem {
    let request = exchange?.request
    let path = request.flatMap { $0.path.isEmpty ? nil : excerpt($0.path) }
    return HTTPProblem(
      refusal, detail ?? standardDetail(refusal), instance: path,
      requestID: request.flatMap { $0.id.isEmpty ? nil : $0.id })
  }

  func refusalResponse(
    _ refusal: HTTPRefusal, _ detail: String? = nil, for exchange: Exchange
  ) -> HTTPResponse {
    let problem = problem(refusal, detail, for: exchange)
    var response = HTTPResponse(
      status: problem.status, headers: ["Content-Type": "application/problem+json"],
      body: configuration.renderProblem(problem))
    if refusal.isTemporary { response.headers.append("Retry-After", String(retryAfterSeconds)) }
    return response
  }

  /// Answers past the library and leaves the connection to be closed.
  func refuseDirectly(
    _ refusal: HTTPRefusal, _ detail: String? = nil, exchange: Exchange?, connection: Connection
  ) {
    let problem = problem(refusal, detail, for: exchange)
    connection.markLingering()
    DirectReply.send(
      problem, document: configuration.renderProblem(problem), retryAfter: retryAfterSeconds,
      withoutBody: exchange?.request?.method == .head, to: connection.descriptor)
  }

  /// Answers in the library's place when it finds a fault itself.
  var faultAnswer: @Sendable (Connection, Int) -> Void {
    { [unowned self] connection, status in
      let exchange = connection.exchange
      var refusal = HTTPRefusal(libraryStatus: status, hasHead: exchange?.stage == .body)
      if let exchange, refusal == .headTooLarge { refusal = excess(of: exchange) }
      refuseDirectly(refusal, exchange: exchange, connection: connection)
      if let exchange {
        account(exchange, refusal)
        exchange.isAnsweredDirectly = true
      } else {
        observer.connectionRefused(refusal, remoteAddress: connection.address)
      }
    }
  }

  var retryAfterSeconds: UInt64 { (configuration.retryAfter.milliseconds + 999) / 1000 }

  /// One sentence for the refusals that need no particulars of the request.
  private func standardDetail(_ refusal: HTTPRefusal) -> String {
    switch refusal {
    case .malformedHead: "The request line or a header line is not HTTP/1.1."
    case .ambiguousLength: "Content-Length is not a decimal number."
    case .invalidHost: "Host is missing, doubled or malformed."
    case .invalidTarget: "The request target is not a path."
    case .malformedBody: "The body's chunked framing is broken."
    case .receiveDeadline: "The request did not arrive whole in time."
    case .bodyTooLarge: "The body is larger than \(configuration.maximumBodyBytes) bytes."
    case .targetTooLong: "The request line is longer than \(configuration.headerLimit) bytes."
    case .unknownExpectation: "The only expectation understood is 100-continue."
    case .headTooLarge: "The head is larger than \(configuration.headerLimit) bytes."
    case .addressLimit: "Too many connections from your address."
    case .versionNotSupported: "The only versions spoken are HTTP/1.0 and HTTP/1.1."
    case .queueFull: "All workers are busy and the queue before them is full."
    case .connectionLimit: "Too many connections."
    case .handlingDeadline: "The answer took too long to find."
    case .stopping: "The server is stopping."
    case .internalError: "The server could not make an answer."
    }
  }
}
