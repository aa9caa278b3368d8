import Costing
import Hardware
import Scheduling

/// What a request fixes of the search. An empty list leaves the dimension free.
package struct SearchConstraints: Hashable, Sendable {
  package var pipeline: [Int] = []
  package var tensor: [Int] = []
  package var data: [Int] = []
  package var context: [Int] = []
  package var expert: [Int] = []
  package var virtualStages: [Int] = []
  package var microBatchSize: [Int] = []
  package var zeroStage: [ZeroStage] = []
  package var recompute: [RecomputePolicy] = []
  package var schedule: [PipelineSchedule] = []
  package var sequenceParallel: [Bool] = []
  package var rankOrder: [DeviceMesh.Order] = []
  /// Interleaved pipelines may hold unequally many blocks in their chunks, which runtimes do not do by
  /// themselves (see `ChunkLayout`).
  package var allowsUnevenChunks = false
  package var objective: Objective = .throughput
  /// Part of each GPU's memory that a plan must leave free.
  package var memoryHeadroomFraction: Double = 0.05
  /// Alternatives reported beside the best plan.
  package var alternatives: Int = 3
  package var wantsFrontier: Bool = false

  package init() {}
}

/// What makes one plan better than another.
package enum Objective: String, Hashable, Sendable, CaseIterable {
  /// Least time a step.
  case throughput
  /// Least memory on the fullest GPU.
  case memory
  /// Least GPU-hours, priced, a step.
  case cost
}
