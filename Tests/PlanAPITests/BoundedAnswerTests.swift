import Importing
import JSON
import PlanAPI
import Testing
import Workload

private let router = Router(PlanService(model: PlainOrGiven()).routes)

/// A number of plain layers, or a graph of one's own.
private struct PlainOrGiven: JSONRule {
  var expectation: String { "a number of layers, or a graph" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    value["graph"].map { UserGraphRule().read($0, log) } ?? PlainModelRule().read(value, log)
  }
}

/// Answers to the partition request, which come within a time that debug builds keep, too.
private func partition(
  model: String = "6", _ cluster: String = "1x8xh100", batch: Int = 16, search: String = "{}"
) throws -> JSONValue {
  let body =
    #"{"model": \#(model), "cluster": "\#(cluster)", "search": \#(search), "#
    + #""training": {"global_batch_size": \#(batch), "sequence_length": 512}}"#
  let start = ContinuousClock.now
  let response = router.response(
    to: APIRequest(method: "POST", path: "/partition", body: Array(body.utf8)))
  #expect(ContinuousClock.now - start < .seconds(60))
  #expect(response.status == 200)
  return try JSONDocument(parsing: response.body).root
}

private func gpus(_ plan: JSONValue?) -> Int {
  ["pipeline", "tensor", "data", "context"].reduce(1) {
    $0 * (plan?["strategy"]?["\($1)_parallel"]?.integer ?? 0)
  }
}

/// Requests at the edge of what makes sense: a clear answer to each, soon.
@Suite struct BoundedAnswerTests {
  @Test(arguments: [
    (
      #"{"pipeline_parallel": 4, "tensor_parallel": 4, "data_parallel": 4}"#,
      "the smallest degrees asked for take 64 GPUs; the cluster has 8"
    ),
    (#"{"schedule": "gpipe", "virtual_stages": 2}"#, "no combination of these is valid"),
    (#"{"schedule": "interleaved", "pipeline_parallel": 1}"#, "no combination of these is valid"),
    (#"{"sequence_parallel": true, "tensor_parallel": 1}"#, "needs tensor_parallel > 1"),
    (#"{"tensor_parallel": 3}"#, "tensor_parallel 3: must divide the 16 attention heads"),
    (#"{"expert_parallel": 2}"#, "expert_parallel 2: must be 1: the model has no experts"),
    (#"{"pipeline_parallel": 8, "micro_batch_size": 32}"#, "must divide the global batch of 16"),
    (#"{"pipeline_parallel": 9}"#, "times virtual_stages must not exceed the 8 layers"),
    (#"{"data_parallel": 3}"#, "must divide the global batch of 16 sequences"),
  ])
  func saysWhatContradicts(search: String, expected: String) throws {
    let answer = try partition(search: search)
    #expect(answer["status"]!.isString("infeasible"))
    let reason = try #require(answer["reason"])
    #expect(reason["kind"]!.isString("no_strategy"))
    let rules = reason["rules"]!.elements.map { $0.string! }
    #expect(rules.contains { $0.contains(expected) }, "\(rules)")
  }

  /// The first plan that is met is an answer, with its gap.
  @Test func aDeadlineOfNothingStillHasAPlan() throws {
    let answer = try partition("64x8xh100", batch: 512, search: #"{"deadline_ms": 0}"#)
    #expect(["optimal", "feasible"].contains(answer["status"]!.string))
    let (proof, prediction) = (answer["proof"]!, answer["plan"]!["prediction"]!)
    let step = prediction["step_seconds"]!.double!
    #expect(proof["lower_bound_seconds"]!.double! <= step)
    #expect((0..<1).contains(proof["gap_fraction"]!.double!))
    #expect(proof["gap_fraction"]!.double! > 0 || answer["status"]!.isString("optimal"))
  }

  /// A batch that no number of replicas but 1 and itself divides.
  @Test func aPrimeBatchIsPlanned() throws {
    let answer = try partition(batch: 17)
    #expect(answer["status"]!.isString("optimal"))
    #expect([1, 17].contains(answer["plan"]!["strategy"]!["data_parallel"]!.integer!))
    let alone = try partition(batch: 1)
    #expect(alone["plan"]!["strategy"]!["data_parallel"]!.integer == 1)
  }

  @Test(arguments: [("1x7xh100", 14), ("13x1xa100", 26), ("1x1xh100", 4), ("1x5xl40s", 7)])
  func oddNumbersOfGPUsArePlanned(cluster: String, batch: Int) throws {
    let answer = try partition(cluster, batch: batch)
    #expect(answer["status"]!.isString("optimal"))
    let all = cluster.split(separator: "x").prefix(2).reduce(1) { $0 * Int($1)! }
    let used = gpus(answer["plan"])
    #expect((1...all).contains(used))
    let says = answer["warnings"]!.elements.contains {
      $0.string!.contains("The plan uses \(used) of the \(all) GPUs")
    }
    #expect(says == (used < all))
  }

  @Test func a131072GPUsArePlanned() throws {
    let answer = try partition(
      model: "48", "16384x8xh100", batch: 16384, search: #"{"deadline_ms": 500, "top": 0}"#)
    #expect(["optimal", "feasible"].contains(answer["status"]!.string))
    #expect(gpus(answer["plan"]) <= 131_072)
    #expect(answer["proof"]!["lower_bound_seconds"]!.double! > 0)
  }

  @Test func aThousandUnequalLayersArePlanned() throws {
    let nodes = (0..<1000).map { index in
      #"{"id": \#(index), "parameters": \#(index * 7919 % 5000 * 1000), "#
        + #""forward_flops": \#(1 + index * 104_729 % 1000)e9, "activation_bytes": 1000000}"#
    }
    let edges = (1..<1000).map { #"{"source": \#($0 - 1), "target": \#($0), "bytes": 1000000}"# }
    let graph =
      #"{"graph": {"nodes": [\#(nodes.joined(separator: ","))], "#
      + #""edges": [\#(edges.joined(separator: ","))]}}"#
    let answer = try partition(
      model: graph, "4x8xh100", batch: 64,
      search: #"{"deadline_ms": 500, "pipeline_parallel": 8, "top": 0}"#)
    #expect(["optimal", "feasible"].contains(answer["status"]!.string))
    let ranges = answer["plan"]!["stages"]!.elements.map {
      $0["layer_range"] ?? $0["layer_ranges"]!
    }
    #expect(ranges.count == 8)
  }
}
