import Costing
import Scheduling
import Workload

/// A rule of the training runtimes that a strategy breaks.
package struct RuleViolation: Hashable, Sendable {
  /// The strategy's field, by its name on the wire.
  package var field: String
  package var reason: String

  package init(_ field: String, _ reason: String) {
    self.field = field
    self.reason = reason
  }
}

/// What of a model limits how it can be split.
package struct ModelLimits: Sendable {
  /// Tensor parallelism must divide each of these (heads, feed-forward width).
  package var tensorDivides: [(name: String, count: Int)]
  /// Expert parallelism must divide this; 0 for a dense model.
  package var experts: Int
  /// Layers known only by their figures cannot be split over a tensor or context group.
  package var hasOpaqueLayers: Bool
  package var nodes: Int
  /// How interleaved pipelines cut the model.
  package var chunks: ChunkLayout

  package init(_ graph: LayerGraph) { self.init(graph, ChunkLayout(graph)) }

  init(_ graph: LayerGraph, _ chunks: ChunkLayout) {
    var divides: [(String, Int)] = []
    var experts = 0
    var opaque = false
    for op in graph.kinds.flatMap(\.operators) {
      switch op.work {
      case .attention(let shape):
        divides.append(("attention heads", shape.heads))
      case .matrixProduct(let inputs, _):
        if op.sharding == .rows { divides.append(("feed-forward or attention width", inputs)) }
      case .expertProduct(_, _, let count, _): experts = count
      case .opaque: opaque = true
      case .lookup, .elementwise, .crossEntropy, .expertExchange: break
      }
    }
    tensorDivides = divides.reduce(into: []) { kept, next in
      if !kept.contains(where: { $0.0 == next.0 && $0.1 == next.1 }) { kept.append(next) }
    }
    self.experts = experts
    hasOpaqueLayers = opaque
    nodes = graph.nodes.count
    self.chunks = chunks
  }

  package func allowsTensor(_ degree: Int) -> Bool {
    degree == 1 || (!hasOpaqueLayers && tensorDivides.allSatisfy { $0.count % degree == 0 })
  }

  package func allowsExpert(_ degree: Int) -> Bool {
    degree == 1 || (experts > 0 && experts % degree == 0)
  }
}

extension ParallelStrategy {
  /// Every rule that the strategy breaks for a job; none for one that runtimes accept.
  ///
  /// - Parameter chunksAreGiven: The model is laid out over the chunks as someone says, and not evenly,
  ///   as runtimes do by themselves (Megatron-LM's `--pipeline-model-parallel-layout`).
  package func violations(
    _ limits: ModelLimits, _ job: TrainingJob, gpus available: Int, chunksAreGiven: Bool = false
  ) -> [RuleViolation] {
    var found: [RuleViolation] = []
    func require(_ holds: Bool, _ field: String, _ reason: @autoclosure () -> String) {
      if !holds { found.append(RuleViolation(field, reason())) }
    }
    require(
      gpus <= available, "data_parallel",
      "needs \(gpus) GPUs (pipeline x tensor x data x context); the cluster has \(available)")
    for (name, count) in limits.tensorDivides {
      require(
        count % tensor == 0, "tensor_parallel", "must divide the \(count) \(name)")
    }
    require(
      !limits.hasOpaqueLayers || (tensor == 1 && context == 1), "tensor_parallel",
      "must be 1, like context_parallel, for layers given only as figures")
    require(
      job.sequenceLength % context == 0, "context_parallel",
      "must divide the sequence length of \(job.sequenceLength)")
    require(
      !sequenceParallel || job.sequenceLength / context % tensor == 0, "sequence_parallel",
      "needs a sequence length that tensor_parallel divides")
    require(
      limits.allowsExpert(expert), "expert_parallel",
      limits.experts == 0
        ? "must be 1: the model has no experts" : "must divide the \(limits.experts) experts")
    require(
      tensor * context * data % expert == 0, "expert_parallel",
      "must divide tensor x context x data = \(tensor * context * data)")
    require(
      limits.experts == 0 || tensor == 1 || sequenceParallel, "sequence_parallel",
      "is required when a mixture of experts is split with tensor_parallel > 1")
    require(
      !sequenceParallel || tensor > 1, "sequence_parallel", "needs tensor_parallel > 1")
    if rankOrder == .tensorContextPipelineData, pipeline > 1, data > 1 {
      require(
        zeroStage <= .optimizer, "rank_order",
        "\(rankOrder.rawValue) goes with zero_stage 0 and 1: Megatron alone has it, whose FSDP "
          + "refuses it")
      require(
        limits.experts == 0 || expert == tensor * context, "rank_order",
        "\(rankOrder.rawValue) needs experts spread over tensor x context = \(tensor * context) "
          + "GPUs, so that they have as many replicas as all else (Megatron's rule)")
    }
    require(
      data * microBatchSize * microBatches == job.globalBatchSize, "micro_batch_size",
      "times data_parallel and the number of micro-batches must give the global batch of "
        + "\(job.globalBatchSize) sequences")
    require(
      pipeline * virtualStages <= limits.nodes, "pipeline_parallel",
      "times virtual_stages must not exceed the \(limits.nodes) layers: an empty stage deadlocks")
    require(
      (schedule == .interleaved) == (virtualStages > 1), "virtual_stages",
      "greater than 1 go with the interleaved schedule, and only with it")
    require(
      schedule != .interleaved || (pipeline > 1 && microBatches % pipeline == 0), "virtual_stages",
      "need pipeline_parallel > 1 and a number of micro-batches that it divides")
    require(
      schedule != .interleaved || limits.chunks.hasOneOrder, "virtual_stages",
      "greater than 1 need layers of which each feeds the next: frameworks do not interleave models "
        + "that branch")
    require(
      schedule != .interleaved || !limits.chunks.hasOneOrder || chunksAreGiven
        || pipeline * virtualStages > limits.nodes
        || limits.chunks.allows(chunks: pipeline * virtualStages), "virtual_stages",
      "times pipeline_parallel = \(pipeline * virtualStages) chunks must hold equally many of the "
        + "\(limits.chunks.blocks.count) layers, of which the embedding may stand for one and the "
        + "head for two")
    return found
  }
}
