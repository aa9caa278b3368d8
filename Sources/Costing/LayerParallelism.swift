import Workload

/// How one layer's work and state are split over GPUs: what of a strategy a layer's cost depends on.
package struct LayerParallelism: Hashable, Sendable {
  package var tensor: Int
  /// Norms and residuals split over the tensor group by tokens (Korthikanti et al. 2022).
  package var sequenceParallel: Bool
  package var context: Int
  package var expert: Int
  package var data: Int
  package var zeroStage: ZeroStage
  /// Sequences of one micro-batch on one data-parallel replica.
  package var microBatchSize: Int
  /// Pipeline stages between a GPU and its neighbour along the data axis: 1 where replicas lie next to
  /// each other, all stages where those do (`DeviceMesh.Order`).
  package var stagesBetweenReplicas: Int
  /// Sharding gradients or weights over one rank, which shards nothing: gradients are added up in place.
  /// False where replicas are not known yet.
  package var isShardedOverOne: Bool

  package init(
    tensor: Int = 1, sequenceParallel: Bool = false, context: Int = 1, expert: Int = 1,
    data: Int = 1, zeroStage: ZeroStage = .optimizer, microBatchSize: Int = 1,
    stagesBetweenReplicas: Int = 1
  ) {
    self.tensor = tensor
    self.sequenceParallel = sequenceParallel
    self.context = context
    self.expert = expert
    self.data = data
    self.zeroStage = zeroStage
    self.microBatchSize = microBatchSize
    self.stagesBetweenReplicas = stagesBetweenReplicas
    isShardedOverOne = false
  }

  /// On so many replicas, and no more.
  package func replicated(_ data: Int) -> LayerParallelism {
    var split = self
    split.data = data
    split.isShardedOverOne = zeroStage > .optimizer && data * context == 1
    return split
  }

  /// Whether the gradients of every micro-batch are sent to the ranks that hold them.
  package var scattersGradients: Bool { zeroStage >= .gradients && !isShardedOverOne }
}

/// What is sharded over the data-parallel group (Rajbhandari et al. 2020, ZeRO).
package enum ZeroStage: Int, Hashable, Sendable, CaseIterable, Comparable {
  case none = 0
  /// Optimizer states (Megatron-LM's distributed optimizer).
  case optimizer = 1
  /// And gradients.
  case gradients = 2
  /// And weights (FSDP).
  case weights = 3

  package static func < (a: ZeroStage, b: ZeroStage) -> Bool { a.rawValue < b.rawValue }
}
