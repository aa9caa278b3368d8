import Quantities

/// What a stage, or the link that leaves it, does from `start` to `end`.
package struct TimelineSlot: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case forward
    /// Input and weight gradients in one.
    case backward
    case backwardInput
    case backwardWeight
    /// The beginning of a backward pass, in which activations are computed again.
    case recompute
    /// To the stage with the next virtual stage.
    case sendForward
    /// To the stage with the virtual stage before.
    case sendBackward

    package var isSend: Bool { self == .sendForward || self == .sendBackward }
  }

  package let kind: Kind
  /// The stage that computes or sends.
  package let stage: Int
  package let chunk: Int
  package let microBatch: Int
  package let start: Seconds
  package let end: Seconds

  package var duration: Seconds { end - start }
}
