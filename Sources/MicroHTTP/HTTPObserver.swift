/// What became of one exchange.
package struct HTTPExchange: Sendable {
  package enum Outcome: String, Sendable {
    /// The answer was handed to the kernel whole.
    case completed
    /// The client hung up before that.
    case clientGone = "client_gone"
    /// The server cut it: a deadline passed, or it stopped.
    case cut
  }

  /// The request; its `path` is empty where the head was refused before it could be read.
  package var request: HTTPRequest
  /// The status sent, 0 where nothing was.
  package var status: Int
  package var outcome: Outcome
  /// Why the server itself turned the request away, if it did.
  package var refusal: HTTPRefusal?
  package var route: String?
  package var receivedBodyBytes: Int
  /// Bytes of body that were handed over for sending (before chunked framing; 0 for HEAD).
  package var sentBodyBytes: Int
  /// From the request line to the last byte sent.
  package var duration: Elapsed
  /// Spent waiting for a worker, and working.
  package var queueing: Elapsed
  package var handling: Elapsed

  package var isCompleted: Bool {
    if case .completed = outcome { true } else { false }
  }
}

/// Hears what the server does, for logs and metrics. Called on the server's own threads, the event
/// loop among them: be quick and never wait.
package protocol HTTPObserver: Sendable {
  func exchangeFinished(_ exchange: HTTPExchange)
  /// A connection was turned away, or cut, before it had a request.
  func connectionRefused(_ refusal: HTTPRefusal, remoteAddress: String)
  /// Something an operator should read (libmicrohttpd's own complaints, too few descriptors, …).
  func serverReported(_ message: String)
}

extension HTTPObserver {
  package func exchangeFinished(_ exchange: HTTPExchange) {}
  package func connectionRefused(_ refusal: HTTPRefusal, remoteAddress: String) {}
  package func serverReported(_ message: String) {}
}

/// An observer that does not listen.
struct SilentObserver: HTTPObserver {}

/// Gauges of a running server, read at one moment.
package struct HTTPStatistics: Sendable, Equatable {
  package var connections = 0
  /// Requests handed to workers and not yet answered to the last byte.
  package var inFlight = 0
  /// Requests waiting for a worker.
  package var queued = 0
  /// Workers busy.
  package var working = 0
}
