import Dispatch
import Glibc
import Synchronization

/// Writes log lines to a descriptor without ever making the caller wait: lines are kept while the
/// reader is slow, and dropped and counted when too many are.
final class LogWriter: Sendable {
  static let pendingLimit = 1 << 20

  private struct State {
    var pending: [UInt8] = []
    var isScheduled = false
    var dropped = 0
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "log")
  private let descriptor: Int32

  init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

  /// Lines that were never written.
  var dropped: Int { state.withLock { $0.dropped } }

  /// A line with its line feed.
  func write(_ line: [UInt8]) {
    let mustSchedule = state.withLock { state in
      guard state.pending.count + line.count <= Self.pendingLimit else {
        state.dropped += 1
        return false
      }
      state.pending += line
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if mustSchedule { queue.async { self.writePending() } }
  }

  /// Waits until everything so far is written, but no longer than a second: who stopped reading a log
  /// does not keep a process from its end. Returns whether all was written.
  @discardableResult func flush() -> Bool {
    let written = DispatchSemaphore(value: 0)
    queue.async { written.signal() }
    return written.wait(timeout: .now() + .seconds(1)) == .success
  }

  private func writePending() {
    while true {
      let lines = state.withLock { state in
        let lines = state.pending
        state.pending = []
        state.isScheduled = !lines.isEmpty
        return lines
      }
      if lines.isEmpty { return }
      Terminal.write(lines, to: descriptor)
    }
  }
}
