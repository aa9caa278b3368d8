import Glibc

/// Recent answers by what was asked, so that a question asked again costs nothing, and one asked many
/// times at once is worked out once: the others wait for the first.
///
/// Holds a bounded number of bytes; the answer that was not asked for the longest goes first. A lock of
/// the C library, since those who wait need a condition to wait on.
package final class AnswerCache: @unchecked Sendable {
  package struct Statistics: Hashable, Sendable {
    /// Answers given from what was kept.
    package var hits = 0
    /// Answers that waited for one being worked out.
    package var joined = 0
    /// Answers worked out.
    package var misses = 0
    package var entries = 0
    package var bytes = 0
  }

  private struct Entry {
    var response: APIResponse
    var bytes: Int
  }

  private let capacity: Int
  private let lock = Lock()
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // Under the lock:
  private var entries = RecentUse<[UInt8], Entry>()
  private var running: Set<[UInt8]> = []
  private var counts = Statistics()

  /// - Parameter capacity: Bytes of questions and answers that are kept.
  package init(capacity: Int = 32 << 20) {
    self.capacity = capacity
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    changed.deallocate()
  }

  package var statistics: Statistics {
    lock.whileLocked {
      var now = counts
      now.entries = entries.count
      return now
    }
  }

  /// The answer to `question`: kept, waited for, or worked out by `work`.
  ///
  /// Kept are whole answers only: not problems, and not what a caller who hung up left half done.
  func answer(
    to question: [UInt8], isCancelled: () -> Bool, work: () throws(Problem) -> APIResponse
  ) throws(Problem) -> APIResponse {
    switch begin(question, isCancelled) {
    case .known(let response): return response
    case .alone: return try work()
    case .first: break
    }
    var response: APIResponse?
    defer { end(question, response) }
    let answer = try work()
    if answer.status == 200, answer.stream == nil, !isCancelled() { response = answer }
    return answer
  }

  private enum Beginning {
    case known(APIResponse)
    /// Nobody works on it: the caller is to, and others will wait.
    case first
    /// The caller no longer waits for others.
    case alone
  }

  private func begin(_ question: [UInt8], _ isCancelled: () -> Bool) -> Beginning {
    lock.whileLocked {
      var hasWaited = false
      while true {
        if let entry = entries.use(question) {
          if hasWaited { counts.joined += 1 } else { counts.hits += 1 }
          return .known(entry.response)
        }
        guard running.contains(question) else {
          running.insert(question)
          counts.misses += 1
          return .first
        }
        if isCancelled() { return .alone }
        hasWaited = true
        waitForChange()
      }
    }
  }

  private func end(_ question: [UInt8], _ response: APIResponse?) {
    lock.whileLocked {
      running.remove(question)
      if let response { keep(response, for: question) }
      pthread_cond_broadcast(changed)
    }
  }

  private func keep(_ response: APIResponse, for question: [UInt8]) {
    let bytes = response.body.count + question.count
    // A single answer does not drive all others out.
    guard bytes <= capacity / 4 else { return }
    entries.insert(Entry(response: response, bytes: bytes), for: question)
    counts.bytes += bytes
    while counts.bytes > capacity, let gone = entries.removeOldest() { counts.bytes -= gone.bytes }
  }

  /// A twentieth of a second at most, so that a caller who hung up is noticed.
  private func waitForChange() {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    moment.tv_nsec += 50_000_000
    if moment.tv_nsec >= 1_000_000_000 {
      moment.tv_sec += 1
      moment.tv_nsec -= 1_000_000_000
    }
    pthread_cond_timedwait(changed, lock.mutex, &moment)
  }
}
