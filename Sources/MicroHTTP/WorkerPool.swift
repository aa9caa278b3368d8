import Dispatch
import Synchronization

/// A fixed number of workers, each a serial Dispatch queue, and a bounded line before them.
///
/// A worker that finishes takes the next job from the line itself, so that Dispatch never holds more
/// blocks than there are workers.
final class WorkerPool: Sendable {
  typealias Job = Exchange

  private struct State: ~Copyable {
    var line = FirstInFirstOut<Job>()
    var idle: [Int]
  }

  private let state: Mutex<State>
  private let workers: [DispatchQueue]
  private let limit: Int
  private let perform: @Sendable (Job) -> Void

  init(workers count: Int, queueLimit: Int, perform: @escaping @Sendable (Job) -> Void) {
    precondition(count > 0 && queueLimit >= 0, "a pool needs a worker and a line of at least zero")
    state = Mutex(State(idle: Array((0..<count).reversed())))
    workers = (0..<count).map { DispatchQueue(label: "http.worker.\($0)") }
    limit = queueLimit
    self.perform = perform
  }

  /// Whether a job would be turned away now.
  var isFull: Bool { state.withLock { $0.idle.isEmpty && $0.line.count >= limit } }

  var queued: Int { state.withLock { $0.line.count } }

  var working: Int { workers.count - state.withLock { $0.idle.count } }

  /// Gives the job to an idle worker or puts it in line; false when the line is full.
  func submit(_ job: Job) -> Bool {
    let (worker, isAccepted): (Int?, Bool) = state.withLock { state in
      if let worker = state.idle.popLast() { return (worker, true) }
      guard state.line.count < limit else { return (nil, false) }
      state.line.append(job)
      return (nil, true)
    }
    if let worker { workers[worker].async { self.work(worker, from: job) } }
    return isAccepted
  }

  /// Takes a job out of the line, if it still stands there. Complexity: O(line).
  func withdraw(_ job: Job) {
    state.withLock { $0.line.removeAll { $0 === job } }
  }

  private func work(_ worker: Int, from first: Job) {
    var job: Job? = first
    while let current = job {
      perform(current)
      job = state.withLock { state in
        let next = state.line.removeFirst()
        if next == nil { state.idle.append(worker) }
        return next
      }
    }
  }
}
