import Costing
import Planning
import Quantities
import Scheduling

/// torchtitan's job configuration, as its releases 0.1 to 0.3 read it (`config_manager.py`,
/// `config/job_config.py` and `config/configs.py`, the checks of `parallel_dims.py`, `trainer.py` and
/// the models' `parallelize.py`).
extension PlannedJob {
  func torchtitanExport(
    _ version: ExportTarget.TorchtitanVersion, _ notes: inout ExportNotes
  ) -> Export? {
    checkTorchtitanRules(version, &notes)
    guard let contents = stageContents(&notes) else { return nil }
    var parallelism = torchtitanDegrees(version, &notes)
    addPipeline(to: &parallelism, version, contents, &notes)
    let training = torchtitanTraining(&notes)
    let checkpointing = torchtitanCheckpointing(version, contents, &notes)
    guard version != .python else {
      return torchtitanModule(training, parallelism, checkpointing, &notes)
    }
    let document: ConfigValue = [
      "training": training,
      "parallelism": parallelism,
      "activation_checkpoint": checkpointing,
      "optimizer": ["name": job.optimizer == .adam ? "Adam" : "AdamW"],
    ]
    var text = document.toml
    if job.precision == .fp8 {
      text += "\n" + (["model": ["converters": ["float8"]]] as ConfigValue).toml
    }
    notes.warn(
      Field.model, "name, flavor and the rest of the [model] section are left to you")
    return Export(
      .torchtitan(version), files: [ExportedFile("torchtitan.toml", "application/toml", text)])
  }

  /// A replica's share of the batch goes through the pipeline at once; without a pipeline it is
  /// accumulated micro-batch by micro-batch.
  private func torchtitanTraining(_ notes: inout ExportNotes) -> ConfigValue {
    let local =
      strategy.pipeline > 1
      ? strategy.microBatchSize * strategy.microBatches : strategy.microBatchSize
    if exchangedGradientBytes != 4 {
      notes.warn(
        Field.gradientPrecision, "torchtitan reduces gradients in 32 bits: 4 bytes each")
    }
    return [
      "local_batch_size": .integer(local),
      "global_batch_size": .integer(job.globalBatchSize),
      "seq_len": .integer(job.sequenceLength),
      "mixed_precision_param": job.precision == .fp32 ? "float32" : "bfloat16",
    ]
  }

  private func torchtitanDegrees(
    _ version: ExportTarget.TorchtitanVersion, _ notes: inout ExportNotes
  ) -> ConfigValue {
    let shards = strategy.zeroStage != .none
    var table: ConfigValue = [
      "data_parallel_replicate_degree": .integer(shards ? 1 : strategy.data),
      "data_parallel_shard_degree": .integer(shards ? strategy.data : 1),
      "tensor_parallel_degree": .integer(strategy.tensor),
      "context_parallel_degree": .integer(strategy.context),
      "pipeline_parallel_degree": .integer(strategy.pipeline),
    ]
    if strategy.data > 1 {
      switch strategy.zeroStage {
      case .none: break
      case .optimizer, .gradients:
        table["fsdp_reshard_after_forward"] = "never"
        notes.warn(
          Field.strategy("zero_stage"),
          "torchtitan shards weights too: less memory than planned, and weights are gathered once a "
            + "step")
      case .weights: table["fsdp_reshard_after_forward"] = "always"
      }
    }
    if version == .python {
      table["enable_sequence_parallel"] = .boolean(strategy.sequenceParallel)
    } else if strategy.tensor > 1, !strategy.sequenceParallel {
      notes.warn(
        Field.strategy("sequence_parallel"),
        "torchtitan always splits the sequence over the tensor group: less memory than planned")
    }
    if version != .splitPoints, hasExperts {
      table["expert_parallel_degree"] = .integer(strategy.expert)
      if version == .moduleNames { table["expert_tensor_parallel_degree"] = 1 }
    }
    return table
  }

  private func addPipeline(
    to table: inout ConfigValue, _ version: ExportTarget.TorchtitanVersion,
    _ contents: StageContents, _ notes: inout ExportNotes
  ) {
    guard strategy.pipeline > 1 else { return }
    let schedule: ConfigValue
    switch strategy.schedule {
    case .gpipe: schedule = "GPipe"
    case .oneForwardOneBackward: schedule = "1F1B"
    case .interleaved: schedule = "Interleaved1F1B"
    case .zeroBubble:
      schedule = "1F1B"
      notes.warn(
        Field.strategy("schedule"),
        "PyTorch has zero-bubble schedules only for several stages a rank: 1F1B runs, with the "
          + "planned memory and a longer bubble")
    }
    table["pipeline_parallel_schedule"] = schedule
    table["pipeline_parallel_microbatch_size"] = .integer(strategy.microBatchSize)
    switch version {
    case .splitPoints:
      table["pipeline_parallel_split_points"] = .texts(
        contents.partsWithNormAtHead.dropFirst().map { "layers.\($0.firstLayer)" })
    case .moduleNames, .python:
      let head = version == .python ? "lm_head" : "output"
      table["module_fqns_per_model_part"] = .list(
        contents.partsWithNormAtHead.map { .texts($0.moduleNames(head: head)) })
    }
    if model?.head.isTied == true {
      notes.warn(
        Field.model,
        "a head that shares the embedding's table cannot do so over two stages: torchtitan trains "
          + "one of its own")
    }
  }
}

extension PlannedJob {
  /// Of 0.3: values for the arguments of `Trainer.Config`.
  private func torchtitanModule(
    _ training: ConfigValue, _ parallelism: ConfigValue, _ checkpointing: ConfigValue,
    _ notes: inout ExportNotes
  ) -> Export {
    let policy =
      switch checkpointing["mode"] {
      case "full": "FullAC"
      case "selective": "SelectiveAC"
      default: String?.none
      }
    var text = "from torchtitan.config import ParallelismConfig, TrainingConfig\n"
    if let policy {
      text += "from torchtitan.distributed.activation_checkpoint import \(policy)\n"
    }
    text += "\ntraining = TrainingConfig(\n\(training.python))\n"
    text += "\nparallelism = ParallelismConfig(\n\(parallelism.python))\n"
    text += "\nactivation_checkpoint = \(policy.map { $0 + ".Config()" } ?? "None")\n"
    if job.precision == .fp8 {
      notes.warn(Field.precision, "fp8 is a converter of the model's specification")
    }
    notes.warn(
      Field.model,
      "the file holds what the plan decides: give it to the Trainer.Config of your model's registry"
    )
    return Export(
      .torchtitan(.python), files: [ExportedFile("torchtitan_plan.py", "text/x-python", text)])
  }
}

extension StageContents.Part {
  /// Of the modules of torchtitan's decoders.
  fileprivate func moduleNames(head: String) -> [String] {
    (hasEmbedding ? ["tok_embeddings"] : []) + layers.map { "layers.\($0)" }
      + (hasNorm ? ["norm"] : []) + (hasHead ? [head] : [])
  }
}
