import Costing
import Planning
import Quantities
import Scheduling
import Workload

extension PlannedJob {
  func checkTorchtitanRules(
    _ version: ExportTarget.TorchtitanVersion, _ notes: inout ExportNotes
  ) {
    let (tensor, context) = (strategy.tensor, strategy.context)
    let parts =
      version == .python
      ? (strategy.sequenceParallel ? tensor : 1) * (context > 1 ? 2 * context : 1)
      : tensor * 2 * context
    notes.require(
      job.sequenceLength % parts == 0 || (tensor == 1 && context == 1), Field.sequenceLength,
      "must be a multiple of \(parts), so that tensor and context groups split it evenly")
    notes.require(
      strategy.zeroStage != .none || strategy.data == 1 || strategy.gpus == strategy.data
        || version == .python, Field.strategy("zero_stage"),
      "must be above 0: replicas that share nothing go with no other parallelism in torchtitan")
    notes.require(job.precision != .fp16, Field.precision, "torchtitan does not train in fp16")
    switch job.optimizer {
    case .adam, .adamw: break
    case .adam8bit, .momentum, .sgd, .adafactor, .lion, .muon:
      notes.refuse(Field.optimizer, "torchtitan has Adam and AdamW only")
    }
    if strategy.pipeline > 1, strategy.schedule != .interleaved {
      notes.require(
        strategy.microBatches >= strategy.pipeline, Field.strategy("micro_batches"),
        "must be at least pipeline_parallel: PyTorch refuses a step that does not fill the pipeline"
      )
    }
    for block in model?.runs.map(\.block) ?? [] {
      guard case .attention(let mixer) = block.mixer else { continue }
      notes.require(
        mixer.heads % tensor == 0 && mixer.keyValueHeads % tensor == 0,
        Field.strategy("tensor_parallel"),
        "must divide the \(mixer.heads) heads of queries and the \(mixer.keyValueHeads) of keys")
    }
    checkExperts(version, &notes)
  }

  private func checkExperts(
    _ version: ExportTarget.TorchtitanVersion, _ notes: inout ExportNotes
  ) {
    guard hasExperts || strategy.expert > 1 else { return }
    guard version != .splitPoints else {
      notes.refuse(Field.model, "torchtitan 0.1 has no mixtures of experts; 0.2 does")
      return
    }
    let shard = strategy.zeroStage == .none ? 1 : strategy.data
    let inner = strategy.context * strategy.tensor
    if strategy.expert > 1 {
      notes.require(
        (strategy.expert % inner == 0 || version == .python)
          && (shard * inner) % strategy.expert == 0,
        Field.strategy("expert_parallel"),
        "must be a multiple of context_parallel times tensor_parallel, \(inner), and divide that "
          + "times the \(shard) sharded replicas")
    } else if strategy.tensor > 1 {
      notes.warn(
        Field.strategy("tensor_parallel"),
        "torchtitan splits every expert over the tensor group where expert_parallel is 1; the plan "
          + "does not")
    }
  }
}
