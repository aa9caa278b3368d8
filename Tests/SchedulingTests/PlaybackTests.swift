import Quantities
import Testing

@testable import Scheduling

/// The players against each other and against what a schedule must obey.
@Suite struct PlaybackTests {
  @Test(arguments: PipelineSchedule.allCases)
  func roundsAgreeWithEvents(_ schedule: PipelineSchedule) {
    for seed in 0..<600 {
      let example = PipelineCase(seed: seed, schedule: schedule)
      let played = schedule.play(
        example.times, microBatches: example.microBatches, withTimeline: true)
      let last = played.timeline!.map(\.end).max() ?? .zero
      #expect(played.makespan == last, "\(example)")
      let alone = schedule.makespan(example.times, microBatches: example.microBatches)
      #expect(played.makespan == alone, "\(example)")
    }
  }

  @Test(arguments: PipelineSchedule.allCases)
  func fastForwardChangesNothing(_ schedule: PipelineSchedule) {
    for seed in 0..<3_000 {
      let example = PipelineCase(seed: seed, schedule: schedule, mostMicroBatches: 300)
      let durations = PassDurations(
        example.times, schedule: schedule,
        grid: TimeGrid(example.times, microBatches: example.microBatches))
      defer { durations.deallocate() }
      let fast = schedule.makespan(durations, example.microBatches)
      let full = schedule.makespan(durations, example.microBatches, fastForwarding: false)
      #expect(fast == full, "\(example)")
    }
  }

  @Test(arguments: PipelineSchedule.allCases)
  func freeSendsPlayLikeNone(_ schedule: PipelineSchedule) {
    for seed in 0..<3_000 {
      let example = PipelineCase(seed: seed, schedule: schedule, mostMicroBatches: 300)
      let times = example.times
      let unsent = PipelineTimes(
        stages: times.stages, chunksPerStage: times.chunksPerStage, forward: times.forward,
        backwardInput: times.backwardInput, backwardWeight: times.backwardWeight)
      let grid = TimeGrid(times, microBatches: example.microBatches)
      func makespan(_ times: PipelineTimes) -> PlayedTime {
        let durations = PassDurations(times, schedule: schedule, grid: grid)
        defer { durations.deallocate() }
        return schedule.makespan(durations, example.microBatches)
      }
      let expected = makespan(unsent)
      #expect(expected.x == expected.y, "\(example)")
      #expect(makespan(times).y == expected.x, "\(example)")
    }
  }

  @Test func steadyStateIsJumpedOver() {
    var random = SplitMix64(seed: 7)
    for stages in [2, 8, 64] {
      let some = (0..<stages).map { _ in Seconds(Double.random(in: 1...2, using: &random)) }
      let times = PipelineTimes(
        stages: stages, forward: some, backwardInput: some, backwardWeight: some)
      let durations = PassDurations(
        times, schedule: .oneForwardOneBackward, grid: TimeGrid(times, microBatches: 10_000))
      defer { durations.deallocate() }
      durations.resetClocks()
      let player = OneChunkRounds(durations, microBatches: 10_000, delaysWeights: false)
      #expect(player.playStep(fastForwarding: true) > 8_000)
    }
  }

  @Test(arguments: PipelineSchedule.allCases)
  func timelineObeysTheSchedule(_ schedule: PipelineSchedule) {
    for seed in 0..<200 {
      let example = PipelineCase(seed: seed, schedule: schedule, mostMicroBatches: 24)
      let slots = schedule.play(
        example.times, microBatches: example.microBatches, withTimeline: true
      ).timeline!
      for stage in 0..<example.times.stages {
        let own = slots.filter { $0.stage == stage }
        let work = own.filter { example.times.sendOccupiesSender || !$0.kind.isSend }
        expectInSequence(work, "\(example)")
        expectInSequence(own.filter { $0.kind == .sendForward }, "\(example)")
        expectInSequence(own.filter { $0.kind == .sendBackward }, "\(example)")
      }
      expectCausal(slots, example)
    }
  }

  private func expectInSequence(_ slots: [TimelineSlot], _ comment: String) {
    for (slot, next) in zip(slots, slots.dropFirst()) {
      #expect(slot.end <= next.start, "\(comment)")
    }
  }

  /// Forward passes go up the virtual stages, backward passes down, weight gradients after them.
  private func expectCausal(_ slots: [TimelineSlot], _ example: PipelineCase) {
    let times = example.times
    var trips: [Int: [(order: Int, start: Seconds, end: Seconds)]] = [:]
    for slot in slots {
      let k = times.virtualStage(stage: slot.stage, chunk: slot.chunk)
      let back = 4 * times.virtualStages - 4 * k
      let order =
        switch slot.kind {
        case .forward: 4 * k - 4 * times.virtualStages
        case .sendForward: 4 * k + 1 - 4 * times.virtualStages
        case .recompute: back
        case .backward, .backwardInput: back + 1
        case .sendBackward: back + 2
        case .backwardWeight: Int.max
        }
      if order == Int.max {
        let gradient = slots.last {
          $0.kind == .backwardInput && $0.microBatch == slot.microBatch && $0.stage == slot.stage
        }
        #expect((gradient?.end ?? .zero) <= slot.start, "\(example)")
      } else {
        trips[slot.microBatch, default: []].append((order, slot.start, slot.end))
      }
    }
    for trip in trips.values {
      let ordered = trip.sorted { $0.order < $1.order }
      for (slot, next) in zip(ordered, ordered.dropFirst()) {
        #expect(slot.end <= next.start, "\(example)")
      }
    }
  }

  @Test(arguments: PipelineSchedule.allCases)
  func partsAddUp(_ schedule: PipelineSchedule) {
    for seed in 0..<500 {
      let example = PipelineCase(seed: seed, schedule: schedule)
      let played = schedule.play(
        example.times, microBatches: example.microBatches, withTimeline: true)
      let parts = played.breakdown
      #expect(
        parts.compute + parts.recompute + parts.exposedSend + parts.bubble == played.makespan,
        "\(example)")
      #expect(played.makespan >= played.makespanWithFreeSends, "\(example)")
      for stage in 0..<played.stages {
        #expect(played.bubble(atStage: stage) >= .zero, "\(example)")
        var worked = 0.0
        for slot in played.timeline! where slot.stage == stage && !slot.kind.isSend {
          worked += slot.duration.value
        }
        #expect(worked == played.busy[stage].value, "\(example)")
      }
    }
  }
}
