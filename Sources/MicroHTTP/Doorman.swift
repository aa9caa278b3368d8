import CMicroHTTPD
import Glibc
import Synchronization

/// The thread at the door: it lets connections in or turns them away, sees clients leave, shows out
/// those that overstay, and reads away what refused clients still send.
final class Doorman: @unchecked Sendable {
  private unowned let server: HTTPServer
  private let listener: Listener
  private let daemon: OpaquePointer
  private let poller: Int32
  private let bell: Int32
  private let isListening = Atomic<Bool>(true)
  private let isStopping = Atomic<Bool>(false)
  private var thread = pthread_t()

  // The thread's own.
  private var isAccepting = true
  private var acceptsAgain: UInt64 = 0
  private var lastSweep: UInt64 = 0
  private let limits: PhaseLimits
  private let lingering = LingeringClose()

  init(server: HTTPServer, listener: Listener, daemon: OpaquePointer) {
    self.server = server
    self.listener = listener
    self.daemon = daemon
    limits = PhaseLimits(server.configuration)
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(poller >= 0 && bell >= 0, "no descriptors for the doorman")
    watch(listener.descriptor, EPOLLIN.rawValue, tag: UInt64(listener.descriptor))
    watch(bell, EPOLLIN.rawValue, tag: UInt64(bell))
  }

  func start() {
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(&thread, nil, runDoorman, context)
    precondition(code == 0, "no thread for the doorman")
  }

  /// Closes the listening socket, after letting in whoever already waits there. Returns when done.
  func stopListening() {
    guard isListening.exchange(false, ordering: .acquiringAndReleasing) else { return }
    ring()
    while !isListenerClosed.load(ordering: .acquiring) { usleep(1000) }
  }

  /// Ends the thread. The library may go on serving what it has.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    ring()
    pthread_join(thread, nil)
  }

  /// Closes what is left, once the library has stopped: until then its thread may ring, which must not
  /// reach a descriptor that is somebody else's by now.
  func close() {
    lingering.closeAll()
    Glibc.close(poller)
    Glibc.close(bell)
  }

  private let isListenerClosed = Atomic<Bool>(false)

  private func ring() {
    eventfd_write(bell, 1)
  }

  // MARK: - The loop

  fileprivate func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    while !isStopping.load(ordering: .acquiring) {
      let count = epoll_wait(poller, &events, Int32(events.count), timeout())
      for event in events.prefix(Int(max(count, 0))) { heed(event) }
      let now = MonotonicClock.nanoseconds()
      if !isListening.load(ordering: .acquiring) { closeListener() }
      if !isAccepting, now >= acceptsAgain { resumeAccepting() }
      if now &- lastSweep >= limits.tick * 1_000_000 {
        lastSweep = now
        sweep(at: now / 1_000_000)
        lingering.sweep(at: now)
      }
    }
    closeListener()
    lingering.closeAll()
  }

  /// Milliseconds until there may be something to do that no event announces.
  private func timeout() -> Int32 {
    server.table.count == 0 && lingering.isEmpty && isAccepting ? -1 : Int32(limits.tick)
  }

  private func heed(_ event: epoll_event) {
    let descriptor = Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF)
    let serial = UInt32(truncatingIfNeeded: event.data.u64 >> 32)
    if serial != 0 {
      clientLeft(descriptor, serial)
    } else if descriptor == bell {
      var count: eventfd_t = 0
      eventfd_read(bell, &count)
    } else if descriptor == listener.descriptor {
      acceptWaiting()
    } else {
      lingering.readAway(descriptor)
    }
  }

  private func watch(_ descriptor: Int32, _ events: UInt32, tag: UInt64) {
    var event = epoll_event(events: events, data: epoll_data_t(u64: tag))
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
  }

  // MARK: - Letting in

  private func acceptWaiting() {
    for _ in 0..<64 where isListening.load(ordering: .acquiring) {
      guard acceptOne() else { return }
    }
  }

  private func acceptOne() -> Bool {
    guard let (descriptor, peer) = listener.accept() else {
      if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM {
        pauseAccepting()
        return false
      }
      return errno == EINTR || errno == ECONNABORTED
    }
    let address = peer.text
    let refusal = overfullness(for: address)
    let reserve = server.configuration.connectionLimit + server.configuration.probeReserve
    if let refusal, server.table.count >= reserve {
      turnAway(descriptor, address, refusal)
      return true
    }
    prepare(descriptor)
    let connection = server.table.open(
      descriptor, from: address, surplus: refusal, onFault: server.faultAnswer)
    let isAdded = peer.withPointer { MHD_add_connection(daemon, descriptor, $0, $1) }
    if isAdded != .YES { server.table.close(connection) }
    return true
  }

  /// The limit that one more connection from `address` breaks.
  private func overfullness(for address: String) -> HTTPRefusal? {
    let configuration = server.configuration
    if server.table.count >= configuration.connectionLimit { return .connectionLimit }
    let isOver =
      configuration.perAddressLimit > 0
      && server.table.count(from: address) >= configuration.perAddressLimit
    return isOver ? .addressLimit : nil
  }

  private func turnAway(_ descriptor: Int32, _ address: String, _ refusal: HTTPRefusal) {
    server.observer.connectionRefused(refusal, remoteAddress: address)
    let problem = server.problem(refusal, nil, for: nil)
    DirectReply.send(
      problem, document: server.configuration.renderProblem(problem),
      retryAfter: server.retryAfterSeconds, withoutBody: false, to: descriptor)
    linger(descriptor)
  }

  /// Finds a peer that has silently gone, and one that stops acknowledging.
  private func prepare(_ descriptor: Int32) {
    set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    let limit = Int32(clamping: server.configuration.sendDeadline.milliseconds)
    set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, limit)
  }

  /// Out of descriptors: the waiting connections stay in the kernel's queue for a while.
  private func pauseAccepting() {
    server.observer.serverReported(
      "cannot accept connections: " + String(cString: strerror(errno)))
    isAccepting = false
    acceptsAgain = MonotonicClock.nanoseconds() + 100_000_000
    epoll_ctl(poller, EPOLL_CTL_DEL, listener.descriptor, nil)
  }

  private func resumeAccepting() {
    isAccepting = true
    guard isListening.load(ordering: .acquiring) else { return }
    watch(listener.descriptor, EPOLLIN.rawValue, tag: UInt64(listener.descriptor))
  }

  private func closeListener() {
    guard !isListenerClosed.load(ordering: .acquiring) else { return }
    isListening.store(false, ordering: .releasing)
    while acceptOne() {}
    Glibc.close(listener.descriptor)
    isListenerClosed.store(true, ordering: .releasing)
  }

  // MARK: - Seeing off

  /// Hears from now on when the client hangs up, at once where it has. Called on the event loop when a
  /// connection first has a request for a worker: only then does anybody need to know, and watching costs
  /// every packet a little.
  func watchForLeaving(_ connection: Connection) {
    let events = EPOLLRDHUP.rawValue | EPOLLET.rawValue
    let tag = UInt64(connection.serial) << 32 | UInt64(UInt32(connection.descriptor))
    watch(connection.descriptor, events, tag: tag)
  }

  private func clientLeft(_ descriptor: Int32, _ serial: UInt32) {
    guard let connection = server.table[descriptor], connection.serial == serial else { return }
    connection.markHungUp()
    // A request still on its way in or out is the event loop's affair, which reads the end itself.
    connection.exchangeAtWork?.abandon(.clientGone)
  }

  private func sweep(at milliseconds: UInt64) {
    var expired: [Connection] = []
    var overdue: [Exchange] = []
    let isClosing = !isListening.load(ordering: .acquiring)
    server.table.forEach { connection in
      if connection.expire(at: milliseconds, limit: { limits[$0, isClosing: isClosing] }) {
        expired.append(connection)
      } else if let limit = limits.handling,
        connection.hasWorked(longerThan: limit, at: milliseconds),
        let exchange = connection.exchange
      {
        overdue.append(exchange)
      }
    }
    for connection in expired { cut(connection) }
    for exchange in overdue {
      exchange.abandon(
        .deadlineExceeded, answering: server.refusalResponse(.handlingDeadline, for: exchange))
    }
  }

  private func cut(_ connection: Connection) {
    let isReceiving = connection.expiredPhase == .head || connection.expiredPhase == .body
    server.table.whileOpen(connection) {
      if isReceiving {
        server.refuseDirectly(
          .receiveDeadline, exchange: connection.exchange, connection: connection)
      }
      shutdown(connection.descriptor, Int32(SHUT_RDWR))
    }
  }

  /// Called on the event loop when the library is about to close a connection: its descriptor lives
  /// on in a copy until the client has read the answer.
  func connectionCloses(_ connection: Connection) {
    guard connection.lingers, !connection.peerHasHungUp, !isStopping.load(ordering: .acquiring)
    else { return }
    // The copy keeps the file open, and with it the watch under the old number.
    epoll_ctl(poller, EPOLL_CTL_DEL, connection.descriptor, nil)
    let copy = fcntl(connection.descriptor, F_DUPFD_CLOEXEC, 3)
    if copy >= 0 { linger(copy) }
  }

  private func linger(_ descriptor: Int32) {
    guard lingering.add(descriptor) else {
      Glibc.close(descriptor)
      return
    }
    watch(descriptor, EPOLLIN.rawValue | EPOLLRDHUP.rawValue, tag: UInt64(descriptor))
    ring()
  }
}

private func runDoorman(context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Doorman>.fromOpaque(context!).takeRetainedValue().run()
  return nil
}

/// How long each phase of a connection may last, in milliseconds.
struct PhaseLimits {
  private let idle: UInt64
  private let head: UInt64
  private let body: UInt64
  private let sending: UInt64
  let handling: UInt64?
  /// How often to look.
  let tick: UInt64

  init(_ configuration: HTTPServer.Configuration) {
    idle = configuration.idleTimeout.milliseconds
    head = configuration.headDeadline.milliseconds
    body = configuration.receiveDeadline.milliseconds
    sending = configuration.sendDeadline.milliseconds
    handling = configuration.handlingDeadline?.milliseconds
    let shortest = min(idle, head, body, sending, handling ?? .max)
    tick = min(max(shortest / 8, 5), 250)
  }

  /// nil: no limit. Once the listening socket is closed, idle connections are closed too.
  subscript(phase: Connection.Phase, isClosing isClosing: Bool) -> UInt64? {
    switch phase {
    case .waiting: isClosing ? 0 : idle
    case .head: head
    case .body: body
    case .sending: sending
    case .working, .streaming, .expired: nil
    }
  }
}
