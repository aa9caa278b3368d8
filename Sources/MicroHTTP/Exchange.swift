import CMicroHTTPD
import Synchronization

/// One request and its answer, on their way through the event loop, a worker and back.
///
/// What stands without a lock belongs to the event loop's thread until the exchange is handed to a
/// worker; from then on it only reads the request, and writes what is reported at the end.
final class Exchange: @unchecked Sendable {
  enum Stage {
    /// The request line has come.
    case head
    case body
    /// Handed to a worker; the connection is suspended, or just resumed.
    case working
    /// The library has the answer.
    case answered
  }

  private enum Answer {
    /// The worker has not answered; the connection is suspended.
    case pending(SuspendedConnection)
    case ready(HTTPResponse?)
    case taken
  }

  /// What only a request needs that goes to a worker.
  struct Work {
    let cancellation = Cancellation()
    let pipe: BodyPipe
  }

  let connection: Connection
  /// Made before the connection enters the phase of a worker, which hands it to other threads; nil
  /// while only the event loop knows the exchange.
  private(set) var work: Work?
  private let gate: SuspensionGate
  private let answer = Mutex<Answer>(.taken)

  var stage = Stage.head
  /// As the request line had it.
  let rawTarget: String
  /// Once its head is read or refused; without a body until that is whole.
  var request: HTTPRequest?
  /// What has come of the body; moved into `request` when it is whole.
  var body: [UInt8] = []
  /// Body bytes declared, or nil for a chunked body.
  var expectedLength: UInt64? = 0
  var receivedBytes = 0
  var closesConnection = false

  // Moments in nanoseconds of the monotonic clock; 0 where not reached.
  let began: UInt64
  var submitted: UInt64 = 0
  let workStarted = Atomic<UInt64>(0)
  let workFinished = Atomic<UInt64>(0)

  // What is reported at the end.
  var status = 0
  var sentBytes = 0
  var refusal: HTTPRefusal?
  var route: String?
  var isDispatched = false
  /// The kept form that the answer is sent in, until it is.
  var lentForm: (kept: KeptForms, form: OpaquePointer)?
  /// Answered by writing to the socket past the library.
  var isAnsweredDirectly = false

  init(rawTarget: String, connection: Connection, gate: SuspensionGate, at moment: UInt64) {
    self.connection = connection
    self.gate = gate
    self.rawTarget = rawTarget
    began = moment
  }

  /// What is known of a request whose head cannot be read.
  func requestWithoutHead(id: String = "") -> HTTPRequest {
    HTTPRequest(
      id: id, method: .other(""), path: "", rawTarget: rawTarget,
      remoteAddress: connection.address)
  }

  func prepareForWork() {
    work = Work(pipe: BodyPipe(gate: gate))
  }

  /// Suspends the connection, to be resumed by `complete`; false when the server is stopping.
  /// To be called in the access handler, before the exchange is handed to anybody.
  func suspend(_ handle: OpaquePointer) -> Bool {
    guard gate.enter() else { return false }
    let suspended = SuspendedConnection(handle)
    answer.withLock { $0 = .pending(suspended) }
    MHD_suspend_connection(handle)
    return true
  }

  /// Stores the answer (nil: none is wanted any more, drop the connection) and resumes the
  /// connection. Only the first call counts; false for the others. Any thread may call.
  @discardableResult
  func complete(_ response: HTTPResponse?) -> Bool {
    answer.withLock { answer in
      guard case .pending(let suspended) = answer else { return false }
      answer = .ready(response)
      suspended.resume()
      gate.leave()
      return true
    }
  }

  /// The answer, once; nil when there is none to send.
  func takeAnswer() -> HTTPResponse? {
    answer.withLock { answer in
      guard case .ready(let response) = answer else { return nil }
      answer = .taken
      return response
    }
  }

  /// Gives the exchange up, for `reason`: the handler is told, a stream ends, and a suspended
  /// connection comes back with `response`. Nothing where no worker is to have it. Any thread may
  /// call that knows the exchange from a connection in the phase of a worker.
  func abandon(_ reason: Cancellation.Reason, answering response: HTTPResponse? = nil) {
    guard let work else { return }
    work.cancellation.cancel(reason)
    complete(response)
    work.pipe.abort()
  }

  /// The account of the exchange, which ends now.
  func report(endedBy outcome: HTTPExchange.Outcome, at now: UInt64) -> HTTPExchange {
    let started = workStarted.load(ordering: .relaxed)
    func span(_ from: UInt64, _ to: UInt64) -> Elapsed {
      Elapsed(nanoseconds: from == 0 ? 0 : (to == 0 ? now : to) &- from)
    }
    return HTTPExchange(
      request: request ?? requestWithoutHead(), status: status, outcome: outcome,
      refusal: refusal, route: route, receivedBodyBytes: receivedBytes, sentBodyBytes: sentBytes,
      duration: span(began, now), queueing: span(submitted, started),
      handling: span(started, workFinished.load(ordering: .relaxed)))
  }
}
