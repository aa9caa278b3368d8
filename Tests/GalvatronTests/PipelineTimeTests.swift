import Galvatron
import Testing

@Suite struct PipelineTimeTests {
  /// One stage: C micro-batches, and the reductions that do not hide behind the last one.
  @Test func ofOneStage() {
    #expect(PipelineTime.seconds(withoutSync: [2], withSync: [1.5], microBatches: 3) == 6)
    #expect(PipelineTime.seconds(withoutSync: [2], withSync: [3], microBatches: 3) == 7)
  }

  /// Equal stages: (C + p − 1)·c, as 1F1B takes.
  @Test(arguments: [1, 2, 4, 8], [8, 16])
  func ofEqualStages(stages: Int, microBatches: Int) {
    let c = Array(repeating: 0.5, count: stages)
    let time = PipelineTime.seconds(withoutSync: c, withSync: c, microBatches: microBatches)
    #expect(abs(time - 0.5 * Double(microBatches + stages - 1)) < 1e-12)
  }

  /// A slow stage in the middle counts once for the whole step.
  @Test func overlooksMiddleStages() {
    let fast = PipelineTime.seconds(withoutSync: [1, 1, 1], withSync: [1, 1, 1], microBatches: 10)
    let slow = PipelineTime.seconds(withoutSync: [1, 5, 1], withSync: [1, 5, 1], microBatches: 10)
    #expect(slow - fast <= 4)
  }
}
