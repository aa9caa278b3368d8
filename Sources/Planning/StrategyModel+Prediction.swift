import Costing
import Hardware
import Quantities
import Scheduling
import Workload

extension StrategyModel {
  /// Times of the pipeline for one split, as the schedule plays them.
  /// Complexity: O(virtual stages).
  package func pipelineTimes(_ split: PipelineSplit) -> PipelineTimes {
    var passes = PassTimes(count: virtualStages)
    setTimes(of: split, in: &passes)
    let sends = (0..<(virtualStages - 1)).map {
      sendTime(afterVirtualStage: $0, cut: split.boundaries[$0 + 1])
    }
    return passes.pipeline(stages: stages, sends: sends)
  }

  /// Sets the times of passes of some stages, or of all. Complexity: O(their virtual stages).
  func setTimes(
    of split: PipelineSplit, in passes: inout PassTimes,
    where isMine: (_ stage: Int) -> Bool = { _ in true }
  ) {
    let overhead = problem.costs.parameters.software.microBatchOverhead.value
    for stage in 0..<stages where isMine(stage) {
      // Of the stage, those that lie in its chunks from the one at hand on.
      var left = split.recomputed[stage]
      for index in stride(from: stage, to: virtualStages, by: stages) {
        let nodes = split.nodes(ofVirtualStage: index)
        let here = min(left, table.recomputableLayers(nodes))
        left -= here
        let again = table.recomputeTime(nodes, strategy.recompute, recomputed: here)
        let weights = table.weightGradientTime(nodes)
        passes.forward[index] = Seconds(table.forwardTime(nodes) + overhead)
        passes.backwardInput[index] =
          Seconds(max(0, table.backwardTime(nodes) - weights) + overhead) + Seconds(again)
        passes.backwardWeight[index] = Seconds(weights)
        passes.recompute[index] = Seconds(again)
      }
    }
  }

  /// Predicts a step, by playing the schedule. Complexity: O(nodes + virtual stages · rounds).
  package func plan(_ split: PipelineSplit, devices: [[DeviceGroup]]) -> Plan {
    let times = pipelineTimes(split)
    let played = strategy.schedule.play(times, microBatches: strategy.microBatches)
    var stagePlans: [StagePlan] = []
    stagePlans.reserveCapacity(stages)
    var (reduction, optimizer) = (Seconds.zero, Seconds.zero)
    var peak = ByteCount.zero
    for stage in 0..<stages {
      let contents = contents(ofStage: stage, split.chunks(ofStage: stage, of: stages))
      let (forward, backward, again) = times.passes(ofStage: stage)
      // Only the passes that bring gradients forth hide their reduction.
      let ending = stepEnd(
        contents.chunks, contents.parameters, forward: forward, backward: backward - again)
      reduction = max(reduction, ending.reduction)
      optimizer = max(optimizer, ending.optimizer)
      let recomputed = split.recomputed[stage]
      let memory = memory(contents, recomputed: recomputed)
      peak = max(peak, memory.total)
      stagePlans.append(
        StagePlan(
          id: stage, layerRanges: contents.chunks.map { $0.lowerBound...($0.upperBound - 1) },
          parameters: contents.chunks.reduce(0) { $0 + parameters(of: $1) },
          recomputedLayers: recomputed, devices: devices.isEmpty ? [] : devices[stage],
          forward: forward, backward: backward, memory: memory, memoryLimit: problem.memoryLimit))
    }
    let overhead = problem.costs.parameters.stepOverhead(of: problem.job)
    let undisturbed = played.makespan + reduction + optimizer + overhead
    let waiting =
      undisturbed
      * problem.stragglerFraction(
        nodes: problem.pool.nodes(holding: strategy.gpus), replicas: strategy.weightReplicas)
    var prediction = self.prediction(step: undisturbed + waiting, played: played)
    prediction.breakdown = breakdown(
      split, played: played, step: prediction.step, reduction: reduction + waiting,
      optimizer: optimizer + overhead)
    prediction.peakMemory = peak
    return Plan(
      strategy: strategy, stages: stagePlans, prediction: prediction,
      balanceScore: variation(stagePlans.map { ($0.forward + $0.backward).value }),
      fits: peak <= problem.memoryLimit)
  }

  private func parameters(of nodes: Range<Int>) -> Int {
    let (kinds, parameters) = (problem.kinds, problem.parametersOfKinds)
    return nodes.reduce(0) { $0 + parameters[kinds[$1]] }
  }

  private func prediction(step: Seconds, played: Playback) -> Prediction {
    let tokens = Double(problem.job.globalBatchSize) * Double(problem.job.sequenceLength)
    let rate = ComputeRate(problem.costs.modelFLOPs.value / step.value / Double(strategy.gpus))
    let peak =
      problem.pool.accelerator.peaks[problem.job.precision]
      ?? KernelTime.widePeak(problem.pool.accelerator, problem.job.precision)
    return Prediction(
      step: step, tokensPerSecond: tokens / step.value, gpus: strategy.gpus, modelRate: rate,
      modelFLOPsUtilization: rate.value / peak.value, bubbleFraction: played.bubbleFraction,
      peakMemory: .zero, breakdown: StepBreakdown())
  }

  /// Splits the step by cause: the busiest stage's own work, then what it waits for.
  func breakdown(
    _ split: PipelineSplit, played: Playback, step: Seconds, reduction: Seconds,
    optimizer: Seconds
  ) -> StepBreakdown {
    var parts = StepBreakdown()
    let stage = played.boundingStage
    let chunks = split.chunks(ofStage: stage, of: stages)
    var pass = PassTime()
    var again = PassTime()
    // A stage's first layers are recomputed.
    var left = split.recomputed[stage]
    let (kinds, costs) = (table.kinds, table.costs)
    let passes = costs.map { $0.forward + $0.backward }
    let isSelective = strategy.recompute == .selective
    for nodes in chunks {
      for node in nodes {
        let kind = kinds[node]
        pass += passes[kind]
        let canRecompute = costs[kind].canRecompute
        if isSelective || (canRecompute && left > 0) {
          again += costs[kind].recompute(strategy.recompute)
        }
        if canRecompute { left -= 1 }
      }
    }
    let count = Double(strategy.microBatches)
    let overhead = problem.costs.parameters.software.microBatchOverhead
    parts.compute = pass.compute * count + overhead * (2 * count * Double(chunks.count))
    parts.recompute = again.compute * count
    parts.tensorParallel = (pass.tensor + again.tensor) * count
    parts.contextParallel = (pass.context + again.context) * count
    parts.expertParallel = (pass.expert + again.expert) * count
    parts.dataParallel = (pass.data + again.data) * count + reduction
    parts.optimizer = optimizer
    parts.pipeline = played.exposedSend
    parts.bubble = .zero
    parts.bubble = max(step - parts.total, .zero)
    return parts
  }
}

/// Coefficient of variation of a population: standard deviation over mean.
package func variation(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  guard mean > 0 else { return 0 }
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return (squares / Double(values.count)).squareRoot() / mean
}

/// Of one micro-batch, by virtual stage.
struct PassTimes {
  var forward: [Seconds]
  var backwardInput: [Seconds]
  var backwardWeight: [Seconds]
  var recompute: [Seconds]

  init(count: Int) {
    let none = [Seconds](repeating: .zero, count: count)
    (forward, backwardInput, backwardWeight, recompute) = (none, none, none, none)
  }

  /// - Parameter sends: Seconds that a tensor travels from each virtual stage to the next, either way.
  func pipeline(stages: Int, sends: [Seconds]) -> PipelineTimes {
    PipelineTimes(
      stages: stages, chunksPerStage: forward.count / stages, forward: forward,
      backwardInput: backwardInput, backwardWeight: backwardWeight, recompute: recompute,
      sendForward: sends, sendBackward: sends)
  }
}

extension PipelineTimes {
  /// Of all chunks of a stage, for one micro-batch; `again` is the part of the backward pass that recomputes.
  func passes(ofStage stage: Int) -> (forward: Seconds, backward: Seconds, again: Seconds) {
    var (forward, backward, again) = (Seconds.zero, Seconds.zero, Seconds.zero)
    for index in stride(from: stage, to: self.forward.count, by: stages) {
      forward += self.forward[index]
      backward += backwardInput[index]
      backward += backwardWeight[index]
      again += recompute[index]
    }
    return (forward, backward, again)
  }
}
