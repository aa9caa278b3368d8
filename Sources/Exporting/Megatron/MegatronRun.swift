import Costing
import Planning
import Quantities
import Scheduling

/// A plan as Megatron Core knows it: what both its launchers say.
struct MegatronRun: Sendable {
  var parallelism: [MegatronSetting] = []
  var batch: [MegatronSetting] = []
  var memory: [MegatronSetting] = []
  var precision: [MegatronSetting] = []
  var environment: [EnvironmentVariable] = []
}

extension PlannedJob {
  /// nil, with the reasons, for a plan that Megatron would refuse.
  func megatronRun(_ notes: inout ExportNotes) -> MegatronRun? {
    checkMegatronRules(&notes)
    guard let contents = stageContents(&notes) else { return nil }
    var run = MegatronRun()
    run.parallelism = parallelism(contents, &notes)
    run.batch = [
      .value("--micro-batch-size", "train.micro_batch_size", .integer(strategy.microBatchSize)),
      .value("--global-batch-size", "train.global_batch_size", .integer(job.globalBatchSize)),
      .value("--seq-length", "model.seq_length", .integer(job.sequenceLength)),
      .override("dataset.sequence_length", .integer(job.sequenceLength)),
    ]
    let optimizer = megatronOptimizer(&notes)
    run.memory = megatronRecompute(contents, &notes).settings + optimizer.settings
    run.precision = precisionSettings()
    noteSchedule(&notes)
    if !optimizer.usesFSDP, strategy.tensor > 1 || strategy.context > 1 {
      // Megatron asserts it on GPUs before Blackwell.
      run.environment = [EnvironmentVariable("CUDA_DEVICE_MAX_CONNECTIONS", "1")]
    }
    return run
  }

  private func parallelism(
    _ contents: StageContents, _ notes: inout ExportNotes
  ) -> [MegatronSetting] {
    var settings: [MegatronSetting] = [
      .value(
        "--tensor-model-parallel-size", "model.tensor_model_parallel_size",
        .integer(strategy.tensor)),
      .value(
        "--pipeline-model-parallel-size", "model.pipeline_model_parallel_size",
        .integer(strategy.pipeline)),
      .value(
        "--context-parallel-size", "model.context_parallel_size", .integer(strategy.context)),
    ]
    settings += split(contents)
    switch strategy.rankOrder {
    case .tensorContextDataPipeline: break
    case .tensorContextPipelineData:
      settings.append(.flag("--use-tp-pp-dp-mapping", "dist.use_tp_pp_dp_mapping"))
    }
    if strategy.sequenceParallel {
      settings.append(.flag("--sequence-parallel", "model.sequence_parallel"))
    } else {
      settings.append(.override("model.sequence_parallel", false))
    }
    if hasExperts {
      settings += [
        .value(
          "--expert-model-parallel-size", "model.expert_model_parallel_size",
          .integer(strategy.expert)),
        // The plan splits no single expert.
        .value(
          "--expert-tensor-parallel-size", "model.expert_tensor_parallel_size", 1),
        .value("--moe-token-dispatcher-type", "model.moe_token_dispatcher_type", "alltoall"),
      ]
      if job.precision == .bf16 {
        settings.append(.flag("--moe-grouped-gemm", "model.moe_grouped_gemm"))
      }
    }
    return settings
  }

  /// Only one of Megatron's ways to say a split may be used at a time.
  private func split(_ contents: StageContents) -> [MegatronSetting] {
    let virtual: MegatronSetting = .override(
      "model.virtual_pipeline_model_parallel_size",
      strategy.virtualStages > 1 ? .integer(strategy.virtualStages) : .null)
    if strategy.pipeline > 1, !contents.isEven {
      return [
        virtual,
        .value(
          "--pipeline-model-parallel-layout", "model.pipeline_model_parallel_layout",
          .text(MegatronLayout.text(contents.partsWithNormAtHead))),
      ]
    }
    // Recipes bring a layout of their own.
    let noLayout: MegatronSetting = .override("model.pipeline_model_parallel_layout", .null)
    guard strategy.virtualStages > 1 else { return [virtual, noLayout] }
    return [
      .value(
        "--num-virtual-stages-per-pipeline-rank", "model.virtual_pipeline_model_parallel_size",
        .integer(strategy.virtualStages)),
      noLayout,
    ]
  }

  var hasExperts: Bool {
    model?.runs.contains { if case .experts = $0.block.feedForward { true } else { false } }
      ?? false
  }

  private func precisionSettings() -> [MegatronSetting] {
    var settings: [MegatronSetting] =
      switch job.precision {
      case .bf16: [.flag("--bf16", "mixed_precision", "bf16_mixed")]
      case .fp16: [.flag("--fp16", "mixed_precision", "fp16_mixed")]
      case .fp8:
        [
          .flag("--bf16", "mixed_precision", "bf16_with_fp8_delayed_scaling_mixed"),
          .value("--fp8-format", nil, "hybrid"),
        ]
      case .fp32: []
      }
    if job.precision == .fp16, job.gradientBytes == 4 {
      settings.append(.flag("--accumulate-allreduce-grads-in-fp32", "ddp.grad_reduce_in_fp32"))
    } else if job.precision == .fp16 {
      settings.append(.override("ddp.grad_reduce_in_fp32", false))
    } else if job.gradientBytes == 2 {
      settings.append(.flag("--grad-reduce-in-bf16", "ddp.grad_reduce_in_fp32", false))
    }
    switch job.attention {
    case .fused: settings.append(.value("--attention-backend", "model.attention_backend", "flash"))
    case .unfused:
      settings.append(.value("--attention-backend", "model.attention_backend", "unfused"))
    case nil: break
    }
    let dropout: ConfigValue = job.usesDropout ? 0.1 : 0
    settings += [
      .value("--attention-dropout", "model.attention_dropout", dropout),
      .value("--hidden-dropout", "model.hidden_dropout", dropout),
    ]
    return settings
  }

  private func noteSchedule(_ notes: inout ExportNotes) {
    guard strategy.pipeline > 1 else { return }
    switch strategy.schedule {
    case .oneForwardOneBackward, .interleaved: break
    case .gpipe:
      notes.warn(
        Field.strategy("schedule"),
        "Megatron runs 1F1B: the same bubble, and less memory than planned")
    case .zeroBubble:
      notes.warn(
        Field.strategy("schedule"),
        "Megatron runs 1F1B: the memory is as planned, but the bubble is longer")
    }
  }
}
