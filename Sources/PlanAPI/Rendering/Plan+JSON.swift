import Costing
import Hardware
import JSON
import Planning
import Quantities
import Workload

extension JSONWriter {
  /// A plan as every route answers it, and takes it back.
  ///
  /// - Parameter job: In whose graph's order ranges count, unless the plan has its own. Stages of one
  ///   with several orders list their layers.
  mutating func plan(_ plan: Plan, of job: JobRequest) {
    let graph = job.graph
    var names: [String]?
    if !graph.hasOneOrder {
      names = (plan.order ?? Array(graph.nodes.indices)).map { graph.nodes[$0].name }
    }
    object { w in
      w.member("total_stages", plan.stages.count)
      w.name("strategy")
      w.strategy(plan.strategy)
      w.member("balance_score", plan.balanceScore)
      w.array("stages", plan.stages) { $0.stage($1, layers: names) }
      w.name("prediction")
      w.prediction(plan, job)
    }
  }

  mutating func strategy(_ strategy: ParallelStrategy) {
    object { w in
      w.member("pipeline_parallel", strategy.pipeline)
      w.member("tensor_parallel", strategy.tensor)
      w.member("data_parallel", strategy.data)
      w.member("context_parallel", strategy.context)
      w.member("expert_parallel", strategy.expert)
      w.member("virtual_stages", strategy.virtualStages)
      w.member("micro_batch_size", strategy.microBatchSize)
      w.member("micro_batches", strategy.microBatches)
      w.member("zero_stage", strategy.zeroStage.rawValue)
      w.member("sequence_parallel", strategy.sequenceParallel)
      w.member("recompute", strategy.recompute.rawValue)
      w.member("schedule", strategy.schedule.rawValue)
      w.member("rank_order", strategy.rankOrder.rawValue)
    }
  }

  private mutating func stage(_ stage: StagePlan, layers: [String]?) {
    object { w in
      w.member("stage_id", stage.id)
      if stage.layerRanges.count == 1 {
        w.name("layer_range")
        w.range(stage.layerRanges[0])
      } else {
        w.array("layer_ranges", stage.layerRanges) { $0.range($1) }
      }
      if let layers { w.member("layers", stage.layerRanges.flatMap { layers[$0] }) }
      w.member("parameters", stage.parameters)
      w.member("recompute_layers", stage.recomputedLayers)
      w.array("devices", stage.devices) { w, group in
        w.object { w in
          w.member("node", group.node)
          w.member("gpus", group.gpus)
        }
      }
      if let share = stage.share {
        w.member("tensor_parallel", share.tensor)
        w.member("data_parallel", share.data)
        w.member("micro_batch_shares", share.microBatches)
      }
      w.member("forward_seconds", stage.forward.value)
      w.member("backward_seconds", stage.backward.value)
      w.object("memory_bytes") { w in
        for (name, bytes) in stage.memory.wholeParts { w.member(name, bytes) }
        w.member("total", stage.memory.wholeTotal)
      }
      w.member("memory_limit_bytes", stage.memoryLimit.value.rounded(.down))
    }
  }

  private mutating func range(_ range: ClosedRange<Int>) {
    array([range.lowerBound, range.upperBound]) { $0.value($1) }
  }

  private mutating func prediction(_ plan: Plan, _ job: JobRequest) {
    let prediction = plan.prediction
    object { w in
      w.member("step_seconds", prediction.step.value)
      w.member("tokens_per_second", prediction.tokensPerSecond)
      w.member(
        "tokens_per_second_per_gpu", prediction.tokensPerSecond / Double(prediction.gpus))
      w.member("model_tflops_per_gpu", prediction.modelRate.teraFLOPs)
      w.member("model_flops_utilization", prediction.modelFLOPsUtilization)
      w.member("bubble_fraction", prediction.bubbleFraction)
      w.member("peak_memory_bytes", plan.peakBytes)
      w.object("breakdown_seconds") { $0.breakdown(prediction.breakdown) }
      if let run = TrainingRun(of: plan, job.job, on: job.cluster) {
        w.object("run") { w in
          w.member("steps", run.steps)
          w.member("seconds", run.duration.value)
          w.member("gpu_hours", run.gpuHours)
          if let cost = run.cost { w.member("cost", cost) }
        }
      }
    }
  }

  private mutating func breakdown(_ breakdown: StepBreakdown) {
    member("compute", breakdown.compute.value)
    member("recompute", breakdown.recompute.value)
    member("tensor_parallel", breakdown.tensorParallel.value)
    member("context_parallel", breakdown.contextParallel.value)
    member("expert_parallel", breakdown.expertParallel.value)
    member("pipeline", breakdown.pipeline.value)
    member("bubble", breakdown.bubble.value)
    member("data_parallel", breakdown.dataParallel.value)
    member("optimizer", breakdown.optimizer.value)
  }
}

extension StageMemory {
  /// The parts in whole bytes. Figures of a model are means over GPUs that do not divide evenly.
  fileprivate var wholeParts: [(name: StaticString, bytes: Double)] {
    [
      ("weights", weights.value.rounded()), ("gradients", gradients.value.rounded()),
      ("optimizer", optimizer.value.rounded()), ("activations", activations.value.rounded()),
      ("workspace", workspace.value.rounded()),
    ]
  }

  /// What the parts that are written add up to.
  fileprivate var wholeTotal: Double { wholeParts.reduce(0) { $0 + $1.bytes } }
}

extension Plan {
  /// In whole bytes: those of the fullest stage, or of a replica that holds more and has more room.
  fileprivate var peakBytes: Double {
    let fullest = stages.reduce(ByteCount.zero) { max($0, $1.memory.total) }
    return prediction.peakMemory > fullest
      ? prediction.peakMemory.value.rounded() : stages.map(\.memory.wholeTotal).max() ?? 0
  }
}
