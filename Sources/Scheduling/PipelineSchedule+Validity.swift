/// Why a schedule cannot run a pipeline.
package enum ScheduleObstacle: Hashable, Sendable {
  /// The schedule knows one model chunk a stage.
  case oneChunkOnly(chunksPerStage: Int)
  /// Interleaving needs at least two model chunks a stage.
  case twoChunksNeeded
  /// Interleaving needs at least two stages.
  case twoStagesNeeded
  /// Interleaving runs micro-batches in groups of as many as there are stages.
  case microBatchesNotInGroups(microBatches: Int, stages: Int)
}

extension PipelineSchedule {
  /// Why this schedule cannot run `microBatches` through such a pipeline; nil if it can.
  package func obstacle(
    stages: Int, chunksPerStage: Int, microBatches: Int
  ) -> ScheduleObstacle? {
    switch self {
    case .gpipe, .oneForwardOneBackward, .zeroBubble:
      chunksPerStage == 1 ? nil : .oneChunkOnly(chunksPerStage: chunksPerStage)
    case .interleaved:
      if chunksPerStage < 2 {
        .twoChunksNeeded
      } else if stages < 2 {
        .twoStagesNeeded
      } else if microBatches % stages != 0 {
        .microBatchesNotInGroups(microBatches: microBatches, stages: stages)
      } else {
        nil
      }
    }
  }
}
