import Glibc
import Synchronization

/// Sockets whose sending side is closed and whose client may still be sending. Closing one with
/// bytes unread makes the kernel send a reset, on which the client may drop the answer it has not yet
/// read; so what comes is read away for a moment first.
final class LingeringClose: Sendable {
  static let limit = 256
  static let patience: UInt64 = 2_000_000_000
  /// Bytes read away from one socket.
  static let allowance = 64 << 20

  private struct Leaving {
    var deadline: UInt64
    var left = allowance
  }

  private let sockets = Mutex<[Int32: Leaving]>([:])

  var isEmpty: Bool { sockets.withLock { $0.isEmpty } }

  /// Takes charge of `descriptor`, unless there are too many already.
  func add(_ descriptor: Int32) -> Bool {
    sockets.withLock { sockets in
      guard sockets.count < Self.limit else { return false }
      sockets[descriptor] = Leaving(deadline: MonotonicClock.nanoseconds() + Self.patience)
      return true
    }
  }

  /// Reads and forgets; closes at the client's end.
  func readAway(_ descriptor: Int32) {
    sockets.withLock { sockets in
      guard var left = sockets[descriptor]?.left else { return }
      let hasEnded = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { bytes in
        for _ in 0..<16 {
          let count = recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
          if count <= 0 { return count == 0 || errno != EAGAIN && errno != EINTR }
          left -= count
        }
        return false
      }
      sockets[descriptor]?.left = left
      guard hasEnded || left <= 0 else { return }
      sockets[descriptor] = nil
      close(descriptor)
    }
  }

  func sweep(at now: UInt64) {
    closeAll { $0 <= now }
  }

  func closeAll(where isOver: (UInt64) -> Bool = { _ in true }) {
    sockets.withLock { sockets in
      for (descriptor, leaving) in sockets where isOver(leaving.deadline) {
        sockets[descriptor] = nil
        close(descriptor)
      }
    }
  }
}
