import Costing
import Exporting
import Galvatron
import JSON
import Planning
import Quantities

extension JSONWriter {
  /// A plan layer by layer, as `/partition` and `/simulate` answer it and take it back.
  mutating func judgedPlan(_ judged: JudgedPlan) {
    object { w in
      w.member("total_stages", judged.plan.stages)
      w.name("strategy")
      w.commonStrategy(judged)
      w.member(
        "balance_score", variation(zip(judged.played.forward, judged.played.backward).map(+)))
      w.array("stages", 0..<judged.plan.stages) { $0.judgedStage($1, judged) }
      w.name("embedding_strategy")
      w.layerStrategy(judged.plan.embedding, judged, count: nil)
      w.name("prediction")
      w.judgedPrediction(judged)
      w.name("strategy_file")
      judged.plan.writeStrategyFile(gpus: judged.judge.job.gpus, to: &w)
    }
  }

  private mutating func commonStrategy(_ judged: JudgedPlan) {
    let common = judged.commonStrategy
    let judge = judged.judge
    object { w in
      w.member("pipeline_parallel", judged.plan.stages)
      w.member("tensor_parallel", common.tensorDegree)
      w.member("data_parallel", judge.replicas(common))
      w.member("context_parallel", 1)
      w.member("expert_parallel", 1)
      w.member("ulysses_parallel", common.usesUlysses ? common.degree : 1)
      w.member("virtual_stages", 1)
      w.member("micro_batch_size", judge.samples(common))
      w.member("micro_batches", judged.plan.microBatches)
      w.member("zero_stage", judge.zeroStage(common))
      w.member("sequence_parallel", judge.job.run.sequenceParallel && common.tensorDegree > 1)
      w.member(
        "recompute", judged.plan.layers.contains { $0.recomputes } ? "full" : "none")
      w.member("schedule", judged.plan.schedule == .gpipe ? "gpipe" : "1f1b")
    }
  }

  private mutating func judgedStage(_ stage: Int, _ judged: JudgedPlan) {
    let range = judged.plan.stageRanges[stage]
    let nodes = judged.nodeRanges[stage]
    object { w in
      w.member("stage_id", stage)
      w.member("layer_range", [nodes.lowerBound, nodes.upperBound])
      w.member(
        "parameters", nodes.reduce(0) { $0 + judged.job.graph.layer($1).parameters })
      w.member("recompute_layers", judged.plan.layers[range].count { $0.recomputes })
      w.array("devices", judged.devices(stage: stage)) { w, group in
        w.object { w in
          w.member("node", group.node)
          w.member("gpus", group.gpus)
        }
      }
      w.member("forward_seconds", judged.played.forward[stage])
      w.member("backward_seconds", judged.played.backward[stage])
      w.name("memory_bytes")
      w.judgedMemory(stage, judged)
      w.member("memory_limit_bytes", judged.budget.usable << 20)
      w.array("layer_strategies", Self.runs(judged.plan.layers[range])) { w, run in
        w.layerStrategy(run.strategy, judged, count: run.count)
      }
    }
  }

  private static func runs(
    _ layers: ArraySlice<LayerStrategy>
  ) -> [(strategy: LayerStrategy, count: Int)] {
    var runs: [(strategy: LayerStrategy, count: Int)] = []
    for layer in layers {
      if runs.last?.strategy == layer {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((layer, 1))
      }
    }
    return runs
  }

  private mutating func layerStrategy(
    _ strategy: LayerStrategy, _ judged: JudgedPlan, count: Int?
  ) {
    object { w in
      if let count { w.member("layers", count) }
      w.member("tensor_parallel", strategy.tensorDegree)
      w.member("ulysses_parallel", strategy.usesUlysses ? strategy.degree : 1)
      w.member("data_parallel", judged.judge.replicas(strategy))
      w.member("zero_stage", judged.judge.zeroStage(strategy))
      if count != nil { w.member("recompute", strategy.recomputes) }
    }
  }

  private mutating func judgedMemory(_ stage: Int, _ judged: JudgedPlan) {
    let parts = judged.judge.memoryParts(judged.plan, stage: stage)
    let total = Double(judged.verdict.stageMemory[stage] << 20)
    let weights = (parts.weights * 0x1p20).rounded()
    let gradients = (parts.gradients * 0x1p20).rounded()
    let optimizer = (parts.optimizer * 0x1p20).rounded()
    let activations = (parts.activations * 0x1p20).rounded()
    object { w in
      w.member("weights", weights)
      w.member("gradients", gradients)
      w.member("optimizer", optimizer)
      w.member("activations", activations)
      // The framework, the gather buffer, and what rounding up to whole MB adds.
      w.member("workspace", total - weights - gradients - optimizer - activations)
      w.member("total", total)
    }
  }

  private mutating func judgedPrediction(_ judged: JudgedPlan) {
    let job = judged.job.job
    let tokens = Double(judged.plan.globalBatchSize) * Double(job.sequenceLength)
    let seconds = judged.verdict.seconds
    let parts = judged.parts
    object { w in
      w.member("step_seconds", seconds)
      w.member("tokens_per_second", tokens / seconds)
      w.member("tokens_per_second_per_gpu", tokens / seconds / Double(judged.judge.job.gpus))
      w.member("bubble_fraction", parts.bubble / seconds)
      w.member("peak_memory_bytes", (judged.verdict.stageMemory.max() ?? 0) << 20)
      w.object("breakdown_seconds") { w in
        w.member("compute", parts.compute)
        w.member("recompute", parts.recompute)
        w.member("tensor_parallel", parts.exchange)
        w.member("context_parallel", 0)
        w.member("expert_parallel", 0)
        w.member("pipeline", parts.pipeline)
        w.member("bubble", parts.bubble)
        w.member("data_parallel", parts.data)
        w.member("optimizer", 0)
      }
    }
  }

  /// What the judge says, in its own terms, and beside it what the schedule plays to.
  mutating func judgement(_ judged: JudgedPlan) {
    let memory = judged.verdict.stageMemory.map { $0 + judged.budget.reserved }
    object("galvatron") { w in
      w.member("throughput_samples_per_second", judged.verdict.samplesPerSecond)
      w.member("time_cost_seconds", judged.verdict.seconds)
      w.member("memory_cost_mb", memory)
      w.member("memory_remain_mb", memory.map { judged.budget.whole - $0 })
      w.member("stage_seconds", judged.verdict.stageSeconds)
    }
    object("played_estimate") { w in
      w.member("step_seconds", judged.played.seconds)
      w.member("throughput_samples_per_second", judged.played.samplesPerSecond)
      w.member("bubble_fraction", judged.played.bubbleFraction)
    }
  }

  /// The answer of a layerwise search that found a plan.
  mutating func layerwiseResult(
    _ result: LayerwiseResult, _ request: LayerwiseRequest, searchSeconds: Double
  ) {
    let judged = JudgedPlan(result.plan, result.judge, request)
    let gap = result.gapFraction
    let isClosed = gap == 0
    object { w in
      w.member("status", isClosed ? "optimal" : "feasible")
      w.member("cost_model", CostModelName.galvatron.rawValue)
      w.member("model_name", request.job.graph.name)
      w.name("plan")
      w.judgedPlan(judged)
      w.judgement(judged)
      w.object("proof") { w in
        w.member(
          "lower_bound_seconds", isClosed ? result.verdict.seconds : result.lowerBound)
        w.member("gap_fraction", gap)
        w.member("strategies_considered", result.considered)
        w.member("strategies_pruned", result.pruned)
        w.member("search_seconds", searchSeconds)
      }
      w.array("alternatives", [LayerwisePlan]()) { w, _ in w.null() }
      w.exports(request.exports.exports(of: result.plan, gpus: request.measured.gpus))
      w.member("warnings", request.warnings)
    }
  }

  /// The answer where no plan fits, and why.
  mutating func layerwiseInfeasibility(
    _ infeasibility: LayerwiseInfeasibility, _ request: LayerwiseRequest
  ) {
    object { w in
      w.member("status", "infeasible")
      w.member("cost_model", CostModelName.galvatron.rawValue)
      w.member("model_name", request.job.graph.name)
      w.object("reason") { w in
        switch infeasibility {
        case .noStrategy:
          w.member("kind", "no_strategy")
          w.member("detail", Sentence.noStrategy)
          w.member("rules", [String]())
        case .memory(let stage, let excess, let batch, let microBatches, let stages):
          w.member("kind", "memory")
          w.member(
            "detail",
            Sentence.layerwiseMemory(excess, over: request.budget.usable, atStage: stage))
          w.member("pointer", request.budgetPointer)
          w.member("stage_id", stage)
          w.member("excess_bytes", excess << 20)
          w.member("memory_limit_bytes", request.budget.usable << 20)
          w.object("nearest_strategy") { w in
            w.member("global_batch_size", batch)
            w.member("micro_batches", microBatches)
            w.member("pipeline_parallel", stages)
          }
        }
      }
      w.member("remedies", infeasibility.remedies(request))
      w.member("warnings", request.warnings)
    }
  }
}

extension LayerwiseInfeasibility {
  /// The least budget in whole GB that would do.
  func remedies(_ request: LayerwiseRequest) -> [String] {
    guard case .memory(_, let excess, _, _, _) = self else { return [] }
    var gigabytes = request.budget.whole / 1024 + 1
    while MemoryBudget(gigabytes: gigabytes).usable < request.budget.usable + excess {
      gigabytes += 1
    }
    return [Sentence.fitting(gigabytes: gigabytes)]
  }
}

extension Judge {
  /// ZeRO's stage of a layer.
  func zeroStage(_ strategy: LayerStrategy) -> Int {
    switch sharding(strategy) {
    case .ddp: 0
    case .zero2: 2
    case .zero3: 3
    }
  }
}
