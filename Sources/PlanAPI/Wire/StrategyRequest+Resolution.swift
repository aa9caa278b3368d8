import Costing
import JSON
import Planning
import Scheduling

extension StrategyRequest {
  /// The strategy with what was left out filled in, data parallelism with the GPUs that are left, and
  /// micro-batches of one sequence or as large as their number says.
  ///
  /// `nil` after noting what does not go together, and which of the training runtimes' rules are broken.
  func resolved(
    gpus: Int, job: TrainingJob, limits: ModelLimits, chunksAreGiven: Bool = false,
    _ log: JSONFaultLog
  ) -> ParallelStrategy? {
    var strategy = filledIn(widest: tensor ?? 1, job, limits)
    guard resolveData(&strategy, gpus: gpus, log),
      resolveMicroBatches(&strategy, batch: job.globalBatchSize, log)
    else { return nil }
    let violations = strategy.violations(
      limits, job, gpus: gpus, chunksAreGiven: chunksAreGiven)
    for violation in violations {
      log.note(value, member: violation.field, violation.reason)
    }
    return violations.isEmpty ? strategy : nil
  }

  /// With what was left out as the training frameworks have it: degrees of 1; sequence parallelism along
  /// with tensor parallelism; ZeRO-1; 1F1B, interleaved where there are several chunks.
  ///
  /// - Parameter tensor: Of any stage at most, which may say so themselves.
  func filledIn(
    widest tensor: Int, _ job: TrainingJob, _ limits: ModelLimits
  ) -> ParallelStrategy {
    let chunks = virtualStages ?? 1
    return ParallelStrategy(
      pipeline: pipeline ?? 1, tensor: self.tensor ?? 1, data: data ?? 1, context: context ?? 1,
      expert: expert ?? 1, virtualStages: chunks, microBatchSize: microBatchSize ?? 1,
      microBatches: microBatches ?? 1, zeroStage: zeroStage ?? .optimizer,
      sequenceParallel: sequenceParallel ?? (tensor > 1),
      recompute: recompute ?? usualRecompute(widest: tensor, job, limits),
      schedule: schedule ?? (chunks > 1 ? .interleaved : .oneForwardOneBackward),
      rankOrder: rankOrder)
  }

  /// Fully sharded stacks recompute selectively unless told otherwise (torchtitan's default), the
  /// others nothing.
  private func usualRecompute(
    widest tensor: Int, _ job: TrainingJob, _ limits: ModelLimits
  ) -> RecomputePolicy {
    let parallelism = LayerParallelism(
      tensor: tensor, context: context ?? 1, expert: expert ?? 1,
      zeroStage: zeroStage ?? .optimizer)
    switch SoftwareStack(job, parallelism, hasExperts: limits.experts > 0) {
    case .fullySharded: return .selective
    case .lossScaled, .fused: return .none
    }
  }

  private func resolveData(
    _ strategy: inout ParallelStrategy, gpus: Int, _ log: JSONFaultLog
  ) -> Bool {
    // Three degrees of at most 2^20 each.
    let replica = strategy.pipeline * strategy.tensor * strategy.context
    if let data {
      let (needed, overflows) = replica.multipliedReportingOverflow(by: data)
      guard !overflows, needed <= gpus else {
        log.note(value, Sentence.tooManyGPUs(replica: replica, data: data, gpus: gpus))
        return false
      }
      strategy.data = data
    } else {
      guard replica <= gpus, gpus % replica == 0 else {
        log.note(value, Sentence.replicaDoesNotDivide(replica: replica, gpus: gpus))
        return false
      }
      strategy.data = gpus / replica
    }
    return true
  }

  private func resolveMicroBatches(
    _ strategy: inout ParallelStrategy, batch: Int, _ log: JSONFaultLog
  ) -> Bool {
    guard batch % strategy.data == 0 else {
      log.note(value, Sentence.batchOverReplicas(batch, data: strategy.data))
      return false
    }
    let share = batch / strategy.data
    let given = microBatchSize ?? microBatches ?? 1
    guard share % given == 0 else {
      let member = microBatchSize != nil ? "micro_batch_size" : "micro_batches"
      log.note(value, member: member, Sentence.shareOverMicroBatches(share, given))
      return false
    }
    strategy.microBatchSize = microBatchSize ?? microBatches.map { share / $0 } ?? 1
    strategy.microBatches = share / strategy.microBatchSize
    if let microBatches, microBatches != strategy.microBatches {
      log.note(value, member: "micro_batches", Sentence.microBatches(microBatches, strategy, batch))
      return false
    }
    return true
  }
}
