@testable import Reporting
import Costing
import Planning
import Quantities
import Scheduling
import Workload

/// Plans with round figures for the reports to show; they come from no search.
struct SamplePlan {
  var plan: Plan
  var times: PipelineTimes
  var graph: LayerGraph
  let tensors = TensorScale(microBatchSize: 2, sequenceLength: 1024, precision: .bf16)

  var playback: Playback {
    plan.strategy.schedule.play(
      times, microBatches: plan.strategy.microBatches, withTimeline: true)
  }

  var picture: PlanPicture {
    PlanPicture(
      heading: "gpt-sample on \(plan.prediction.gpus) GPUs", plan: plan, playback: playback,
      graph: graph, tensors: tensors)
  }

  /// - Parameter excess: by how many GiB stage 0 exceeds its limit.
  init(
    stages: Int, chunks: Int = 1, microBatches: Int, schedule: PipelineSchedule,
    send: Double = 0.000_6, recompute: Double = 0, excess: Double = -10
  ) {
    let parts = stages * chunks
    let blocks = parts * 6 / chunks
    graph = Self.graph(blocks: blocks)
    let all = { (time: Double, count: Int) in [Seconds](repeating: Seconds(time), count: count) }
    var (forward, backward) = (all(0.006, parts), all(0.006 + recompute, parts))
    forward[parts - 1] = Seconds(0.0072)
    backward[parts - 1] += Seconds(0.0012)
    times = PipelineTimes(
      stages: stages, chunksPerStage: chunks, forward: forward, backwardInput: backward,
      backwardWeight: all(0.005, parts), recompute: all(recompute, parts),
      sendForward: all(send, parts - 1), sendBackward: all(send, parts - 1))
    let strategy = ParallelStrategy(
      pipeline: stages, tensor: 2, data: 2, virtualStages: chunks, microBatchSize: 2,
      microBatches: microBatches, recompute: recompute > 0 ? .full : .none, schedule: schedule)
    let playback = schedule.play(times, microBatches: microBatches)
    let layers = graph.nodes.count
    let stagePlans = (0..<stages).map { stage in
      Self.stage(stage, stages, chunks, layers, playback, excess, recomputes: recompute > 0)
    }
    plan = Plan(
      strategy: strategy, stages: stagePlans,
      prediction: Self.prediction(strategy, playback, stagePlans), balanceScore: 0.0312,
      fits: excess <= 0)
  }

  private static func graph(blocks: Int) -> LayerGraph {
    let kinds = [Layer.Kind.embedding, .transformerBlock, .finalNorm, .head].map {
      Layer(kind: $0, operators: [])
    }
    let nodes =
      [LayerGraph.Node(name: "embedding", kind: 0)]
      + (0..<blocks).map { LayerGraph.Node(name: "block_\($0)", kind: 1) }
      + [LayerGraph.Node(name: "norm", kind: 2), LayerGraph.Node(name: "head", kind: 3)]
    let edges = (0..<nodes.count - 1).map {
      LayerGraph.Edge(source: $0, target: $0 + 1, elementsPerToken: 1600)
    }
    return LayerGraph(
      name: "gpt-sample", kinds: kinds, nodes: nodes, edges: edges, hiddenSize: 1600,
      vocabularySize: 50_257)
  }

  private static func stage(
    _ stage: Int, _ stages: Int, _ chunks: Int, _ nodes: Int, _ playback: Playback,
    _ excess: Double, recomputes: Bool
  ) -> StagePlan {
    let parts = stages * chunks
    let bound = { (part: Int) in part * nodes / parts }
    var memory = StageMemory()
    memory.weights = .gibi(6.1)
    memory.gradients = .gibi(6.1)
    memory.optimizer = .gibi(18.3)
    memory.activations = .gibi(20 * Double(playback.peakInFlight[stage]) / Double(stages))
    memory.workspace = .gibi(stage == stages - 1 ? 5.2 : 2.4)
    let limit = ByteCount.gibi(stage == 0 ? memory.total.gibibytes - excess : 75.6)
    return StagePlan(
      id: stage,
      layerRanges: (0..<chunks).map { chunk in
        let part = chunk * stages + stage
        return bound(part)...(bound(part + 1) - 1)
      },
      parameters: 408_884_000, recomputedLayers: recomputes ? 6 : 0,
      devices: [
        DeviceGroup(node: "node-\(stage / 2)", gpus: stage % 2 == 0 ? [0, 1, 2, 3] : [4, 5, 6, 7])
      ],
      forward: .milli(6), backward: .milli(11), memory: memory, memoryLimit: limit)
  }

  private static func prediction(
    _ strategy: ParallelStrategy, _ playback: Playback, _ stages: [StagePlan]
  ) -> Prediction {
    var breakdown = StepBreakdown()
    let parts = playback.breakdown
    breakdown.compute = parts.compute
    breakdown.recompute = parts.recompute
    breakdown.pipeline = parts.exposedSend
    breakdown.bubble = parts.bubble
    breakdown.dataParallel = .milli(11)
    breakdown.optimizer = .milli(7)
    let step = breakdown.total
    let tokens =
      Double(strategy.data * strategy.microBatchSize * strategy.microBatches * 1024) / step.value
    return Prediction(
      step: step, tokensPerSecond: tokens, gpus: strategy.gpus, modelRate: .tera(187),
      modelFLOPsUtilization: 0.431, bubbleFraction: playback.bubbleFraction,
      peakMemory: stages.map(\.memory.total).max()!, breakdown: breakdown)
  }
}
