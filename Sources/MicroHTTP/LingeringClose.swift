import Glibc
import Synchronization

/// Sockets whose sending side is closed and whose client may still be sending. Closing one with
/// bytes unread makes the kernel send a reset, on which the client may drop the answer it has not yet
/// read; so what comes is read away for a moment first.
final class LingeringClose: Sendable {
  static let limit = 256
  static let patience: UInt64 = 2_000_000_000

  private let deadlines = Mutex<[Int32: UInt64]>([:])

  var isEmpty: Bool { deadlines.withLock { $0.isEmpty } }

  /// Takes charge of `descriptor`, unless there are too many already.
  func add(_ descriptor: Int32) -> Bool {
    deadlines.withLock { deadlines in
      guard deadlines.count < Self.limit else { return false }
      deadlines[descriptor] = MonotonicClock.nanoseconds() + Self.patience
      return true
    }
  }

  /// Reads and forgets; closes at the client's end.
  func readAway(_ descriptor: Int32) {
    deadlines.withLock { deadlines in
      guard deadlines[descriptor] != nil else { return }
      let isOver = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { bytes in
        for _ in 0..<16 {
          let count = recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
          if count <= 0 { return count == 0 || errno != EAGAIN && errno != EINTR }
        }
        return false
      }
      guard isOver else { return }
      deadlines[descriptor] = nil
      close(descriptor)
    }
  }

  func sweep(at now: UInt64) {
    closeAll { $0 <= now }
  }

  func closeAll(where isOver: (UInt64) -> Bool = { _ in true }) {
    deadlines.withLock { deadlines in
      for (descriptor, deadline) in deadlines where isOver(deadline) {
        deadlines[descriptor] = nil
        close(descriptor)
      }
    }
  }
}
