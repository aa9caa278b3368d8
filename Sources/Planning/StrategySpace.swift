import Costing
import Scheduling

/// All strategies that satisfy the constraints and the runtimes' rules, on a number of GPUs.
struct StrategySpace {
  let problem: PlanningProblem
  let constraints: SearchConstraints
  let limits: ModelLimits

  init(_ problem: PlanningProblem, _ constraints: SearchConstraints) {
    self.problem = problem
    self.constraints = constraints
    limits = ModelLimits(problem.graph)
  }

  /// Calls `visit` with each strategy that uses all of `gpus`, in a fixed order.
  func forEach(gpus: Int, _ visit: (ParallelStrategy) -> Void) {
    let job = problem.job
    for tensor in divisors(of: gpus, constraints.tensor) where limits.allowsTensor(tensor) {
      for context in divisors(of: gpus / tensor, constraints.context)
      where context == 1 || (!limits.hasOpaqueLayers && job.sequenceLength % context == 0) {
        let rest = gpus / tensor / context
        for pipeline in divisors(of: rest, constraints.pipeline) where pipeline <= limits.nodes {
          let data = rest / pipeline
          guard allowed(data, constraints.data), job.globalBatchSize % data == 0 else { continue }
          var strategy = ParallelStrategy(
            pipeline: pipeline, tensor: tensor, data: data, context: context)
          forEachBatching(&strategy, visit)
        }
      }
    }
  }

  private func forEachBatching(
    _ strategy: inout ParallelStrategy, _ visit: (ParallelStrategy) -> Void
  ) {
    let perReplica = problem.job.globalBatchSize / strategy.data
    for microBatchSize in divisors(of: perReplica, constraints.microBatchSize) {
      strategy.microBatchSize = microBatchSize
      strategy.microBatches = perReplica / microBatchSize
      for sequenceParallel in sequenceChoices(strategy) {
        strategy.sequenceParallel = sequenceParallel
        for expert in expertChoices(strategy) {
          strategy.expert = expert
          for zero in zeroChoices(strategy) {
            strategy.zeroStage = zero
            forEachSchedule(&strategy, visit)
          }
        }
      }
    }
  }

  private func forEachSchedule(
    _ strategy: inout ParallelStrategy, _ visit: (ParallelStrategy) -> Void
  ) {
    for recompute in recomputeChoices {
      strategy.recompute = recompute
      for (schedule, virtualStages) in scheduleChoices(strategy) {
        strategy.schedule = schedule
        strategy.virtualStages = virtualStages
        visit(strategy)
      }
    }
    strategy.virtualStages = 1
  }

  private func sequenceChoices(_ strategy: ParallelStrategy) -> [Bool] {
    guard strategy.tensor > 1 else {
      return allowed(false, constraints.sequenceParallel) ? [false] : []
    }
    let length = problem.job.sequenceLength / strategy.context
    // Sharding what lies between tensor-parallel regions saves memory at no cost in traffic.
    let choices = length % strategy.tensor == 0 ? [true] : limits.experts == 0 ? [false] : []
    guard !constraints.sequenceParallel.isEmpty else { return choices }
    return constraints.sequenceParallel.filter { wanted in
      wanted ? length % strategy.tensor == 0 : limits.experts == 0
    }
  }

  private func expertChoices(_ strategy: ParallelStrategy) -> [Int] {
    let ranks = strategy.tensor * strategy.context * strategy.data
    guard limits.experts > 0 else { return allowed(1, constraints.expert) ? [1] : [] }
    return divisors(of: ranks, constraints.expert).filter { limits.experts % $0 == 0 }
  }

  private func zeroChoices(_ strategy: ParallelStrategy) -> [ZeroStage] {
    guard constraints.zeroStage.isEmpty else { return constraints.zeroStage }
    // With one replica there is nothing to shard over.
    if strategy.data * strategy.context == 1 { return [.none] }
    // Pipelines keep gradients between micro-batches: only optimizer states are sharded there.
    return strategy.pipeline > 1 ? [.none, .optimizer] : [.none, .optimizer, .weights]
  }

  private var recomputeChoices: [RecomputePolicy] {
    guard constraints.recompute.isEmpty else { return constraints.recompute }
    // `full` recomputes as few layers as fit, none if all fit. With fused attention there are no
    // scores to recompute selectively.
    return problem.costs.attentionKernel == .fused ? [.full] : [.full, .selective]
  }

  private func scheduleChoices(
    _ strategy: ParallelStrategy
  ) -> [(schedule: PipelineSchedule, virtualStages: Int)] {
    guard strategy.pipeline > 1 else {
      let plain = constraints.schedule.first { $0 != .interleaved } ?? .oneForwardOneBackward
      let excluded = !constraints.schedule.isEmpty && constraints.schedule == [.interleaved]
      return excluded || !allowed(1, constraints.virtualStages) ? [] : [(plain, 1)]
    }
    let wanted =
      constraints.schedule.isEmpty
      ? [PipelineSchedule.oneForwardOneBackward, .interleaved] : constraints.schedule
    var choices: [(PipelineSchedule, Int)] = []
    for schedule in wanted {
      guard schedule == .interleaved else {
        if allowed(1, constraints.virtualStages) { choices.append((schedule, 1)) }
        continue
      }
      guard strategy.microBatches % strategy.pipeline == 0 else { continue }
      let most = limits.nodes / strategy.pipeline
      guard most >= 2 else { continue }
      let chunks =
        constraints.virtualStages.isEmpty ? Array(2...most) : constraints.virtualStages
      choices += chunks.filter { $0 >= 2 && $0 <= most }.map { (.interleaved, $0) }
    }
    return choices
  }

  private func allowed<Value: Equatable>(_ value: Value, _ choices: [Value]) -> Bool {
    choices.isEmpty || choices.contains(value)
  }

  private func divisors(of number: Int, _ choices: [Int]) -> [Int] {
    guard choices.isEmpty else { return choices.filter { number % $0 == 0 } }
    var small: [Int] = []
    var large: [Int] = []
    var candidate = 1
    while candidate * candidate <= number {
      if number % candidate == 0 {
        small.append(candidate)
        if candidate * candidate != number { large.append(number / candidate) }
      }
      candidate += 1
    }
    return small + large.reversed()
  }
}
