import Costing
import Hardware
import JSON
import Planning
import Scheduling

extension PlanRequest {
  /// Whether stages carry degrees of their own.
  var hasSharesOfStages: Bool {
    stages?.contains { $0.tensor != nil || $0.data != nil || $0.microBatchShares != nil } ?? false
  }

  /// The strategy stage by stage, from their devices and what each says of itself; `nil` after noting
  /// what is wrong with them.
  func seated(
    _ request: JobRequest, _ log: JSONFaultLog
  ) -> (strategy: MixedStrategy, devices: [[DeviceGroup]])? {
    guard let stages, stages.count == strategy.pipeline ?? 1 else {
      if stages == nil { log.note(value, member: "stages", Sentence.stagesNeeded) }
      return nil
    }
    let before = log.count
    for stage in stages where stage.devices == nil {
      log.note(stage.value, member: "devices", Sentence.devicesNeeded)
    }
    let base = strategy.filledIn(
      widest: stages.reduce(1) { max($0, $1.tensor ?? strategy.tensor ?? 1) }, request.job,
      ModelLimits(request.graph))
    checkStages(base, request.graph, pools: request.cluster.pools, log)
    guard log.count == before else { return nil }
    let devices = stages.compactMap(\.devices)
    let seated = zip(stages, devices).map { stage, devices in
      SeatedStage(share: share(of: stage, base, request.job), devices: devices)
    }
    do throws(SeatingFault) {
      let mixed = try MixedStrategy(
        base: base, stages: seated, on: request.cluster, batch: request.job.globalBatchSize)
      checkMicroBatchSize(mixed, batch: request.job.globalBatchSize, log)
      checkDefaults(seated.map(\.share), log)
      checkRules(mixed, stages, request, log)
      return log.count == before ? (mixed, devices) : nil
    } catch {
      note(error, stages, request, log)
      return nil
    }
  }

  /// What a stage does not say of itself is as the strategy has it.
  private func share(
    of stage: StageRequest, _ base: ParallelStrategy, _ job: TrainingJob
  ) -> StageShare {
    let data = stage.data ?? base.data
    let each =
      strategy.microBatches
      ?? max(1, job.globalBatchSize / (data * (strategy.microBatchSize ?? 1)))
    return StageShare(
      tensor: stage.tensor ?? base.tensor, data: data,
      microBatches: stage.microBatchShares ?? Array(repeating: each, count: data))
  }

  /// Holds the size of a micro-batch against what the shares of the first stage's replicas make of it.
  private func checkMicroBatchSize(_ mixed: MixedStrategy, batch: Int, _ log: JSONFaultLog) {
    let size = mixed.base.microBatchSize
    guard let given = strategy.microBatchSize, given != size else { return }
    log.note(
      strategy.value, member: "micro_batch_size",
      Sentence.microBatchSize(
        given, shares: mixed.microBatchShares(ofStage: 0).reduce(0, +), batch, size))
  }

  /// What the strategy says for stages that do not say it themselves must hold for one of them.
  private func checkDefaults(_ shares: [StageShare], _ log: JSONFaultLog) {
    func check(_ member: String, _ given: Int?, _ isOf: (StageShare, Int) -> Bool) {
      guard let given, !shares.contains(where: { isOf($0, given) }) else { return }
      log.note(strategy.value, member: member, Sentence.ofNoStage(given))
    }
    check("tensor_parallel", strategy.tensor) { $0.tensor == $1 }
    check("data_parallel", strategy.data) { $0.data == $1 }
    check("micro_batches", strategy.microBatches) { $0.microBatches.contains($1) }
  }

  /// The rules of the training runtimes, for every stage as if all were like it.
  private func checkRules(
    _ mixed: MixedStrategy, _ stages: [StageRequest], _ request: JobRequest,
    _ log: JSONFaultLog
  ) {
    let before = log.count
    let limits = ModelLimits(request.graph)
    for (index, stage) in stages.enumerated() {
      var alike = mixed.base
      alike.tensor = mixed.lanes[0].seats[index].tensor
      alike.data = mixed.data(ofStage: index)
      alike.sequenceParallel = mixed.base.sequenceParallel && alike.tensor > 1
      let broken = alike.violations(
        limits, request.job, gpus: .max, chunksAreGiven: true)
      for violation in broken where violation.field != "micro_batch_size" {
        let isOfStage = violation.field == "tensor_parallel" && stage.tensor != nil
        // A rule of the strategy as a whole is broken at every stage alike.
        if !isOfStage, index > 0 { continue }
        log.note(
          isOfStage ? stage.value : strategy.value, member: violation.field, violation.reason)
      }
    }
    guard log.count == before else { return }
    // The rules saw the largest share alone.
    let unplayable = mixed.lanes.first { lane in
      mixed.base.schedule.obstacle(
        stages: mixed.stages, chunksPerStage: mixed.base.virtualStages,
        microBatches: lane.microBatches) != nil
    }
    if let unplayable {
      log.note(
        stages[0].value, member: "micro_batch_shares",
        Sentence.shareNotInGroups(unplayable.microBatches, stages: mixed.stages))
    }
  }

  private func note(
    _ fault: SeatingFault, _ stages: [StageRequest], _ request: JobRequest, _ log: JSONFaultLog
  ) {
    switch fault {
    case .unknownDevice(let stage, _):
      log.note(stages[stage].value, member: "devices", Sentence.noSuchDevice)
    case .deviceCount(let stage, let needed, let found):
      log.note(
        stages[stage].value, member: "devices", Sentence.deviceCount(found, needed: needed))
    case .shareCount(let stage, let replicas, let found):
      log.note(
        stages[stage].value, member: "micro_batch_shares",
        Sentence.shareCount(found, replicas: replicas))
    case .replicaOnTwoTypes(let stage, let replica):
      log.note(stages[stage].value, member: "devices", Sentence.replicaOnTwoTypes(replica))
    case .unlikeFirstStage(let stage):
      log.note(stages[stage].value, Sentence.unlikeFirstStage)
    case .unevenBatch(let stage, let microBatches):
      log.note(
        stages[stage].value,
        Sentence.unevenBatch(request.job.globalBatchSize, microBatches: microBatches))
    case .unequalSharesWithSharding:
      log.note(strategy.value, member: "zero_stage", Sentence.unequalSharesWithSharding)
    case .rankOrderOfUnlikeStages:
      log.note(strategy.value, member: "rank_order", Sentence.rankOrderOfUnlikeStages)
    }
  }
}
