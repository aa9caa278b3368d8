import Costing
import Planning
import Quantities

/// The configuration of `accelerate launch --config_file` with FSDP 2 and a parallelism config
/// (Accelerate 1.10 and later).
extension PlannedJob {
  func accelerateExport(_ notes: inout ExportNotes) -> Export? {
    checkAccelerateRules(&notes)
    guard let layout = rankLayout(&notes) else { return nil }
    let shards = strategy.zeroStage != .none && strategy.data > 1
    let usesFSDP = shards || strategy.context > 1 || strategy.tensor > 1
    var document: ConfigValue = [
      "compute_environment": "LOCAL_MACHINE",
      "distributed_type": usesFSDP ? "FSDP" : strategy.gpus > 1 ? "MULTI_GPU" : "NO",
      "mixed_precision": .text(accelerateType),
      "num_machines": .integer(layout.nodes),
      "num_processes": .integer(strategy.gpus),
      "machine_rank": 0,
      "main_training_function": "main",
      "use_cpu": false,
    ]
    if usesFSDP {
      document["fsdp_config"] = [
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_reshard_after_forward": .boolean(strategy.zeroStage == .weights),
        "fsdp_activation_checkpointing": .boolean(strategy.recompute != .none),
        "fsdp_state_dict_type": "SHARDED_STATE_DICT",
      ]
      document["parallelism_config"] = [
        "parallelism_config_dp_replicate_size": .integer(shards ? 1 : strategy.data),
        "parallelism_config_dp_shard_size": .integer(shards ? strategy.data : 1),
        "parallelism_config_tp_size": .integer(strategy.tensor),
        "parallelism_config_cp_size": .integer(strategy.context),
      ]
    }
    noteAccelerateLosses(usesFSDP: usesFSDP, &notes)
    if layout.nodes > 1 {
      notes.warn(
        Field.stages,
        "devices: machine_rank, main_process_ip and main_process_port are each machine's own")
    }
    return Export(
      .accelerate, files: [ExportedFile("accelerate.yaml", "application/yaml", document.yaml)],
      environment: [
        EnvironmentVariable(
          "ACCELERATE_GRADIENT_ACCUMULATION_STEPS", String(strategy.microBatches))
      ])
  }

  private var accelerateType: String {
    switch job.precision {
    case .bf16: "bf16"
    case .fp16: "fp16"
    case .fp8: "fp8"
    case .fp32: "no"
    }
  }

  private func checkAccelerateRules(_ notes: inout ExportNotes) {
    notes.require(
      strategy.pipeline == 1, Field.strategy("pipeline_parallel"),
      "must be 1: Accelerate trains without a pipeline")
    notes.require(
      strategy.expert == 1, Field.strategy("expert_parallel"),
      "must be 1: Accelerate's parallelism config has no experts")
    notes.require(
      strategy.zeroStage != .none || strategy.data == 1
        || (strategy.tensor == 1 && strategy.context == 1), Field.strategy("zero_stage"),
      "must be above 0: replicas that share nothing go with neither tensor nor context parallelism")
  }

  private func noteAccelerateLosses(usesFSDP: Bool, _ notes: inout ExportNotes) {
    if strategy.data > 1, strategy.zeroStage == .optimizer || strategy.zeroStage == .gradients {
      notes.warn(
        Field.strategy("zero_stage"),
        "FSDP shards weights too: less memory than planned, and weights are gathered once a step")
    }
    if usesFSDP, exchangedGradientBytes > job.precision.activationBytes {
      notes.warn(
        Field.gradientPrecision, "FSDP reduces gradients as it computes: in 16 bits, not in 32")
    }
    if strategy.tensor > 1 {
      notes.warn(
        Field.strategy("sequence_parallel"),
        "is decided by the model's own tensor-parallel plan (tp_plan of Transformers)")
    }
    if strategy.recompute == .selective
      || plan.stages.contains(where: { $0.recomputedLayers > 0 }) && strategy.recompute == .full
    {
      notes.warn(
        usesFSDP ? Field.stages : Field.strategy("recompute"),
        usesFSDP
          ? "recompute_layers: FSDP recomputes all layers that it wraps"
          : "is given in code: gradient_checkpointing of the model")
    }
    notes.warn(
      Field.strategy("micro_batch_size"),
      "is the data loader's batch size, in your code: \(strategy.microBatchSize)")
    notes.warn(Field.optimizer, "is left to your code")
  }
}
