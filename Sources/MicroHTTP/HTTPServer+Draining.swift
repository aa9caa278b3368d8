import CMicroHTTPD
import Glibc

extension HTTPServer {
  /// Turns readiness off (`isDraining`) and asks clients to close their connections after their next
  /// answer. Everything is still served.
  package func beginDraining() {
    _ = advance(from: .running, to: .draining)
  }

  /// Goes out gracefully: keeps listening for `drainDelay`, closes the listening socket, lets the
  /// requests in flight finish, for `drainDeadline` at most, and stops. Blocks until then.
  package func drain() {
    beginDraining()
    wait(until: MonotonicClock.nanoseconds() + configuration.drainDelay.nanoseconds) { false }
    running.withLock { $0?.doorman }?.stopListening()
    wait(until: MonotonicClock.nanoseconds() + configuration.drainDeadline.nanoseconds) {
      self.isQuiet
    }
    stop()
  }

  /// Ends a `drain` that waits on another thread, as if its time were up.
  package func hurry() {
    isHurried.store(true, ordering: .releasing)
  }

  /// Stops at once: requests not yet answered get 503. Blocks until libmicrohttpd has stopped, which
  /// takes a second at most; a handler that does not look at its cancellation goes on beyond that.
  package func stop() {
    beginDraining()
    guard let running = running.withLock({ $0.take() }) else { return }
    running.doorman.stopListening()
    // From here on nothing is suspended any more, and what is comes back: only then may the library
    // be stopped, which aborts the process over a suspended connection.
    gate.close()
    abandonAll()
    let second: UInt64 = 1_000_000_000
    isHurried.store(false, ordering: .releasing)
    wait(until: MonotonicClock.nanoseconds() + second) { self.isQuiet }
    running.doorman.stop()
    // A worker may still be on its way out of resuming, which ends with a write to a descriptor that
    // stopping the library closes; and a connection that had just passed the gate is suspended now.
    while gate.suspended > 0 {
      abandonAll()
      usleep(100)
    }
    MHD_stop_daemon(running.daemon)
    running.doorman.close()
    lifecycle.store(Lifecycle.stopped.rawValue, ordering: .releasing)
  }

  /// Nothing received in part, worked on or being sent.
  private var isQuiet: Bool {
    var isQuiet = inFlight.load(ordering: .acquiring) == 0
    table.forEach { if $0.phase != .waiting && $0.phase != .expired { isQuiet = false } }
    return isQuiet
  }

  private func abandonAll() {
    for exchange in exchangesAtWork() {
      exchange.abandon(.stopping, answering: refusalResponse(.stopping, for: exchange))
    }
  }

  private func exchangesAtWork() -> [Exchange] {
    var exchanges: [Exchange] = []
    table.forEach { if let exchange = $0.exchangeAtWork { exchanges.append(exchange) } }
    return exchanges
  }

  private func wait(until moment: UInt64, orFor condition: () -> Bool) {
    while MonotonicClock.nanoseconds() < moment, !isHurried.load(ordering: .acquiring),
      !condition()
    {
      usleep(5000)
    }
  }
}
