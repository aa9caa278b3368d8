import Costing
import Hardware
import Quantities
import Scheduling
import Workload

extension MixedModel {
  /// Times of a lane's pipeline, each stage as its own seat runs it.
  func pipelineTimes(_ split: PipelineSplit, lane: Int) -> PipelineTimes {
    let seats = modelOfSeat[lane]
    var passes = PassTimes(count: split.virtualStages)
    for (stage, index) in seats.enumerated() where seats.firstIndex(of: index) == stage {
      models[index].model.setTimes(of: split, in: &passes) { seats[$0] == index }
    }
    let sends = (0..<(split.virtualStages - 1)).map {
      sendTime(lane: lane, afterVirtualStage: $0, cut: split.boundaries[$0 + 1])
    }
    return passes.pipeline(stages: stages, sends: sends)
  }

  var stages: Int { strategy.stages }

  /// Predicts a step: every lane's schedule is played, and the slowest decides; then gradients are
  /// reduced over all lanes. Complexity: O(lanes · (nodes + virtual stages · rounds)).
  func plan(_ split: PipelineSplit, devices: [[DeviceGroup]]) -> Plan {
    let lanes = strategy.lanes.indices.map { lane in
      let times = pipelineTimes(split, lane: lane)
      let played = strategy.base.schedule.play(
        times, microBatches: strategy.lanes[lane].microBatches)
      return PlayedLane(index: lane, times: times, playback: played)
    }
    let slowest = lanes.max { $0.playback.makespan < $1.playback.makespan }!
    var stagePlans: [StagePlan] = []
    var reduction = Seconds.zero
    var optimizer = Seconds.zero
    var fullest = ByteCount.zero
    for stage in 0..<stages {
      let held = lanes.map { load(stage, split, $0) }
      for load in held {
        fullest = max(fullest, load.memory.total)
        reduction = max(reduction, load.reduction)
        optimizer = max(optimizer, load.optimizer)
      }
      stagePlans.append(stagePlan(stage, split, held, devices.isEmpty ? [] : devices[stage]))
    }
    let overhead = problem.parameters.stepOverhead(of: problem.job)
    let undisturbed = slowest.playback.makespan + reduction + optimizer + overhead
    let waiting = undisturbed * stragglerFraction
    var prediction = prediction(step: undisturbed + waiting, played: slowest.playback)
    let bounding = model(lane: slowest.index, stage: slowest.playback.boundingStage).model
    prediction.breakdown = bounding.breakdown(
      split, played: slowest.playback, step: prediction.step, reduction: reduction + waiting,
      optimizer: optimizer + overhead)
    prediction.peakMemory = fullest
    return Plan(
      strategy: strategy.base, stages: stagePlans, prediction: prediction,
      balanceScore: variation(stagePlans.map { ($0.forward + $0.backward).value }),
      fits: stagePlans.allSatisfy { $0.memory.total <= $0.memoryLimit })
  }

  /// What waiting for the slowest replica adds to a step. Where stages differ in replicas, as many meet as the
  /// stage with the most has: one with fewer joins them at every micro-batch, which spares no waiting.
  var stragglerFraction: Double {
    let nodes = zip(problem.cluster.pools, problem.pools.indices).reduce(0) {
      $0 + $1.0.nodes(holding: strategy.gpus(onPool: $1.1))
    }
    let replicas = (0..<strategy.stages).reduce(1) { max($0, strategy.data(ofStage: $1)) }
    return Self.stragglerFraction(
      problem, nodes: nodes, replicas: replicas * strategy.base.context)
  }

  /// As on one pool.
  static func stragglerFraction(
    _ problem: ClusterProblem, nodes: Int, replicas: Int
  ) -> Double {
    problem.pools[0].stragglerFraction(nodes: nodes, replicas: replicas)
  }

  private struct PlayedLane {
    var index: Int
    var times: PipelineTimes
    var playback: Playback
  }

  /// What one lane does at one stage.
  private struct Load {
    var forward: Seconds
    var backward: Seconds
    var memory: StageMemory
    var limit: ByteCount
    var reduction: Seconds
    var optimizer: Seconds
    var room: ByteCount { limit - memory.total }
  }

  private func load(_ stage: Int, _ split: PipelineSplit, _ lane: PlayedLane) -> Load {
    let chunks = split.chunks(ofStage: stage, of: stages)
    let passes = lane.times.passes(ofStage: stage)
    let end = end(stage, split, lane.times, lane: lane.index)
    let model = model(lane: lane.index, stage: stage).model
    return Load(
      forward: passes.forward, backward: passes.backward,
      memory: model.memory(stage: stage, chunks: chunks, recomputed: split.recomputed[stage]),
      limit: model.problem.memoryLimit, reduction: end.reduction, optimizer: end.optimizer)
  }

  /// Of reduction and update after the last pass, of the stages that take longest. Complexity: O(lanes · nodes).
  ///
  /// - Parameter times: By lane.
  func end(_ split: PipelineSplit, _ times: [PipelineTimes]) -> Seconds {
    var (reduction, optimizer) = (Seconds.zero, Seconds.zero)
    for (lane, times) in times.enumerated() {
      for stage in 0..<stages {
        let end = end(stage, split, times, lane: lane)
        reduction = max(reduction, end.reduction)
        optimizer = max(optimizer, end.optimizer)
      }
    }
    return reduction + optimizer
  }

  /// What a stage of a lane does after its last micro-batch.
  private func end(
    _ stage: Int, _ split: PipelineSplit, _ times: PipelineTimes, lane: Int
  ) -> (reduction: Seconds, optimizer: Seconds) {
    let passes = times.passes(ofStage: stage)
    // Only the passes that bring gradients forth hide their reduction.
    let end = model(lane: lane, stage: stage).model.stepEnd(
      split.chunks(ofStage: stage, of: stages), forward: passes.forward,
      backward: passes.backward - passes.again)
    return (end.reduction + tiedDetour(stage, split, lane: lane), end.optimizer)
  }

  /// The two copies of a tied embedding add their gradients; where they lie on different pools, that
  /// goes over the network between them and not over the pool's own.
  private func tiedDetour(_ stage: Int, _ split: PipelineSplit, lane: Int) -> Seconds {
    guard let tie = problem.pools[0].tie else { return .zero }
    func holder(_ node: Int) -> Int {
      (0..<split.virtualStages).first { split.nodes(ofVirtualStage: $0).contains(node) }! % stages
    }
    let (first, last) = (holder(tie.embedding), holder(tie.head))
    let (a, b) = (model(lane: lane, stage: first), model(lane: lane, stage: last))
    guard stage == first || stage == last, a.pool != b.pool else { return .zero }
    let here = stage == first ? a : b
    let kind = problem.graph.nodes[tie.embedding].kind
    let bytes = ByteCount(here.model.table.costs[kind].parameters * problem.job.gradientBytes)
    let usual =
      bytes
      / here.model.problem.costs.collectives(here.model.parallelism)
      .outermostBandwidth
    return max(bytes / problem.link(from: a.pool, to: b.pool).bandwidth - usual, .zero)
  }

  /// Over the lanes: the slowest's times, and the memory of the one with the least room.
  private func stagePlan(
    _ stage: Int, _ split: PipelineSplit, _ loads: [Load], _ devices: [DeviceGroup]
  ) -> StagePlan {
    let slowest = loads.max { $0.forward + $0.backward < $1.forward + $1.backward }!
    let fullest = loads.min { $0.room < $1.room }!
    let chunks = split.chunks(ofStage: stage, of: stages)
    var plan = StagePlan(
      id: stage, layerRanges: chunks.map { $0.lowerBound...($0.upperBound - 1) },
      parameters: chunks.reduce(0) { sum, nodes in
        nodes.reduce(sum) { $0 + problem.graph.layer($1).parameters }
      },
      recomputedLayers: split.recomputed[stage], devices: devices, forward: slowest.forward,
      backward: slowest.backward, memory: fullest.memory, memoryLimit: fullest.limit)
    plan.share = StageShare(
      tensor: strategy.lanes[0].seats[stage].tensor, data: strategy.data(ofStage: stage),
      microBatches: strategy.microBatchShares(ofStage: stage))
    return plan
  }

  private func prediction(step: Seconds, played: Playback) -> Prediction {
    let tokens = Double(problem.job.globalBatchSize) * Double(problem.job.sequenceLength)
    let gpus = strategy.gpus
    let flops = problem.pools[0].costs.modelFLOPs.value
    let rate = ComputeRate(flops / step.value / Double(gpus))
    return Prediction(
      step: step, tokensPerSecond: tokens / step.value, gpus: gpus, modelRate: rate,
      modelFLOPsUtilization: rate.value / meanPeak, bubbleFraction: played.bubbleFraction,
      peakMemory: .zero, breakdown: StepBreakdown())
  }

  /// Peak rate of the GPUs that are used, on average.
  private var meanPeak: Double {
    let used = problem.pools.indices.map { strategy.gpus(onPool: $0) }
    let peaks = problem.cluster.pools.map {
      ($0.accelerator.peaks[problem.job.precision]
        ?? KernelTime.widePeak($0.accelerator, problem.job.precision)).value
    }
    let involved = used.indices.filter { used[$0] > 0 }
    // One peak is its own mean, to the last digit.
    if let only = involved.first, involved.allSatisfy({ peaks[$0] == peaks[only] }) {
      return peaks[only]
    }
    let sum = involved.reduce(0.0) { $0 + Double(used[$1]) * peaks[$1] }
    return sum / Double(strategy.gpus)
  }
}
