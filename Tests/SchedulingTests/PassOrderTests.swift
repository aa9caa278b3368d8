import Testing

@testable import Scheduling

@Suite struct PassOrderTests {
  @Test(arguments: PipelineSchedule.allCases)
  func everyPassIsRunOnce(_ schedule: PipelineSchedule) {
    for seed in 0..<100 {
      let example = PipelineCase(seed: seed, schedule: schedule)
      let (p, v) = (example.times.stages, example.times.chunksPerStage)
      for stage in 0..<p {
        let passes = schedule.passes(
          atStage: stage, stages: p, chunksPerStage: v, microBatches: example.microBatches)
        #expect(Set(passes).count == passes.count)
        let kinds = schedule.splitsBackward ? 3 : 2
        #expect(passes.count == kinds * v * example.microBatches, "\(example)")
      }
    }
  }

  /// The closed forms against counting along the order of passes.
  @Test(arguments: PipelineSchedule.allCases)
  func inFlightMicroBatchesAreCounted(_ schedule: PipelineSchedule) {
    for seed in 0..<300 {
      let example = PipelineCase(seed: seed, schedule: schedule)
      let (p, v, m) = (example.times.stages, example.times.chunksPerStage, example.microBatches)
      for stage in 0..<p {
        var (held, mostHeld, waiting, mostWaiting) = (0, 0, 0, 0)
        for pass in schedule.passes(
          atStage: stage, stages: p, chunksPerStage: v, microBatches: m)
        {
          switch pass.kind {
          case .forward: (held, waiting) = (held + 1, waiting + 1)
          case .backward: (held, waiting) = (held - 1, waiting - 1)
          case .backwardInput: waiting -= 1
          case .backwardWeight: held -= 1
          }
          (mostHeld, mostWaiting) = (max(mostHeld, held), max(mostWaiting, waiting))
        }
        #expect(held == 0 && waiting == 0)
        let closed = schedule.inFlightMicroBatches(
          atStage: stage, stages: p, chunksPerStage: v, microBatches: m)
        #expect(mostHeld == closed, "\(example), stage \(stage)")
        let gradients = schedule.inputGradientsInFlight(
          atStage: stage, stages: p, chunksPerStage: v, microBatches: m)
        #expect(mostWaiting == gradients, "\(example), stage \(stage)")
      }
    }
  }

  @Test func inFlightOfFourStages() {
    func held(_ schedule: PipelineSchedule, _ chunks: Int = 1) -> [Int] {
      (0..<4).map {
        schedule.inFlightMicroBatches(
          atStage: $0, stages: 4, chunksPerStage: chunks, microBatches: 8)
      }
    }
    #expect(held(.gpipe) == [8, 8, 8, 8])
    #expect(held(.oneForwardOneBackward) == [4, 3, 2, 1])
    #expect(held(.interleaved, 2) == [11, 9, 7, 5])
    #expect(held(.zeroBubble) == [4, 4, 4, 4])
  }

  /// Narayanan et al. 2021, figure 4: four devices, two chunks, eight micro-batches.
  @Test func interleavedOrder() {
    let passes = PipelineSchedule.interleaved.passes(
      atStage: 3, stages: 4, chunksPerStage: 2, microBatches: 8)
    let text = passes.prefix(12).map { pass in
      "\(pass.kind == .forward ? "F" : "B")\(pass.microBatch + 1)" + (pass.chunk == 0 ? "a" : "b")
    }
    #expect(
      text == ["F1a", "F2a", "F3a", "F4a", "F1b", "B1b", "F2b", "B2b", "F3b", "B3b", "F4b", "B4b"])
  }

  @Test func obstacles() {
    #expect(
      PipelineSchedule.interleaved.obstacle(stages: 4, chunksPerStage: 2, microBatches: 6)
        == .microBatchesNotInGroups(microBatches: 6, stages: 4))
    #expect(
      PipelineSchedule.interleaved.obstacle(stages: 4, chunksPerStage: 1, microBatches: 8)
        == .twoChunksNeeded)
    #expect(
      PipelineSchedule.interleaved.obstacle(stages: 1, chunksPerStage: 2, microBatches: 8)
        == .twoStagesNeeded)
    #expect(
      PipelineSchedule.zeroBubble.obstacle(stages: 4, chunksPerStage: 2, microBatches: 8)
        == .oneChunkOnly(chunksPerStage: 2))
    for schedule in PipelineSchedule.allCases {
      let chunks = schedule == .interleaved ? 2 : 1
      #expect(schedule.obstacle(stages: 4, chunksPerStage: chunks, microBatches: 8) == nil)
    }
  }
}
