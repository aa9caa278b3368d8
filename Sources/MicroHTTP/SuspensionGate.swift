import CMicroHTTPD
import Synchronization

/// Counts the suspended connections, and lets no new one in once closed: libmicrohttpd aborts the
/// process when it is stopped with a connection suspended.
final class SuspensionGate: Sendable {
  private struct State {
    var suspended = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  var suspended: Int { state.withLock { $0.suspended } }

  /// To be asked before a connection is suspended; false once the gate is closed.
  func enter() -> Bool {
    state.withLock { state in
      if state.isClosed { return false }
      state.suspended += 1
      return true
    }
  }

  /// To be told after a connection is resumed.
  func leave() {
    state.withLock { $0.suspended -= 1 }
  }

  func close() {
    state.withLock { $0.isClosed = true }
  }
}

/// A connection that libmicrohttpd does not touch until it is resumed, from whichever thread. It is
/// alive as long as it is suspended; to resume it twice is an error.
struct SuspendedConnection: @unchecked Sendable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  func resume() { MHD_resume_connection(handle) }
}
