import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first lets the service go out gracefully, the second at once.
///
/// To be made before any thread is: threads inherit the mask that keeps the signals for `stop`.
struct StopSignals {
  private var set = sigset_t()

  init() {
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits for the first signal, drains the service, and ends the process with status 0; a second
  /// signal ends it with 128 and its number.
  func stop(_ service: Service) -> Never {
    let first = next()
    service.logger.notice("stopping on signal \(first)")
    // Before this returns to the loop: readiness is gone from here on.
    service.server.beginDraining()
    let status = ExitCode()
    DispatchQueue(label: "drain").async {
      service.server.drain()
      service.logger.notice("stopped")
      service.log.flush()
      exit(status.value.load(ordering: .acquiring))
    }
    while true {
      status.value.store(128 + next(), ordering: .releasing)
      service.server.hurry()
    }
  }

  private func next() -> Int32 {
    var set = self.set
    var number: Int32 = 0
    while sigwait(&set, &number) != 0 {}
    return number
  }
}

private final class ExitCode: Sendable {
  let value = Atomic<Int32>(0)
}
