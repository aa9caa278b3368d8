import Hardware
import JSON
import Planning

/// Reads `plan`: what can be said of it without the model, the cluster and the job.
struct PlanRule: JSONRule {
  var expectation: String { "an object with a strategy, and stages if they are given" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> PlanRequest? {
    Self.members.read(value, log)
  }

  private static let members: JSONObjectRule<PlanRequest> = .object { plan in
    let strategy = plan.required("strategy", strategy)
    let stages = plan.optional("stages", .list(of: stage, counts: 1...WireLimits.stages))
    let cut = plan.optional("split", .oneOf(PlanRequest.Cut.self))
    let total = plan.optional("total_stages", StrategyRules.degree)
    passOverFigures(&plan, ["balance_score", "prediction"])
    guard let strategy else { return nil }
    let pipeline = strategy.pipeline ?? 1
    if let total, total != pipeline {
      plan.note("total_stages", Sentence.stageCount(total, pipeline: pipeline))
    }
    if let stages, stages.count != pipeline {
      plan.note("stages", Sentence.stageCount(stages.count, pipeline: pipeline))
    }
    if stages != nil, cut != nil { plan.note("split", Sentence.splitAndStages) }
    return PlanRequest(
      strategy: strategy, stages: stages, cut: cut ?? .best, value: plan.object)
  }

  private static let strategy: JSONObjectRule<StrategyRequest> = .object { strategy in
    var request = StrategyRequest(value: strategy.object)
    request.pipeline = strategy.optional("pipeline_parallel", StrategyRules.degree)
    request.tensor = strategy.optional("tensor_parallel", StrategyRules.degree)
    request.data = strategy.optional("data_parallel", StrategyRules.degree)
    request.context = strategy.optional("context_parallel", StrategyRules.degree)
    request.expert = strategy.optional("expert_parallel", StrategyRules.degree)
    request.virtualStages = strategy.optional("virtual_stages", StrategyRules.degree)
    request.microBatchSize = strategy.optional("micro_batch_size", StrategyRules.degree)
    request.microBatches = strategy.optional("micro_batches", StrategyRules.degree)
    request.zeroStage = strategy.optional("zero_stage", StrategyRules.zeroStage)
    request.sequenceParallel = strategy.optional("sequence_parallel", .boolean)
    request.recompute = strategy.optional("recompute", StrategyRules.recompute)
    request.schedule = strategy.optional("schedule", StrategyRules.schedule)
    request.rankOrder = strategy.optional(
      "rank_order", StrategyRules.rankOrder, absent: request.rankOrder)
    return request
  }

  private static let stage: JSONObjectRule<StageRequest> = .object { stage in
    let (one, many) = (stage.value("layer_range"), stage.value("layer_ranges"))
    if (one == nil) == (many == nil) {
      stage.note(one == nil ? Sentence.noLayerRange : Sentence.twoLayerRanges)
    }
    let range = one.flatMap { LayerRangeRule().read($0, stage.log) }
    let ranges = many.flatMap { chunkRanges.read($0, stage.log) }
    let layers = stage.optional(
      "layers", .list(of: .nonEmptyString, counts: 1...WireLimits.layers))
    let recomputed = stage.optional("recompute_layers", .integer(in: 0...Int(Int32.max)))
    let devices = stage.optional("devices", .list(of: devices, counts: 1...WireLimits.degree))
    let tensor = stage.optional("tensor_parallel", StrategyRules.degree)
    let data = stage.optional("data_parallel", StrategyRules.degree)
    let shares = stage.optional(
      "micro_batch_shares", .list(of: StrategyRules.degree, counts: 1...WireLimits.degree))
    _ = stage.optional("stage_id", .integer(in: 0...WireLimits.stages))
    passOverFigures(
      &stage,
      ["parameters", "forward_seconds", "backward_seconds", "memory_bytes", "memory_limit_bytes"])
    guard let all = ranges ?? range.map({ [$0] }) else { return nil }
    return StageRequest(
      layerRanges: all, layers: layers, recomputedLayers: recomputed, devices: devices,
      tensor: tensor,
      data: data, microBatchShares: shares, value: stage.object)
  }

  private static let chunkRanges: JSONListRule<LayerRangeRule> = .list(
    of: LayerRangeRule(), counts: 1...WireLimits.degree)

  private static let devices: JSONObjectRule<DeviceGroup> = .object { devices in
    let node = devices.required("node", .nonEmptyString)
    let gpus = devices.required(
      "gpus", .list(of: .integer(in: 0...WireLimits.degree), counts: 1...WireLimits.degree))
    guard let node, let gpus else { return nil }
    return DeviceGroup(node: node, gpus: gpus)
  }

  private static func passOverFigures(_ reader: inout JSONMemberReader, _ names: [StaticString]) {
    for name in names { _ = reader.value(name) }
  }
}

/// Two integers, first and last, both of them included.
struct LayerRangeRule: JSONRule {
  private static let pair: JSONListRule<JSONIntegerRule> = .list(
    of: .integer(in: 0...Int(Int32.max)), counts: 2...2)

  var expectation: String { "the first and the last layer, [first, last]" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ClosedRange<Int>? {
    guard let pair = Self.pair.read(value, log) else { return nil }
    guard pair[0] <= pair[1] else {
      log.note(value, Sentence.reversedRange(pair[0], pair[1]))
      return nil
    }
    return pair[0]...pair[1]
  }
}

extension JSONRule where Self == PlanRule {
  static var plan: Self { Self() }
}
