import Dispatch
import Glibc
import MicroHTTP
import Synchronization

/// SIGTERM and SIGINT: the first lets the server go out gracefully, the second at once.
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

  /// Waits for the first signal, drains `server`, and ends the process with status 0; a second
  /// signal ends it with 128 and its number.
  func stop(_ server: HTTPServer) -> Never {
    _ = next()
    let status = ExitCode()
    DispatchQueue(label: "drain").async {
      server.drain()
      exit(status.value.load(ordering: .acquiring))
    }
    while true {
      status.value.store(128 + next(), ordering: .releasing)
      server.hurry()
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
