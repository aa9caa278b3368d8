import Costing
import Galvatron
import JSON
import Planning
import Scheduling

extension Export {
  /// A plan layer by layer as Galvatron's strategy file.
  package init(galvatron plan: LayerwisePlan, gpus: Int) {
    var w = JSONWriter()
    plan.writeStrategyFile(gpus: gpus, to: &w)
    let text = String(decoding: w.finish(), as: UTF8.self)
    let name = "galvatron_config_\(gpus)gpus_bsz\(plan.globalBatchSize).json"
    self.init(
      .galvatron, files: [ExportedFile(name, "application/json", text + "\n")],
      arguments: ["runtime.parallel.galvatron_config_path=\(name)"])
  }
}

extension PlannedJob {
  /// A plan of one strategy as Galvatron's strategy file, or every reason why its runtime cannot.
  func galvatronExport(_ notes: inout ExportNotes) -> Export? {
    let sharding = galvatronSharding(&notes)
    let schedule = galvatronSchedule(&notes)
    notes.require(
      strategy.context == 1, Field.strategy("context_parallel"),
      "its strategy files are not searched or costed with context parallelism")
    notes.require(
      strategy.expert == 1, Field.strategy("expert_parallel"),
      "its searched strategy files have no expert parallelism")
    notes.require(
      strategy.recompute != .selective, Field.strategy("recompute"),
      "it checkpoints whole layers or none")
    guard let contents = stageContents(&notes), notes.faults.isEmpty, let sharding, let schedule
    else { return nil }
    let parts = contents.partsWithNormAtHead
    if parts.contains(where: { $0.layers.isEmpty }) {
      notes.refuse(Field.stages, "every stage of its pipeline holds a layer")
    }
    let isPlacedAtEnds =
      parts[0].hasEmbedding && parts[parts.count - 1].hasHead
      && parts.dropFirst().allSatisfy { !$0.hasEmbedding }
    notes.require(
      isPlacedAtEnds, Field.stages, "the embedding is on the first stage, the head on the last")
    if !strategy.sequenceParallel, strategy.tensor > 1 {
      notes.warn(
        Field.strategy("sequence_parallel"),
        "is said in its training configuration: common_train_info.sequence_parallel=false")
    }
    if strategy.microBatches < strategy.pipeline {
      notes.warn(
        Field.strategy("micro_batches"),
        "its cost model asks for as many micro-batches as stages, \(strategy.pipeline)")
    }
    guard notes.faults.isEmpty else { return nil }
    let shards = strategy.zeroStage == .weights && strategy.data > 1
    var layers: [LayerStrategy] = []
    for (part, stage) in zip(parts, plan.stages) {
      for index in part.layers.indices {
        layers.append(
          LayerStrategy(
            degree: strategy.tensor, shardsWeights: shards,
            recomputes: strategy.recompute == .full
              && index - part.layers.lowerBound < stage.recomputedLayers))
      }
    }
    let layerwise = LayerwisePlan(
      stageLayers: parts.map(\.layers.count), layers: layers,
      embedding: LayerStrategy(degree: strategy.tensor, shardsWeights: shards),
      globalBatchSize: job.globalBatchSize, microBatches: strategy.microBatches,
      schedule: schedule, defaultSharding: sharding)
    return Export(galvatron: layerwise, gpus: strategy.gpus)
  }

  private func galvatronSharding(_ notes: inout ExportNotes) -> DefaultSharding? {
    switch strategy.zeroStage {
    case .none: return .ddp
    case .gradients: return .zero2
    case .weights: return .zero2
    case .optimizer:
      if strategy.data == 1 { return .ddp }
      notes.refuse(
        Field.strategy("zero_stage"),
        "its layers are ddp, zero2 or zero3; ask for one of 0, 2 and 3")
      return nil
    }
  }

  private func galvatronSchedule(_ notes: inout ExportNotes) -> LayerwiseSchedule? {
    if strategy.virtualStages > 1 {
      notes.refuse(Field.strategy("virtual_stages"), "its pipeline has one model chunk a stage")
    }
    switch strategy.schedule {
    case .gpipe: return .gpipe
    case .oneForwardOneBackward: return .pipedreamFlush
    case .interleaved, .zeroBubble:
      if strategy.virtualStages == 1, strategy.pipeline == 1 { return .pipedreamFlush }
      notes.refuse(Field.strategy("schedule"), "its pipeline runs gpipe or 1F1B")
      return nil
    }
  }
}
