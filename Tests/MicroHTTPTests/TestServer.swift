import Dispatch
import Glibc
import Synchronization

@testable import MicroHTTP

/// A live server on a free port that stops with its scope.
final class TestServer {
  let server: HTTPServer
  let port: UInt16
  let observer = RecordingObserver()

  /// The handler of most tests: what it was asked, in lines.
  static let echo: HTTPServer.Handler = { request, _ in
    var text = "\(request.method.name) \(request.path)\n"
    if let query = request.query { text += "query: \(query)\n" }
    text += "body: \(request.body.count)\n"
    var response = HTTPResponse(body: Array(text.utf8) + request.body, route: "echo")
    response.headers.append("Content-Type", "text/plain")
    return response
  }

  static let probe: HTTPServer.InlineHandler = { request, server in
    guard request.path == "/livez" else { return nil }
    return HTTPResponse(
      status: server.isDraining ? 503 : 200, body: Array("ok\n".utf8), route: "/livez")
  }

  init(
    configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    inline: @escaping HTTPServer.InlineHandler = probe,
    handler: @escaping HTTPServer.Handler = echo
  ) throws {
    var configuration = HTTPServer.Configuration()
    configuration.workerCount = 2
    configure(&configuration)
    server = HTTPServer(
      configuration: configuration, observer: observer, inline: inline, handler: handler)
    port = try server.start().port
  }

  /// With the standard configuration.
  convenience init(_ handler: @escaping HTTPServer.Handler) throws {
    try self.init(configure: { _ in }, handler: handler)
  }

  deinit { server.stop() }

  func client(patience: Int = 10) throws -> RawClient {
    try RawClient(port: port, patience: patience)
  }

  /// One request over its own connection.
  func ask(_ line: String, _ headers: [String] = [], body: String? = nil) throws
    -> RawClient.Answer
  {
    let client = try client()
    client.request(line, headers, body: body)
    return try client.receive(toHead: line.hasPrefix("HEAD"))
  }
}

/// Remembers what it heard.
final class RecordingObserver: HTTPObserver {
  private struct Heard {
    var exchanges: [HTTPExchange] = []
    var refusals: [HTTPRefusal] = []
    var messages: [String] = []
  }

  private let heard = Mutex(Heard())

  var exchanges: [HTTPExchange] { heard.withLock { $0.exchanges } }
  var refusals: [HTTPRefusal] { heard.withLock { $0.refusals } }
  var messages: [String] { heard.withLock { $0.messages } }

  func exchangeFinished(_ exchange: HTTPExchange) {
    heard.withLock { $0.exchanges.append(exchange) }
  }
  func connectionRefused(_ refusal: HTTPRefusal, remoteAddress: String) {
    heard.withLock { $0.refusals.append(refusal) }
  }
  func serverReported(_ message: String) { heard.withLock { $0.messages.append(message) } }
}

/// Opens once, for handlers that a test wants to hold.
final class Latch: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func open() { semaphore.signal() }

  /// Lets all waiters through, one after the other.
  @discardableResult
  func wait(seconds: Int = 10) -> Bool {
    let isOpen = semaphore.wait(timeout: .now() + .seconds(seconds)) == .success
    if isOpen { semaphore.signal() }
    return isOpen
  }
}

/// Waits until `condition` holds; false after `seconds`.
func eventually(within seconds: Double = 10, _ condition: () -> Bool) -> Bool {
  let end = MonotonicClock.nanoseconds() + UInt64(seconds * 1e9)
  while MonotonicClock.nanoseconds() < end {
    if condition() { return true }
    usleep(2000)
  }
  return condition()
}
