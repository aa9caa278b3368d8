import Foundation
import Importing
import JSON
import PlanAPI
import Testing
import Workload

private let router = Router(PlanService(model: ModelGraphs()).routes)

/// Only graphs of one's own.
private struct ModelGraphs: JSONRule {
  var expectation: String { "a graph" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    value["graph"].flatMap { UserGraphRule().read($0, log) }
  }
}

private func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
  try router.post(path, body)
}

private func text(_ value: JSONValue?) -> String? {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) }
}

/// Two towers of unequal layers that meet: stages that take from both in turn are best.
private func towers(_ first: Int, _ second: Int) -> String {
  let names = (0..<first).map { "image_\($0)" } + (0..<second).map { "text_\($0)" } + ["loss"]
  let nodes = names.map { name in
    let flops = name == "loss" ? 1e9 : name.hasPrefix("image") ? 4e12 : 1e12
    let parameters = name == "loss" ? 0 : 150_000_000
    return #"{"id": "\#(name)", "parameters": \#(parameters), "forward_flops": \#(flops), "#
      + #""activation_bytes": 20000000}"#
  }
  func chain(_ tower: String, _ count: Int) -> [String] {
    (0..<count).map { index in
      let next = index == count - 1 ? "loss" : "\(tower)_\(index + 1)"
      return #"{"source": "\#(tower)_\#(index)", "target": "\#(next)", "bytes": 500000}"#
    }
  }
  let edges = chain("image", first) + chain("text", second)
  return #"{"graph": {"nodes": [\#(nodes.joined(separator: ", "))], "#
    + #""edges": [\#(edges.joined(separator: ", "))]}}"#
}

private func body(_ model: String, _ rest: String) -> String {
  #"{"model": \#(model), "cluster": "8x1xa100-sxm4-80gb", "#
    + #""training": {"global_batch_size": 16, "sequence_length": 128}, \#(rest)}"#
}

@Suite struct BranchingRouteTests {
  /// A node that becomes slow where memory is short: no plan is known from which to bound a better one.
  @Test(arguments: ["zb-h1", "1f1b"]) func goesOnWithASlowNode(schedule: String) throws {
    func body(_ rest: String) -> String {
      #"{"model": \#(towers(3, 3)), "cluster": {"pools": [{"gpu": "a100-sxm4-80gb", "nodes": 4, "#
        + #""gpus_per_node": 1, "memory_bytes": 8589934592}]}, "#
        + #""training": {"global_batch_size": 16, "sequence_length": 128}, \#(rest)}"#
    }
    let (_, planned) = try post(
      "/partition", body(#""search": {"schedule": "\#(schedule)"}"#))
    let plan = try #require(text(planned["plan"]))
    let (status, answer) = try post(
      "/replan",
      body(
        #""plan": \#(plan), "horizon_steps": 1, "#
          + #""changes": {"slow_nodes": [{"node": "node-0", "speed": 0.05}]}"#))
    #expect(status == 200 && answer["status"]?.isString("infeasible") == false)
  }

  @Test func stagesListTheirLayersAndAreTakenBack() throws {
    let model = towers(6, 6)
    let (status, answer) = try post(
      "/partition", body(model, #""search": {"pipeline_parallel": 4, "top": 2}"#))
    #expect(status == 200 && answer["status"]!.isString("optimal"))
    let plans = [answer["plan"]!] + Array(answer["alternatives"]!.elements)
    for plan in plans {
      let stages = plan["stages"]!.elements
      let layers = stages.flatMap { $0["layers"]!.elements.map { $0.string! } }
      #expect(Set(layers).count == 13 && layers.count == 13 && layers.last == "loss")
      for stage in stages {
        let range = stage["layer_range"]!
        #expect(stage["layers"]!.count == range[1]!.integer! - range[0]!.integer! + 1)
      }
      let (status, again) = try post("/simulate", body(model, "\"plan\": \(text(plan)!)"))
      #expect(status == 200)
      #expect(text(again["plan"]) == text(plan))
      #expect(again["fits"]?.boolean == true)
    }
    // Four image layers weigh as much as sixteen of text: no order that takes one tower after the
    // other balances four stages as well as taking both at once.
    let best = answer["plan"]!["prediction"]!["step_seconds"]!.double!
    let along = #"[[0, 1], [2, 3], [4, 5], [6, 12]]"#
    let ranges = try JSONDocument(parsing: Array(along.utf8)).root.elements
      .map { #"{"layer_range": \#(text($0)!)}"# }.joined(separator: ", ")
    let strategy = text(answer["plan"]!["strategy"])!
    let (_, other) = try post(
      "/simulate", body(model, #""plan": {"strategy": \#(strategy), "stages": [\#(ranges)]}"#))
    #expect(other["plan"]!["prediction"]!["step_seconds"]!.double! > best * (1 + 1e-9))
  }

  @Test func nothingInterleavesIt() throws {
    let (_, answer) = try post(
      "/partition", body(towers(4, 4), #""search": {"virtual_stages": 2}"#))
    #expect(answer["status"]!.isString("infeasible"))
    #expect(text(answer["reason"]!["rules"])!.contains("models that branch"))
  }

  /// More than 1,024 ways to cut it in two.
  @Test func saysThatItTriedSomeOfManyCuts() throws {
    let (_, answer) = try post(
      "/partition",
      body(towers(35, 35), #""search": {"pipeline_parallel": 8, "schedule": "1f1b"}"#))
    #expect(answer["status"]!.isString("feasible"))
    #expect(text(answer["warnings"])!.contains("more than 1024 ways to cut them in two"))
    #expect(answer["proof"]!["gap_fraction"]!.double! > 0)
  }

  @Test(arguments: [
    (#"["a", "b"], ["c"], ["d"]"#, ""), (#"["b", "a"], ["c"], ["d"]"#, ""),
    (#"["a"], ["b", "c"], ["d"]"#, "/plan/stages/0/layers: names 1 layers, but"),
    (#"["a", "b"], ["c"], ["e"]"#, "/plan/stages/2/layers/0: the model has no such layer"),
    (#"["a", "b"], ["a"], ["d"]"#, "/plan/stages/1/layers/0: the layer \"a\" is on a stage"),
    (#"["a", "b"], ["d"], ["c"]"#, "/plan/stages/1/layers/0: \"d\" comes before \"c\""),
    (#"["a", "b"], null, ["d"]"#, "/plan/stages/1/layers: missing: either every stage"),
    (#"["a", "b"], ["c"], ["a"]"#, "/plan/stages/2/layers/0: the layer \"a\" is on a stage"),
  ])
  func pointsAtLayersThatAreNotThere(stages: String, expected: String) throws {
    let model = twoIntoOneModel
    let lists = try JSONDocument(parsing: Array("[\(stages)]".utf8)).root.elements
    let given = zip(lists, ["[0, 1]", "[2, 2]", "[3, 3]"]).map { list, range in
      let layers = list.kind == .null ? "" : ", \"layers\": \(text(list)!)"
      return "{\"layer_range\": \(range)\(layers)}"
    }
    let (status, answer) = try post(
      "/simulate",
      body(
        model,
        #""plan": {"strategy": {"pipeline_parallel": 3, "data_parallel": 1}, "#
          + #""stages": [\#(given.joined(separator: ", "))]}"#))
    guard !expected.isEmpty else {
      #expect(status == 200 && answer["plan"]!["stages"]![0]!["layers"]!.count == 2)
      return
    }
    let faults = answer["errors"]!.elements.map {
      $0["pointer"]!.string! + ": " + $0["detail"]!.string!
    }
    #expect(status == 422 && faults.count == 1 && faults[0].hasPrefix(expected), "\(faults)")
  }

  /// The published examples of graphs that branch are closed.
  @Test(arguments: ["encoder-decoder", "two-towers"])
  func examplesAreProvenOptimal(name: String) throws {
    let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    let request = try String(
      contentsOf: root.appending(path: "Examples/\(name).json"), encoding: .utf8)
    let (status, answer) = try post("/partition", request)
    #expect(status == 200 && answer["status"]!.isString("optimal"))
    #expect(answer["proof"]!["gap_fraction"]!.double == 0)
    let layers = answer["plan"]!["stages"]!.elements.flatMap { $0["layers"]!.elements }
    #expect(
      layers.count
        == (try JSONDocument(parsing: Array(request.utf8)).root)["model"]!["graph"]!["nodes"]!.count
    )
  }
}
