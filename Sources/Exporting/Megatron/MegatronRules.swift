import Costing
import Planning
import Quantities
import Workload

extension PlannedJob {
  /// Megatron's own checks (`validate_args` and `TransformerConfig`), as far as a plan can fail them:
  /// it stops at the first, this notes all.
  func checkMegatronRules(_ notes: inout ExportNotes) {
    let (tensor, context) = (strategy.tensor, strategy.context)
    notes.require(
      job.globalBatchSize % (strategy.data * strategy.microBatchSize) == 0,
      Field.strategy("micro_batch_size"),
      "times data_parallel must divide the global batch of \(job.globalBatchSize)")
    notes.require(
      context == 1 || job.sequenceLength % (2 * context) == 0, Field.strategy("context_parallel"),
      "times 2 must divide the sequence length of \(job.sequenceLength): every rank takes a part "
        + "from either end")
    notes.require(
      !strategy.sequenceParallel || job.sequenceLength / context % tensor == 0,
      Field.strategy("sequence_parallel"),
      "needs a sequence length that tensor_parallel times context_parallel divides")
    if strategy.virtualStages > 1 {
      notes.require(
        strategy.pipeline > 1, Field.strategy("virtual_stages"), "need a pipeline of over 1 stage")
      notes.require(
        strategy.microBatches % strategy.pipeline == 0, Field.strategy("virtual_stages"),
        "need a number of micro-batches that pipeline_parallel divides")
    }
    if let model { checkMegatronRules(of: model, &notes) }
  }

  private func checkMegatronRules(of model: TransformerModel, _ notes: inout ExportNotes) {
    let tensor = strategy.tensor
    for block in model.runs.map(\.block) {
      if case .attention(let mixer) = block.mixer { check(mixer, &notes) }
      if case .latentAttention(let mixer) = block.mixer {
        notes.require(
          mixer.heads % tensor == 0, Field.strategy("tensor_parallel"),
          "must divide the \(mixer.heads) attention heads")
      }
      switch block.feedForward {
      case .dense(let half):
        notes.require(
          half.width % tensor == 0, Field.strategy("tensor_parallel"),
          "must divide the feed-forward width of \(half.width)")
      case .experts(let half): check(half, &notes)
      case nil: break
      }
    }
    let hasExperts = model.runs.contains {
      if case .experts = $0.block.feedForward { true } else { false }
    }
    notes.require(
      strategy.expert == 1 || hasExperts, Field.strategy("expert_parallel"),
      "must be 1 for a model without experts")
  }

  private func check(_ mixer: AttentionMixer, _ notes: inout ExportNotes) {
    let (tensor, groups) = (strategy.tensor, mixer.keyValueHeads)
    notes.require(
      mixer.heads % tensor == 0, Field.strategy("tensor_parallel"),
      "must divide the \(mixer.heads) attention heads")
    notes.require(
      groups % tensor == 0 || tensor % groups == 0, Field.strategy("tensor_parallel"),
      "must divide the \(groups) query groups, or be a multiple of them")
    if tensor > groups, tensor % groups == 0 {
      notes.warn(
        Field.strategy("tensor_parallel"),
        "is more than the \(groups) query groups: Megatron Core before 0.16 refuses that")
    }
  }

  private func check(_ half: ExpertFeedForward, _ notes: inout ExportNotes) {
    notes.require(
      half.experts % strategy.expert == 0, Field.strategy("expert_parallel"),
      "must divide the \(half.experts) experts")
    notes.require(
      strategy.expert == 1 || job.precision != .fp16, Field.precision,
      "fp16 goes with no expert parallelism")
    notes.require(
      strategy.tensor == 1 || strategy.sequenceParallel, Field.strategy("sequence_parallel"),
      "is required when a mixture of experts is split with tensor_parallel > 1")
    if let shared = half.shared {
      notes.require(
        shared.width % strategy.tensor == 0, Field.strategy("tensor_parallel"),
        "must divide the shared experts' width of \(shared.width)")
    }
  }
}
