import Costing
import Hardware
import JSON
import Planning
import Quantities
import Scheduling
import Testing
import Workload

@testable import PlanAPI

/// Twelve layers without operators: nothing of the model limits how it is split.
private let limits = ModelLimits(
  LayerGraph(
    name: "plain", kinds: [Layer(kind: .custom, operators: [])],
    nodes: (0..<12).map { LayerGraph.Node(name: "\($0)", kind: 0) },
    edges: (0..<11).map { .init(source: $0, target: $0 + 1, elementsPerToken: 8) }, hiddenSize: 8,
    vocabularySize: 8))

@Suite struct PlanRuleTests {
  private let job = TrainingJob(globalBatchSize: 64, sequenceLength: 1024)

  /// Resolves a strategy for 16 GPUs and notes what is wrong.
  private func resolve(_ strategy: String) throws -> (ParallelStrategy?, [String]) {
    let document = try JSONDocument(parsing: "{\"strategy\": \(strategy)}")
    let log = JSONFaultLog(for: document)
    let plan = try #require(PlanRule().read(document.root, log))
    let resolved = plan.strategy.resolved(gpus: 16, job: job, limits: limits, log)
    return (resolved, log.faults?.list.map { "\($0.pointer): \($0.detail)" } ?? [])
  }

  @Test func fillsInWhatFrameworksDo() throws {
    let plain = try resolve("{}").0
    #expect(plain == ParallelStrategy(data: 16, microBatchSize: 1, microBatches: 4))
    let full = try resolve(
      #"{"pipeline_parallel": 2, "tensor_parallel": 4, "virtual_stages": 2, "micro_batches": 8}"#
    ).0
    let expected = ParallelStrategy(
      pipeline: 2, tensor: 4, data: 2, virtualStages: 2, microBatchSize: 4, microBatches: 8,
      sequenceParallel: true, schedule: .interleaved)
    #expect(full == expected)
    #expect(try resolve(#"{"data_parallel": 4}"#).0?.gpus == 4)
  }

  @Test(arguments: [
    (
      #"{"tensor_parallel": 3}"#,
      "/strategy: pipeline_parallel · tensor_parallel · context_parallel = 3 does not divide"
    ),
    (#"{"tensor_parallel": 32}"#, "/strategy: "),
    (#"{"tensor_parallel": 8, "data_parallel": 4}"#, "/strategy: "),
    (
      #"{"tensor_parallel": 1048576, "pipeline_parallel": 1048576, "context_parallel": 1048576, "data_parallel": 1048576}"#,
      "/strategy: "
    ),
    (#"{"data_parallel": 12}"#, "/strategy: the global batch of 64 does not divide over 12"),
    (
      #"{"data_parallel": 8, "micro_batch_size": 3}"#,
      "/strategy/micro_batch_size: 3 does not divide the 8"
    ),
    (
      #"{"data_parallel": 8, "micro_batches": 16}"#,
      "/strategy/micro_batches: 16 does not divide the 8"
    ),
    (
      #"{"data_parallel": 8, "micro_batch_size": 2, "micro_batches": 5}"#,
      "/strategy/micro_batches: a global batch of 64 over 8 replicas in micro-batches of 2 makes 4"
    ),
    (#"{"data_parallel": 4, "expert_parallel": 8}"#, "/strategy/expert_parallel: must be 1"),
    (#"{"sequence_parallel": true}"#, "/strategy/sequence_parallel: needs tensor_parallel > 1"),
    (#"{"schedule": "interleaved"}"#, "/strategy/virtual_stages: "),
    (#"{"virtual_stages": 2}"#, "/strategy/virtual_stages: need pipeline_parallel > 1"),
    (#"{"pipeline_parallel": 16}"#, "/strategy/pipeline_parallel: "),
    (
      #"{"pipeline_parallel": 2, "data_parallel": 2, "zero_stage": 2, "rank_order": "tp-cp-pp-dp"}"#,
      "/strategy/rank_order: tp-cp-pp-dp goes with zero_stage 0 and 1"
    ),
  ])
  func notesWhatDoesNotGoTogether(strategy: String, expected: String) throws {
    let (resolved, faults) = try resolve(strategy)
    #expect(resolved == nil)
    #expect(faults.contains { $0.hasPrefix(expected) }, "\(faults)")
  }

  @Test func takesAnAnswersPlan() throws {
    let text = """
      {"total_stages": 1, "balance_score": 0.1, "prediction": {"step_seconds": 1},
       "strategy": {"pipeline_parallel": 1, "tensor_parallel": 1, "data_parallel": 1,
         "context_parallel": 1, "expert_parallel": 1, "virtual_stages": 1, "micro_batch_size": 1,
         "micro_batches": 8, "zero_stage": 1, "sequence_parallel": false, "recompute": "none",
         "schedule": "1f1b"},
       "stages": [{"stage_id": 0, "layer_range": [0, 9], "parameters": 5, "recompute_layers": 0,
         "devices": [{"node": "n0", "gpus": [0]}], "forward_seconds": 0.1, "backward_seconds": 0.2,
         "memory_bytes": {"weights": 1}, "memory_limit_bytes": 80}]}
      """
    let plan = try value(text, as: .plan)
    #expect(plan.strategy.microBatches == 8 && plan.strategy.zeroStage == .optimizer)
    #expect(plan.stages?.map(\.layerRanges) == [[0...9]])
    #expect(plan.stages?[0].devices == [DeviceGroup(node: "n0", gpus: [0])])
    #expect(plan.stages?[0].recomputedLayers == 0)
  }

  @Test(arguments: [
    ("{}", ["/strategy"]),
    (#"{"strategy": {"pp": 2}}"#, ["/strategy/pp"]),
    (#"{"strategy": {}, "stages": []}"#, ["/stages"]),
    (#"{"strategy": {}, "total_stages": 2}"#, ["/total_stages"]),
    (#"{"strategy": {"pipeline_parallel": 2}, "stages": [{"layer_range": [0, 1]}]}"#, ["/stages"]),
    (#"{"strategy": {}, "stages": [{}]}"#, ["/stages/0"]),
    (
      #"{"strategy": {}, "stages": [{"layer_range": [0, 1], "layer_ranges": [[0, 1]]}]}"#,
      ["/stages/0"]
    ),
    (#"{"strategy": {}, "stages": [{"layer_range": [3, 1]}]}"#, ["/stages/0/layer_range"]),
    (#"{"strategy": {}, "stages": [{"layer_range": [0, -1]}]}"#, ["/stages/0/layer_range/1"]),
    (#"{"strategy": {}, "stages": [{"layer_range": [0]}]}"#, ["/stages/0/layer_range"]),
    (
      #"{"strategy": {}, "stages": [{"layer_range": [0, 1], "recompute_layers": -1, "devices": [{}]}]}"#,
      ["/stages/0/recompute_layers", "/stages/0/devices/0/node", "/stages/0/devices/0/gpus"]
    ),
  ])
  func notesFaults(text: String, expected: [String]) throws {
    #expect(try pointers(text, as: .plan) == expected)
  }
}

@Suite struct StageCheckTests {
  private let cluster: Cluster = {
    let chip = Accelerator(
      id: "x", name: "X", vendor: "v", architecture: .hopper, peaks: [:], memory: .gibi(80),
      memoryBandwidth: .gigabytes(1), scaleUpBandwidth: .gigabytes(1),
      networkBandwidth: .gigabytes(1), gpusPerNode: 2, scaleUpDomain: 2)
    return Cluster(pools: [
      Pool(
        name: "p", accelerator: chip, gpusPerNode: 2, nodeNames: ["n0", "n1"], memory: .gibi(80),
        levels: [])
    ])
  }()

  /// Checks stages for a model of ten layers on two nodes of two GPUs.
  private func check(_ strategy: String, _ stages: String) throws -> [String] {
    let document = try JSONDocument(
      parsing: "{\"strategy\": \(strategy), \"stages\": \(stages)}")
    let log = JSONFaultLog(for: document)
    let plan = try #require(PlanRule().read(document.root, log))
    let job = TrainingJob(globalBatchSize: 8, sequenceLength: 8)
    let resolved = try #require(plan.strategy.resolved(gpus: 4, job: job, limits: limits, log))
    plan.checkStages(resolved, plainModel(layers: 8), pools: cluster.pools, log)
    return log.faults?.list.map { "\($0.pointer): \($0.detail)" } ?? []
  }

  private let two = #"{"pipeline_parallel": 2}"#

  @Test func acceptsWhatFits() throws {
    #expect(try check(two, #"[{"layer_range": [0, 3]}, {"layer_range": [4, 9]}]"#).isEmpty)
    let placed = """
      [{"layer_range": [0, 3], "devices": [{"node": "n1", "gpus": [0, 1]}]},
       {"layer_range": [4, 9], "devices": [{"node": "n0", "gpus": [1]}, {"node": "n0", "gpus": [0]}]}]
      """
    #expect(try check(two, placed).isEmpty)
    let chunks = """
      [{"layer_ranges": [[0, 1], [4, 5]]}, {"layer_ranges": [[2, 3], [6, 9]]}]
      """
    #expect(try check(#"{"pipeline_parallel": 2, "virtual_stages": 2}"#, chunks).isEmpty)
  }

  @Test(arguments: [
    (
      #"[{"layer_range": [0, 3]}, {"layer_range": [5, 9]}]"#,
      "/stages/1/layer_range: expected to start at layer 4"
    ),
    (
      #"[{"layer_range": [0, 3]}, {"layer_range": [3, 9]}]"#,
      "/stages/1/layer_range: expected to start at layer 4"
    ),
    (
      #"[{"layer_range": [1, 3]}, {"layer_range": [4, 9]}]"#,
      "/stages/0/layer_range: expected to start at layer 0"
    ),
    (
      #"[{"layer_range": [0, 3]}, {"layer_range": [4, 10]}]"#,
      "/stages/1/layer_range: ends at layer 10"
    ),
    (
      #"[{"layer_range": [0, 3]}, {"layer_range": [4, 8]}]"#,
      "/stages/1/layer_range: the stages end before layer 9"
    ),
    (
      #"[{"layer_ranges": [[0, 3], [4, 4]]}, {"layer_range": [4, 9]}]"#,
      "/stages/0: expected 1 layer range,"
    ),
    (
      #"[{"layer_range": [0, 3], "recompute_layers": 5}, {"layer_range": [4, 9]}]"#,
      "/stages/0/recompute_layers: 5 layers"
    ),
    (
      #"[{"layer_range": [0, 3], "recompute_layers": 2}, {"layer_range": [4, 9]}]"#,
      "/stages/0/recompute_layers: layers are recomputed"
    ),
  ])
  func notesStagesThatDoNotFit(stages: String, expected: String) throws {
    let faults = try check(two, stages)
    #expect(faults.count == 1 && faults[0].hasPrefix(expected), "\(faults)")
  }

  /// The embedding recomputes nothing, and fewer blocks than there are cannot be told.
  @Test(arguments: [
    (2, "/stages/0/recompute_layers: recompute \"selective\" is of all 3 blocks"), (3, nil),
    (4, nil),
  ])
  func notesSelectiveRecomputationOfSomeLayers(count: Int, expected: String?) throws {
    let faults = try check(
      #"{"pipeline_parallel": 2, "recompute": "selective"}"#,
      #"[{"layer_range": [0, 3], "recompute_layers": \#(count)}, {"layer_range": [4, 9]}]"#)
    #expect(faults.count == (expected == nil ? 0 : 1))
    if let expected { #expect(faults.first?.hasPrefix(expected) ?? false, "\(faults)") }
  }

  @Test(arguments: [
    (#"{"node": "n0", "gpus": [0, 1]}"#, "", "/stages/1/devices: missing: either every"),
    (
      #"{"node": "n0", "gpus": [0, 2]}"#, #"{"node": "n1", "gpus": [0, 1]}"#,
      "/stages/0/devices/0/gpus/1: node n0 has GPUs 0 to 1"
    ),
    (
      #"{"node": "n9", "gpus": [0, 1]}"#, #"{"node": "n1", "gpus": [0, 1]}"#,
      "/stages/0/devices/0/node: the cluster has no such node; did you mean"
    ),
    (
      #"{"node": "n0", "gpus": [0, 1]}"#,
      #"{"node": "n0", "gpus": [1]}, {"node": "n1", "gpus": [1]}"#,
      "/stages/1/devices/0/gpus/0: GPU 1 of node n0 is named twice"
    ),
    (
      #"{"node": "n0", "gpus": [0]}"#, #"{"node": "n1", "gpus": [0, 1]}"#,
      "/stages/0/devices: tensor_parallel · data_parallel"
    ),
  ])
  func notesDevicesThatAreNot(first: String, second: String, expected: String) throws {
    let devices = second.isEmpty ? "" : ", \"devices\": [\(second)]"
    let faults = try check(
      two,
      "[{\"layer_range\": [0, 3], \"devices\": [\(first)]}, {\"layer_range\": [4, 9]\(devices)}]")
    #expect(faults.count == 1 && faults[0].hasPrefix(expected), "\(faults)")
  }
}
