import Costing
import Planning

/// How Megatron keeps gradients and optimizer states.
struct MegatronOptimizer: Hashable, Sendable {
  var settings: [MegatronSetting] = []
  var usesFSDP = false
}

extension PlannedJob {
  func megatronOptimizer(_ notes: inout ExportNotes) -> MegatronOptimizer {
    var optimizer = MegatronOptimizer()
    let name = megatronOptimizerName(&notes)
    optimizer.settings.append(.value("--optimizer", "optimizer.optimizer", .text(name)))
    let replicas = strategy.data * strategy.context
    let sharded = strategy.zeroStage != .none && replicas > 1
    if sharded {
      optimizer.settings += [
        .flag("--use-distributed-optimizer", "ddp.use_distributed_optimizer"),
        .override("optimizer.use_distributed_optimizer", true),
        .flag("--overlap-grad-reduce", "ddp.overlap_grad_reduce"),
        .flag("--overlap-param-gather", "ddp.overlap_param_gather"),
      ]
    } else {
      optimizer.settings += [
        .override("ddp.use_distributed_optimizer", false),
        .override("optimizer.use_distributed_optimizer", false),
        .override("ddp.overlap_param_gather", false),
      ]
      if replicas > 1 {
        optimizer.settings.append(.flag("--overlap-grad-reduce", "ddp.overlap_grad_reduce"))
      }
    }
    if sharded, strategy.zeroStage > .optimizer {
      addFSDP(to: &optimizer, &notes)
    }
    if job.optimizer == .adam8bit {
      notes.require(
        sharded, Field.optimizer,
        "8-bit moments need the distributed optimizer: zero_stage of at least 1 and more than one "
          + "replica")
      optimizer.settings += [
        .flag("--use-precision-aware-optimizer", "optimizer.use_precision_aware_optimizer"),
        .value("--exp-avg-dtype", "optimizer.exp_avg_dtype", "fp8"),
        .value("--exp-avg-sq-dtype", "optimizer.exp_avg_sq_dtype", "fp8"),
      ]
    }
    if job.optimizer == .muon {
      notes.require(
        !sharded, Field.strategy("zero_stage"),
        "must be 0 with muon: Megatron refuses it with the distributed optimizer")
    }
    return optimizer
  }

  private func megatronOptimizerName(_ notes: inout ExportNotes) -> String {
    switch job.optimizer {
    case .adam, .adamw, .adam8bit: return "adam"
    case .sgd:
      notes.warn(
        Field.optimizer, "Megatron's sgd keeps a momentum, 4 bytes a parameter that the plan lacks")
      return "sgd"
    case .momentum: return "sgd"
    case .lion: return "lion"
    case .muon: return "muon"
    case .adafactor:
      notes.refuse(Field.optimizer, "Megatron has no adafactor")
      return "adam"
    }
  }

  private func addFSDP(to optimizer: inout MegatronOptimizer, _ notes: inout ExportNotes) {
    let strategyName: ConfigValue =
      strategy.zeroStage == .gradients ? "optim_grads" : "optim_grads_params"
    optimizer.usesFSDP = true
    optimizer.settings += [
      .flag("--use-megatron-fsdp", "ddp.use_megatron_fsdp"),
      .value(
        "--data-parallel-sharding-strategy", "ddp.data_parallel_sharding_strategy", strategyName),
      .value("--ckpt-format", "checkpoint.ckpt_format", "fsdp_dtensor"),
    ]
    if exchangedGradientBytes < job.gradientBytes {
      notes.warn(
        Field.gradientPrecision,
        "the plan scatters gradients in 16 bits and accumulates them in 32; Megatron does both in 32, or "
          + "both in 16 with --grad-reduce-in-bf16 (ddp.grad_reduce_in_fp32=false)")
    }
    if strategy.pipeline > 1 {
      notes.warn(
        Field.strategy("zero_stage"),
        "ZeRO-\(strategy.zeroStage.rawValue) is Megatron-FSDP, which is documented with tensor, "
          + "context and expert parallelism but not with a pipeline: try it first")
    }
    if strategy.tensor > 1 || strategy.context > 1 {
      notes.warn(
        Field.strategy("zero_stage"),
        "Megatron-FSDP wants CUDA_DEVICE_MAX_CONNECTIONS above 1, tensor and context parallelism "
          + "before Blackwell want 1: their communication may overlap less than planned")
    }
  }
}
