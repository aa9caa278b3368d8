import Costing
import Galvatron
import Importing
import JSON
import Planning

/// A plan in either form that `/simulate` takes.
enum GivenPlan {
  case stages(PlanRequest)
  case file(StrategyFile)
}

struct GivenPlanRule: JSONRule {
  var expectation: String {
    "an object with a strategy, and stages if they are given, or a strategy file of Galvatron"
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> GivenPlan? {
    if let file = LayerwisePlanRule.file(in: value) {
      return StrategyFileRule().read(file, log).map { .file($0) }
    }
    guard value.kind == .object else { return refuse(value, log) }
    return PlanRule().read(value, log).map { .stages($0) }
  }
}

extension PlanService {
  /// A strategy file under the service's own cost model, as far as that knows its like: all layers, the
  /// embedding and the head split alike, and any number of them recomputed. `nil` after noting what has
  /// no like.
  func simulation(
    of file: StrategyFile, _ request: JobRequest, _ members: inout JSONMemberReader
  ) -> SimulationRequest? {
    guard !request.isMixed else {
      members.note("plan", Sentence.fileOfOneKind)
      return nil
    }
    guard let layers = request.graph.identicalBlocks else {
      members.note("model", Sentence.layersDiffer)
      return nil
    }
    guard
      let plan = file.plan(
        of: request, layers: layers, schedule: .pipedreamFlush, sharding: .zero2, members.log),
      let strategy = file.strategy(of: plan, request, members.log)
    else { return nil }
    var job = request
    let recomputed = plan.stageRanges.map { range in
      plan.layers[range].count { $0.recomputes }
    }
    let namesOthers = zip(plan.stageRanges, recomputed).contains { range, count in
      plan.layers[range].dropFirst(count).contains { $0.recomputes }
    }
    if namesOthers { job.warnings.append(Sentence.recomputedFirst) }
    // The first stage has the embedding, too, and the last the final norm and the head.
    let cuts = plan.stageRanges.dropLast().map { $0.upperBound + 1 }
    return SimulationRequest(
      job: job, strategy: strategy,
      split: PipelineSplit(
        boundaries: [0] + cuts + [job.graph.nodes.count], recomputed: recomputed))
  }
}

extension StrategyFile {
  fileprivate func strategy(
    of plan: LayerwisePlan, _ request: JobRequest, _ log: JSONFaultLog
  ) -> ParallelStrategy? {
    let before = log.count
    let tensor = plan.layers[0].degree
    let data = request.pool.gpus / plan.stages / tensor
    checkSplits(plan, tensor: tensor, log)
    checkSharding(plan, data: data, log)
    let microBatch = plan.globalBatchSize / plan.microBatches
    if !microBatch.isMultiple(of: data) {
      note("chunks", Sentence.microBatchOverReplicas(microBatch, replicas: data), log)
    }
    guard log.count == before else { return nil }
    var strategy = ParallelStrategy(
      pipeline: plan.stages, tensor: tensor, data: data, microBatchSize: microBatch / data,
      microBatches: plan.microBatches, zeroStage: plan.zeroStage,
      sequenceParallel: tensor > 1,
      recompute: plan.layers.contains { $0.recomputes } ? .full : .none)
    strategy.schedule = plan.schedule == .gpipe ? .gpipe : .oneForwardOneBackward
    let broken = strategy.violations(
      ModelLimits(request.graph), request.job, gpus: request.pool.gpus)
    for violation in broken { note(Self.key(of: violation.field), violation.reason, log) }
    return broken.isEmpty ? strategy : nil
  }

  private func checkSplits(_ plan: LayerwisePlan, tensor: Int, _ log: JSONFaultLog) {
    if plan.layers.contains(where: \.usesUlysses) {
      note("use_sp", Sentence.ownModelHasNoUlysses, log)
      return
    }
    let degrees = Set(plan.layers.map(\.degree)).sorted()
    if degrees.count > 1 {
      note("tp_sizes_enc", Sentence.degreesDiffer(degrees), log)
    } else if plan.embedding.usesUlysses {
      note("vsp", Sentence.ownModelHasNoUlysses, log)
    } else if plan.embedding.degree != tensor {
      note("vtp", Sentence.embeddingDegreeDiffers(plan.embedding.degree, layers: tensor), log)
    }
  }

  /// Where there are no replicas, nothing is sharded, whatever the file says.
  private func checkSharding(_ plan: LayerwisePlan, data: Int, _ log: JSONFaultLog) {
    guard data > 1, plan.defaultSharding != .zero3 else { return }
    if Set(plan.layers.map(\.shardsWeights)).count > 1 {
      note("dp_types_enc", Sentence.shardingDiffers, log)
    } else if plan.embedding.shardsWeights != plan.layers[0].shardsWeights {
      note(
        value["vocab_sdp"] != nil ? "vocab_sdp" : "embed_sdp", Sentence.embeddingShardingDiffers,
        log)
    }
  }

  /// The file's key for what a rule is about.
  private static func key(of field: String) -> String {
    switch field {
    case "pipeline_parallel": "pp_deg"
    case "micro_batch_size": "chunks"
    default: "tp_sizes_enc"
    }
  }

  private func note(_ name: String, _ detail: String, _ log: JSONFaultLog) {
    log.note(value[name] ?? value, detail)
  }
}

extension LayerwisePlan {
  fileprivate var zeroStage: ZeroStage {
    if layers.allSatisfy(\.shardsWeights) { return .weights }
    return switch defaultSharding {
    case .ddp: .none
    case .zero2: .gradients
    case .zero3: .weights
    }
  }
}
