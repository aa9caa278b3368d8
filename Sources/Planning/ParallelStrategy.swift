import Costing
import Hardware
import Scheduling

/// One point of the strategy space: how many ways a job is split along each dimension, and how its
/// pipeline runs. Stage boundaries are not part of it: they follow as the best for the strategy.
package struct ParallelStrategy: Hashable, Sendable {
  package var pipeline: Int
  package var tensor: Int
  package var data: Int
  package var context: Int
  /// Experts are spread over this many GPUs of the data and context groups.
  package var expert: Int
  /// Model chunks a stage (1 unless interleaved).
  package var virtualStages: Int
  /// Sequences a micro-batch on each replica.
  package var microBatchSize: Int
  /// Micro-batches a step on each replica.
  package var microBatches: Int
  package var zeroStage: ZeroStage
  package var sequenceParallel: Bool
  package var recompute: RecomputePolicy
  package var schedule: PipelineSchedule
  /// Which of the axes lie close together on the network.
  package var rankOrder: DeviceMesh.Order

  package init(
    pipeline: Int = 1, tensor: Int = 1, data: Int = 1, context: Int = 1, expert: Int = 1,
    virtualStages: Int = 1, microBatchSize: Int = 1, microBatches: Int = 1,
    zeroStage: ZeroStage = .optimizer, sequenceParallel: Bool = false,
    recompute: RecomputePolicy = .none, schedule: PipelineSchedule = .oneForwardOneBackward,
    rankOrder: DeviceMesh.Order = .tensorContextDataPipeline
  ) {
    self.pipeline = pipeline
    self.tensor = tensor
    self.data = data
    self.context = context
    self.expert = expert
    self.virtualStages = virtualStages
    self.microBatchSize = microBatchSize
    self.microBatches = microBatches
    self.zeroStage = zeroStage
    self.sequenceParallel = sequenceParallel
    self.recompute = recompute
    self.schedule = schedule
    self.rankOrder = rankOrder
  }

  /// GPUs that the strategy occupies.
  package var gpus: Int { pipeline * tensor * data * context }

  /// Ranks that hold the same weights, or a shard of them, and reduce their gradients together.
  var weightReplicas: Int { data * context }

  /// The part that a layer's cost depends on.
  package var layerParallelism: LayerParallelism {
    LayerParallelism(
      tensor: tensor, sequenceParallel: sequenceParallel, context: context, expert: expert,
      zeroStage: zeroStage, microBatchSize: microBatchSize,
      stagesBetweenReplicas: rankOrder.stagesBetweenReplicas(pipeline: pipeline, data: data)
    ).replicated(data)
  }

  package var mesh: DeviceMesh {
    DeviceMesh(
      tensor: tensor, context: context, data: data, pipeline: pipeline, order: rankOrder)
  }
}
