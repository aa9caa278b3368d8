import Synchronization

/// Tells a handler that nobody waits for its answer any more. Asking costs one relaxed load, so a
/// search may ask in its inner loop.
package final class Cancellation: Sendable {
  package enum Reason: Int, Sendable {
    /// The client hung up (closing only its sending side counts: the library drops it then).
    case clientGone = 1
    /// The handler took longer than `Configuration.handlingDeadline`.
    case deadlineExceeded
    /// The server stops and has waited as long as it may.
    case stopping
  }

  private let state = Atomic<Int>(0)

  package init() {}

  package var isCancelled: Bool { state.load(ordering: .relaxed) != 0 }

  /// Why, once cancelled.
  package var reason: Reason? { Reason(rawValue: state.load(ordering: .relaxed)) }

  /// The first reason stays.
  package func cancel(_ reason: Reason) {
    _ = state.compareExchange(expected: 0, desired: reason.rawValue, ordering: .relaxed)
  }
}
