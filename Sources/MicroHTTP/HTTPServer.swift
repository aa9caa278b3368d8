import CMicroHTTPD
import Glibc
import Synchronization

/// An HTTP/1.1 server over libmicrohttpd.
///
/// Three kinds of threads work for it. The *doorman* accepts connections, watches for clients that
/// hang up and cuts what takes too long. libmicrohttpd's *event loop* (poll, never epoll: its epoll
/// mode of 0.9.75 and 1.0.1 stalls when exactly 128 sockets are ready) parses requests, answers
/// probes through the inline handler, suspends every other connection and sends the answers. A
/// bounded pool of *workers* runs the handler.
package final class HTTPServer: Sendable {
  /// Answers a whole request on a worker. It should look at the cancellation while it works.
  package typealias Handler = @Sendable (HTTPRequest, Cancellation) -> HTTPResponse
  /// Answers a request without a body on the event loop, or returns nil to send it to a worker. For
  /// probes alone: everything else waits meanwhile.
  package typealias InlineHandler = @Sendable (HTTPRequest, HTTPServer) -> HTTPResponse?

  enum Lifecycle: Int {
    case created, running, draining, stopped
  }

  package let configuration: Configuration
  let inlineHandler: InlineHandler
  let observer: any HTTPObserver
  let table = ConnectionTable()
  let gate = SuspensionGate()
  let pool: WorkerPool
  let inFlight = Atomic<Int>(0)
  let lifecycle = Atomic<Int>(Lifecycle.created.rawValue)
  /// Set to end a drain before its time.
  let isHurried = Atomic<Bool>(false)
  let running = Mutex<Running?>(nil)

  /// What exists between start and stop.
  struct Running: @unchecked Sendable {
    var daemon: OpaquePointer
    var doorman: Doorman
  }

  package init(
    configuration: Configuration = Configuration(),
    observer: (any HTTPObserver)? = nil,
    inline inlineHandler: @escaping InlineHandler = { _, _ in nil },
    handler: @escaping Handler
  ) {
    self.configuration = configuration
    self.inlineHandler = inlineHandler
    self.observer = observer ?? SilentObserver()
    pool = WorkerPool(workers: configuration.workerCount, queueLimit: configuration.queueLimit) {
      Self.work(on: $0, with: handler)
    }
  }

  /// Listens and serves, until `drain` or `stop`. To be called once.
  package func start() throws(StartError) -> Address {
    precondition(
      advance(from: .created, to: .running), "a server starts once; make another to start again")
    raiseDescriptorLimit()
    let listener = try Listener(host: configuration.host, port: configuration.port)
    guard let daemon = startLibrary() else {
      close(listener.descriptor)
      throw .cannotStartLibrary
    }
    let doorman = Doorman(server: self, listener: listener, daemon: daemon)
    running.withLock { $0 = Running(daemon: daemon, doorman: doorman) }
    doorman.start()
    return listener.address
  }

  /// Whether the server is on its way out; readiness should say so.
  package var isDraining: Bool {
    lifecycle.load(ordering: .acquiring) >= Lifecycle.draining.rawValue
  }

  package var statistics: HTTPStatistics {
    HTTPStatistics(
      connections: table.count, inFlight: inFlight.load(ordering: .relaxed),
      queued: pool.queued, working: pool.working)
  }

  func advance(from: Lifecycle, to: Lifecycle) -> Bool {
    lifecycle.compareExchange(
      expected: from.rawValue, desired: to.rawValue, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// The worker's share: the handler, then the stream if the answer has one.
  private static func work(on exchange: Exchange, with handler: Handler) {
    guard let work = exchange.work, !work.cancellation.isCancelled,
      let request = exchange.request
    else { return }
    exchange.workStarted.store(MonotonicClock.nanoseconds(), ordering: .relaxed)
    let response = handler(request, work.cancellation)
    exchange.workFinished.store(MonotonicClock.nanoseconds(), ordering: .relaxed)
    let isWanted = exchange.complete(response)
    if case .stream(let produce) = response.body {
      if isWanted, request.method != .head {
        produce(HTTPBodyWriter(pipe: work.pipe))
      }
      work.pipe.finish()
    }
  }

  /// Every connection takes a descriptor: a soft limit below what the configuration asks for would
  /// show only under load.
  private func raiseDescriptorLimit() {
    let wanted = rlim_t(configuration.connectionLimit + configuration.probeReserve + 128)
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return }
    limit.rlim_cur = min(wanted, limit.rlim_max)
    if setrlimit(resource, &limit) != 0 || limit.rlim_cur < wanted {
      observer.serverReported(
        "\(limit.rlim_cur) descriptors allowed, too few for \(configuration.connectionLimit) "
          + "connections")
    }
  }
}
