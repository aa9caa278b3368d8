import Dispatch
import Planning

extension ParallelMap {
  /// Several pieces at once, on as many cores as are free.
  static let cores = ParallelMap { count, body in
    DispatchQueue.concurrentPerform(iterations: count) { body($0) }
  }
}
