import Quantities
import Testing

@testable import Scheduling

/// What the literature says of pipelines with equal stages, and bounds on those with unequal ones.
@Suite struct ClosedFormTests {
  static let sizes = [(1, 1), (1, 7), (2, 2), (4, 8), (8, 3), (8, 64), (5, 5), (64, 512)]

  /// Huang et al. 2019; Narayanan et al. 2021, section 2.2.
  @Test(arguments: [PipelineSchedule.gpipe, .oneForwardOneBackward], sizes)
  func bubbleOfEqualStages(_ schedule: PipelineSchedule, _ size: (p: Int, m: Int)) {
    let times = PipelineTimes.equal(
      stages: size.p, forward: 0.3, backwardInput: 0.35, backwardWeight: 0.25)
    let played = schedule.play(times, microBatches: size.m)
    #expect(isClose(played.makespan.value, Double(size.m + size.p - 1) * 0.9))
    let fraction = Double(size.p - 1) / Double(size.m + size.p - 1)
    #expect(abs(played.bubbleFraction - fraction) < 1e-12)
    #expect(played.exposedSend == .zero)
  }

  /// Narayanan et al. 2021, section 2.2.2: the bubble is `(p - 1) / (v m)` of the computing time.
  @Test(arguments: [(2, 2, 2), (4, 2, 8), (4, 3, 4), (8, 4, 64), (64, 2, 512), (3, 5, 9)])
  func bubbleOfInterleavedStages(_ size: (p: Int, v: Int, m: Int)) {
    let times = PipelineTimes.equal(
      stages: size.p, chunksPerStage: size.v, forward: 0.3, backwardInput: 0.4,
      backwardWeight: 0.2)
    let played = PipelineSchedule.interleaved.play(times, microBatches: size.m)
    let relative = played.bubble(atStage: 0) / played.busy[0]
    #expect(isClose(relative, Double(size.p - 1) / Double(size.v * size.m), tolerance: 1e-11))
  }

  /// Qi et al. 2023, table 1: ZB-H1 leaves `(p - 1) (F + B - W)`, if no pass is longer than the
  /// time that the others leave for it.
  @Test(arguments: [(2, 2), (4, 8), (8, 8), (8, 64), (64, 512), (5, 17)], [0.1, 0.5, 0.9, 1.0])
  func bubbleOfZeroBubble(_ size: (p: Int, m: Int), _ weight: Double) {
    let times = PipelineTimes.equal(
      stages: size.p, forward: 1, backwardInput: 1, backwardWeight: weight)
    let played = PipelineSchedule.zeroBubble.play(times, microBatches: size.m)
    #expect(isClose(played.bubble(atStage: 0).value, Double(size.p - 1) * (2 - weight)))
  }

  /// In 1F1B, a micro-batch's way to the last stage and back bounds how soon the next one can start:
  /// `p` micro-batches take one round trip.
  @Test(arguments: [(2, 40), (4, 80), (8, 80)])
  func sendsDelayRoundTrips(_ size: (p: Int, m: Int)) {
    let times = PipelineTimes.equal(
      stages: size.p, forward: 1, backwardInput: 1, backwardWeight: 1, send: 0.5)
    let p = Double(size.p)
    let roundTrip = 3 * p + 2 * (p - 1) * 0.5
    let played = PipelineSchedule.oneForwardOneBackward.play(times, microBatches: size.m)
    let trips = Double(size.m / size.p)
    #expect(played.makespan.value >= trips * roundTrip)
    #expect(played.makespan.value <= (trips + 1) * roundTrip)
    #expect(played.breakdown.exposedSend.value >= trips * (p - 1))
  }

  /// A link slower than the stages sets the pace.
  @Test(arguments: PipelineSchedule.allCases)
  func slowLinkSetsThePace(_ schedule: PipelineSchedule) {
    let chunks = schedule == .interleaved ? 2 : 1
    let times = PipelineTimes.equal(
      stages: 4, chunksPerStage: chunks, forward: 0.01, backwardInput: 0.01,
      backwardWeight: 0.01, send: 1)
    let played = schedule.play(times, microBatches: 40)
    #expect(played.makespan.value > 40 * Double(chunks))
  }

  @Test(arguments: PipelineSchedule.allCases)
  func lowerBoundHolds(_ schedule: PipelineSchedule) {
    for seed in 0..<3_000 {
      let example = PipelineCase(seed: seed, schedule: schedule)
      let bound = schedule.lowerBound(example.times, microBatches: example.microBatches)
      let played = schedule.play(example.times, microBatches: example.microBatches).makespan
      #expect(bound.value <= played.value * (1 + 1e-12), "\(example)")
      if schedule == .gpipe { #expect(isClose(bound.value, played.value), "\(example)") }
    }
  }

  @Test(arguments: PipelineSchedule.allCases)
  func lowerBoundIsReachedByEqualStages(_ schedule: PipelineSchedule) {
    for (p, m) in [(2, 2), (4, 8), (8, 8), (8, 64), (6, 36)] {
      let chunks = schedule == .interleaved ? 3 : 1
      let times = PipelineTimes.equal(
        stages: p, chunksPerStage: chunks, forward: 0.7, backwardInput: 0.8, backwardWeight: 0.6)
      let bound = schedule.lowerBound(times, microBatches: m)
      let played = schedule.play(times, microBatches: m).makespan
      #expect(isClose(bound.value, played.value), "\(schedule) p \(p) m \(m)")
    }
  }

  @Test func lowerBoundIsMostlyNear() {
    var worst = 1.0
    for seed in 0..<500 {
      let example = PipelineCase(
        seed: seed, schedule: .oneForwardOneBackward, mostMicroBatches: 100)
      let bound = example.schedule.lowerBound(example.times, microBatches: example.microBatches)
      let played = example.schedule.play(example.times, microBatches: example.microBatches)
      if played.makespan > .zero { worst = min(worst, bound / played.makespan) }
    }
    #expect(worst > 0.75)
  }
}
