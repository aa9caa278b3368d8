import Costing
import Planning
import Quantities
import Scheduling
import Workload

/// DeepSpeed's configuration file, as release 0.16 reads it. What is said in code there, and not in
/// the file, is warned of.
extension PlannedJob {
  func deepspeedExport(_ notes: inout ExportNotes) -> Export? {
    checkDeepSpeedRules(&notes)
    var document: ConfigValue = [
      "train_batch_size": .integer(job.globalBatchSize),
      "train_micro_batch_size_per_gpu": .integer(strategy.microBatchSize),
      "gradient_accumulation_steps": .integer(strategy.microBatches),
      "zero_optimization": .table([
        .init(name: "stage", value: .integer(strategy.zeroStage.rawValue))
      ]),
    ]
    switch job.precision {
    case .bf16: document["bf16"] = ["enabled": true]
    case .fp16: document["fp16"] = ["enabled": true]
    case .fp32: break
    case .fp8:
      document["bf16"] = ["enabled": true]
      notes.warn(Field.precision, "fp8 is the model's own affair (Transformer Engine's layers)")
    }
    if job.precision == .bf16 || job.precision == .fp8 {
      document["data_types"] = ["grad_accum_dtype": job.gradientBytes == 4 ? "fp32" : "bf16"]
      document["communication_data_type"] = exchangedGradientBytes == 4 ? "fp32" : "bf16"
    }
    if strategy.tensor > 1 {
      if strategy.pipeline == 1 {
        document["tensor_parallel"] = ["autotp_size": .integer(strategy.tensor)]
      }
      noteTensor(&notes)
    }
    if strategy.pipeline > 1 {
      document["pipeline"] = deepspeedPipeline(&notes)
    } else if strategy.recompute != .none {
      notes.warn(
        Field.strategy("recompute"),
        "is given in the model's code, with deepspeed.checkpointing or its own checkpointing")
    }
    if strategy.expert > 1 {
      notes.warn(
        Field.strategy("expert_parallel"),
        "is given in code: ep_size = \(strategy.expert) of deepspeed.moe.layer.MoE")
    }
    notes.warn(Field.optimizer, "is left to you: give it in the file or in code")
    return Export(
      .deepspeed, files: [ExportedFile("ds_config.json", "application/json", document.json)])
  }

  private func checkDeepSpeedRules(_ notes: inout ExportNotes) {
    let hasPipeline = strategy.pipeline > 1
    notes.require(
      !hasPipeline || strategy.zeroStage < .gradients, Field.strategy("zero_stage"),
      "must be 0 or 1: DeepSpeed refuses ZeRO-2 and ZeRO-3 with its pipeline")
    notes.require(
      strategy.virtualStages == 1, Field.strategy("virtual_stages"),
      "must be 1: DeepSpeed's pipeline is not interleaved")
    notes.require(
      strategy.context == 1, Field.strategy("context_parallel"),
      "must be 1: DeepSpeed has no context parallelism (its Ulysses exchanges heads, in code)")
    notes.require(
      strategy.tensor == 1 || strategy.zeroStage < .weights, Field.strategy("zero_stage"),
      "must be below 3 with tensor_parallel > 1: DeepSpeed refuses the two together")
    switch strategy.schedule {
    case .oneForwardOneBackward, .interleaved: break
    case .gpipe where hasPipeline:
      notes.warn(
        Field.strategy("schedule"),
        "DeepSpeed runs 1F1B: the same bubble, and less memory than planned")
    case .zeroBubble where hasPipeline:
      notes.warn(
        Field.strategy("schedule"),
        "DeepSpeed runs 1F1B: the memory is as planned, but the bubble is longer")
    case .gpipe, .zeroBubble: break
    }
  }

  private func noteTensor(_ notes: inout ExportNotes) {
    if strategy.pipeline > 1 {
      notes.warn(
        Field.strategy("tensor_parallel"),
        "is given in code beside a pipeline: PipeModelDataParallelTopology(num_pp="
          + "\(strategy.pipeline), num_mp=\(strategy.tensor), num_dp=\(strategy.data))")
    }
    if strategy.sequenceParallel {
      notes.warn(
        Field.strategy("sequence_parallel"), "is the model's own affair in DeepSpeed")
    }
  }

  /// Whichever of DeepSpeed's methods comes to the plan's split, or nearest to it.
  private func deepspeedPipeline(_ notes: inout ExportNotes) -> ConfigValue {
    let wanted = plan.split.boundaries
    let candidates = deepspeedSplits()
    // The file's `partition` is not read by the pipeline engine, which takes the module's argument.
    func distance(_ bounds: [Int]) -> Int {
      zip(bounds, wanted).map { abs($0 - $1) }.max() ?? 0
    }
    let best = candidates.min { distance($0.bounds) < distance($1.bounds) }!
    if best.bounds != wanted {
      notes.warn(
        Field.stages,
        "layer_range: DeepSpeed's pipeline takes no split from outside; of its methods "
          + "\"\(best.method)\" comes nearest, and cuts before layers \(Self.cuts(best.bounds)) "
          + "instead of \(Self.cuts(wanted))")
    }
    notes.warn(
      Field.strategy("pipeline_parallel"),
      "is given in code: PipelineModule(layers, num_stages=\(strategy.pipeline), "
        + "partition_method=\"\(best.method)\"), with the layers of the plan")
    return [
      "stages": .integer(strategy.pipeline), "partition": .text(best.method),
      "activation_checkpoint_interval": deepspeedCheckpointInterval(&notes),
    ]
  }

  private func deepspeedSplits() -> [(method: String, bounds: [Int])] {
    let nodes = graph.nodes.map { graph.kinds[$0.kind] }
    var splits = [("uniform", DeepSpeedPartition.uniform(nodes.count, parts: strategy.pipeline))]
    // DeepSpeed itself takes minutes beyond this.
    guard nodes.count * nodes.count * strategy.pipeline <= 50_000_000 else { return splits }
    let parameters = nodes.map { Double($0.parameters) }
    splits.append(
      ("parameters", DeepSpeedPartition.balanced(parameters, parts: strategy.pipeline)))
    if model != nil {
      let blocks = nodes.map { $0.kind == .transformerBlock ? 1.0 : 0 }
      splits.append(
        ("type:transformer", DeepSpeedPartition.balanced(blocks, parts: strategy.pipeline)))
    }
    return splits
  }

  /// It recomputes every layer, in units of so many, or none.
  private func deepspeedCheckpointInterval(_ notes: inout ExportNotes) -> ConfigValue {
    switch strategy.recompute {
    case .none: return 0
    case .selective:
      notes.warn(
        Field.strategy("recompute"),
        "DeepSpeed recomputes whole layers; attention's scores alone are the model's own affair")
      return 0
    case .full:
      let partial = plan.stages.contains { stage in
        stage.recomputedLayers
          < stage.layerRanges.reduce(0) { sum, range in
            sum + range.count { graph.layer($0).kind == .transformerBlock }
          }
      }
      if partial {
        notes.warn(
          Field.stages,
          "recompute_layers: DeepSpeed recomputes all layers of all stages, more than planned")
      }
      return plan.stages.contains { $0.recomputedLayers > 0 } ? 1 : 0
    }
  }

  private static func cuts(_ bounds: [Int]) -> String {
    bounds.dropFirst().dropLast().map(String.init).joined(separator: ", ")
  }
}
