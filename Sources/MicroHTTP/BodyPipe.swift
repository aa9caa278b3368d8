import CMicroHTTPD
import Dispatch
import Synchronization

/// What a stream's producer writes to.
package struct HTTPBodyWriter: Sendable {
  let pipe: BodyPipe

  /// Sends `bytes`, waiting while the client is more than a buffer behind.
  /// Returns false once nobody reads any more; the producer should return then.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool { pipe.write(bytes) }

  /// Whether somebody still reads.
  package var isOpen: Bool { pipe.isOpen }
}

/// Carries a streamed body from the worker that makes it to the event loop that sends it. When it
/// runs dry it suspends the connection, and the next write resumes it.
final class BodyPipe: Sendable {
  static let capacity = 256 * 1024

  private struct State: ~Copyable {
    var pieces = FirstInFirstOut<[UInt8]>()
    var current: [UInt8] = []
    var position = 0
    var buffered = 0
    var waitingWriters = 0
    var isFinished = false
    var isAborted = false
    /// The connection, while it is suspended here.
    var suspended: SuspendedConnection?
  }

  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: 0)
  private let gate: SuspensionGate

  init(gate: SuspensionGate) { self.gate = gate }

  var isOpen: Bool { state.withLock { !$0.isAborted } }

  func write(_ bytes: [UInt8]) -> Bool {
    while true {
      let isDone: Bool? = state.withLock { state in
        if state.isAborted || state.isFinished { return false }
        if state.buffered >= Self.capacity {
          state.waitingWriters += 1
          return nil
        }
        if !bytes.isEmpty { state.pieces.append(bytes) }
        state.buffered += bytes.count
        resume(&state)
        return true
      }
      if let isDone { return isDone }
      room.wait()
    }
  }

  /// The producer has returned.
  func finish() {
    state.withLock { state in
      state.isFinished = true
      resume(&state)
    }
  }

  /// Nobody reads any more; the connection is gone or to be closed.
  func abort() {
    state.withLock { state in
      state.isAborted = true
      resume(&state)
      wakeWriters(&state)
    }
  }

  /// Fills `buffer` for the event loop: the bytes copied, 0 after suspending `connection`, or one of
  /// libmicrohttpd's ends of stream.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, suspending connection: OpaquePointer
  ) -> Int {
    nonisolated(unsafe) let (buffer, connection) = (buffer, connection)
    return state.withLock { state in
      if state.isAborted { return endWithError }
      if state.position == state.current.count {
        guard let next = state.pieces.removeFirst() else {
          if state.isFinished { return endOfStream }
          guard gate.enter() else { return endWithError }
          MHD_suspend_connection(connection)
          state.suspended = SuspendedConnection(connection)
          return 0
        }
        state.current = next
        state.position = 0
      }
      let count = min(buffer.count, state.current.count - state.position)
      buffer.copyBytes(from: state.current[state.position..<state.position + count])
      state.position += count
      state.buffered -= count
      if state.buffered < Self.capacity { wakeWriters(&state) }
      return count
    }
  }

  private func resume(_ state: inout State) {
    guard let connection = state.suspended else { return }
    state.suspended = nil
    connection.resume()
    gate.leave()
  }

  private func wakeWriters(_ state: inout State) {
    for _ in 0..<state.waitingWriters { room.signal() }
    state.waitingWriters = 0
  }
}

/// `MHD_CONTENT_READER_END_OF_STREAM` and `…_END_WITH_ERROR`, macros that Swift does not see.
private let endOfStream = -1
let endWithError = -2
