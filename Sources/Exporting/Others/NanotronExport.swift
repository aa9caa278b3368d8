import Costing
import Planning
import Quantities
import Scheduling
import Workload

/// The part of nanotron's YAML that a plan decides (`config.py`, `parallelism_config.py`).
extension PlannedJob {
  func nanotronExport(_ notes: inout ExportNotes) -> Export? {
    checkNanotronRules(&notes)
    var parallelism: ConfigValue = [
      // Experts are spread over ranks of their own there, not over replicas.
      "dp": .integer(strategy.data / max(1, strategy.expert)),
      "pp": .integer(strategy.pipeline),
      "tp": .integer(strategy.tensor),
      "pp_engine": strategy.schedule == .gpipe ? "afab" : "1f1b",
      "tp_mode": strategy.sequenceParallel ? "REDUCE_SCATTER" : "ALL_REDUCE",
      "tp_linear_async_communication": .boolean(strategy.sequenceParallel),
      "expert_parallel_size": .integer(strategy.expert),
    ]
    if strategy.context > 1 { parallelism["context_parallel_size"] = .integer(strategy.context) }
    if strategy.recompute != .none { parallelism["recompute_layer"] = true }
    let document: ConfigValue = [
      "parallelism": parallelism,
      "tokens": [
        "sequence_length": .integer(job.sequenceLength),
        "micro_batch_size": .integer(strategy.microBatchSize),
        "batch_accumulation_per_replica": .integer(strategy.microBatches),
      ],
      "optimizer": [
        "zero_stage": .integer(strategy.zeroStage.rawValue),
        "accumulate_grad_in_fp32": .boolean(job.gradientBytes == 4),
      ],
      "model": ["dtype": .text(nanotronType)],
    ]
    noteNanotronLosses(&notes)
    return Export(
      .nanotron, files: [ExportedFile("nanotron.yaml", "application/yaml", document.yaml)])
  }

  private var nanotronType: String {
    switch job.precision {
    case .bf16, .fp8: "bfloat16"
    case .fp16: "float16"
    case .fp32: "float32"
    }
  }

  private func checkNanotronRules(_ notes: inout ExportNotes) {
    notes.require(
      strategy.zeroStage <= .optimizer, Field.strategy("zero_stage"),
      "must be 0 or 1: nanotron shards optimizer states only")
    notes.require(
      strategy.virtualStages == 1, Field.strategy("virtual_stages"),
      "must be 1: nanotron's pipeline is not interleaved")
    notes.require(
      strategy.data % strategy.expert == 0, Field.strategy("expert_parallel"),
      "must divide data_parallel: nanotron spreads experts over ranks of their own")
    notes.require(job.precision != .fp8, Field.precision, "nanotron does not train in fp8")
  }

  private func noteNanotronLosses(_ notes: inout ExportNotes) {
    if strategy.schedule == .zeroBubble, strategy.pipeline > 1 {
      notes.warn(
        Field.strategy("schedule"),
        "nanotron runs 1F1B: the memory is as planned, but the bubble is longer")
    }
    if strategy.context > 1 {
      notes.warn(
        Field.strategy("context_parallel"), "needs a nanotron later than release 0.4")
    }
    switch strategy.recompute {
    case .none: break
    case .selective:
      notes.warn(
        Field.strategy("recompute"),
        "nanotron recomputes whole layers, more than planned, with recompute_layer (after 0.4)")
    case .full:
      let partial = plan.stages.contains { stage in
        stage.recomputedLayers
          < stage.layerRanges.reduce(0) { sum, range in
            sum + range.count { graph.layer($0).kind == .transformerBlock }
          }
      }
      notes.warn(
        Field.strategy("recompute"),
        partial
          ? "nanotron recomputes all layers, more than planned, with recompute_layer (after 0.4)"
          : "recompute_layer needs a nanotron later than release 0.4")
    }
    if strategy.pipeline > 1 { noteNanotronSplit(&notes) }
    notes.warn(
      Field.model,
      "the file holds what the plan decides: merge it with yours, which has the model, the data and "
        + "the learning rate")
  }

  /// nanotron assigns blocks in order, and goes to the next stage once the multiplications so far
  /// exceed the stage's share of all (`models/base.py`, `build_model`).
  private func noteNanotronSplit(_ notes: inout ExportNotes) {
    let products = graph.nodes.map { node in
      graph.kinds[node.kind].operators.reduce(0.0) { sum, op in
        guard case .matrixProduct(let inputs, let outputs) = op.work else { return sum }
        return sum + Double(inputs) * Double(outputs)
      }
    }
    let total = products.reduce(0, +)
    var (bounds, sum) = ([0], 0.0)
    for (node, cost) in products.enumerated() {
      sum += cost
      if sum > total * Double(bounds.count) / Double(strategy.pipeline) {
        bounds.append(node + 1)
      }
    }
    let wanted = plan.split.boundaries
    guard Array(bounds.prefix(strategy.pipeline)) != wanted.dropLast() else { return }
    notes.warn(
      Field.stages,
      "layer_range: nanotron takes no split from outside; by its rule the stages would start at "
        + "layers \(bounds.prefix(strategy.pipeline).map(String.init).joined(separator: ", ")) "
        + "instead of \(wanted.dropLast().map(String.init).joined(separator: ", "))")
  }
}
