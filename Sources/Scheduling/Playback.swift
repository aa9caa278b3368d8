import Quantities

/// What playing one step of a schedule showed.
///
/// At every stage `makespan == busy + bubble + exposedSend`. The exposed send is what the step would
/// gain if sends took no time (the same schedule played again); the bubble is what the stage would
/// still be idle then. With equal stages and free sends the bubble of GPipe and 1F1B is
/// `(p - 1) (F + B)`, a fraction `(p - 1) / (m + p - 1)` of the step; interleaving divides it by the
/// chunks, so that it is `(p - 1) / (v m)` of the computing time (Narayanan et al. 2021); ZB-H1
/// leaves `(p - 1) (F + B - W)` (Qi et al. 2023).
package struct Playback: Hashable, Sendable {
  /// From the first pass's start to the last one's end.
  package let makespan: Seconds
  /// The makespan of the same schedule if sends took no time.
  package let makespanWithFreeSends: Seconds
  /// What each stage computes, recomputation included.
  package let busy: [Seconds]
  /// The part of `busy` that recomputes.
  package let recompute: [Seconds]
  /// The most micro-batches each stage holds at once, in model chunks where it has several.
  package let peakInFlight: [Int]
  /// Every pass and send, by stage and start; only if asked for.
  package let timeline: [TimelineSlot]?

  package var stages: Int { busy.count }

  package var exposedSend: Seconds { makespan - makespanWithFreeSends }

  package func idle(atStage stage: Int) -> Seconds { makespan - busy[stage] }

  package func bubble(atStage stage: Int) -> Seconds { makespanWithFreeSends - busy[stage] }

  /// The idle part of all stages' time, sends waited for included:
  /// `1 - sum(busy) / (stages * makespan)`.
  package var bubbleFraction: Double {
    guard makespan > .zero else { return 0 }
    var sum = Seconds.zero
    for time in busy { sum += time }
    return 1 - sum / (makespan * stages)
  }

  /// The stage with the most to compute; the first of several.
  package var boundingStage: Int {
    var most = 0
    for stage in busy.indices where busy[stage] > busy[most] { most = stage }
    return most
  }

  /// Where the step's time goes, seen from the bounding stage.
  package var breakdown: Breakdown {
    let stage = boundingStage
    return Breakdown(
      compute: busy[stage] - recompute[stage], recompute: recompute[stage],
      exposedSend: exposedSend, bubble: bubble(atStage: stage))
  }

  /// Parts that add up to the makespan, exactly.
  package struct Breakdown: Hashable, Sendable {
    package let compute: Seconds
    package let recompute: Seconds
    package let exposedSend: Seconds
    package let bubble: Seconds
  }
}
