import Importing
import JSON
import PlanAPI
import Testing

private let plain = Router(PlanService(model: PlainModelRule()).routes)
private let models = Router(PlanService(model: ModelGraphRule()).routes)

private let training = #"{"global_batch_size": 64, "sequence_length": 1024}"#

private func text(_ value: JSONValue?) -> String {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) } ?? "nothing"
}

/// Of twelve blocks on eight GPUs unless said otherwise.
private func simulate(
  _ plan: String, router: Router = plain, model: String = "12", cluster: String = "\"1x8xh100\""
) throws -> (status: Int, body: JSONValue) {
  try router.post(
    "/simulate", ["model": model, "cluster": cluster, "training": training, "plan": plan])
}

private func uniform(_ strategy: String) -> String {
  "{\"split\": \"uniform\", \"strategy\": {\(strategy)}}"
}

/// The layers of every chunk, stage by stage.
private func ranges(_ answer: JSONValue) -> [String] {
  answer["plan"]!["stages"]!.elements.map { text($0["layer_range"] ?? $0["layer_ranges"]) }
}

@Suite struct UniformSplitRouteTests {
  @Test(arguments: [
    (#""pipeline_parallel": 1"#, ["[0,13]"]),
    (#""pipeline_parallel": 4"#, ["[0,3]", "[4,6]", "[7,9]", "[10,13]"]),
    (
      #""pipeline_parallel": 2, "virtual_stages": 3"#,
      ["[[0,2],[5,6],[9,10]]", "[[3,4],[7,8],[11,13]]"]
    ),
  ])
  func cutsAfterEquallyManyBlocks(strategy: String, expected: [String]) throws {
    let (status, answer) = try simulate(uniform(strategy))
    #expect(status == 200 && ranges(answer) == expected)
    #expect(answer["warnings"]?.count == 0)
  }

  /// With the stages in it, a plan is predicted alike.
  @Test(arguments: [
    #""pipeline_parallel": 4, "recompute": "full""#,
    #""pipeline_parallel": 2, "virtual_stages": 3, "recompute": "selective""#,
    #""pipeline_parallel": 5, "data_parallel": 1"#,
    #""pipeline_parallel": 4, "virtual_stages": 2, "micro_batch_size": 2"#,
  ])
  func itsPlanIsTakenBack(strategy: String) throws {
    let (_, answer) = try simulate(uniform(strategy))
    let plan = try #require(answer["plan"])
    let (status, again) = try simulate(text(plan))
    #expect(status == 200 && text(again["plan"]) == text(plan))
  }

  @Test func recomputesBlocksAlone() throws {
    let (_, answer) = try simulate(uniform(#""pipeline_parallel": 4, "recompute": "full""#))
    let stages = answer["plan"]!["stages"]!.elements
    #expect(stages.map { $0["recompute_layers"]!.integer! } == [3, 3, 3, 3])
  }

  /// The first stages hold one more, which is said.
  @Test func saysWhereTheRemainderLies() throws {
    let (_, answer) = try simulate(uniform(#""pipeline_parallel": 5, "data_parallel": 1"#))
    #expect(ranges(answer) == ["[0,3]", "[4,6]", "[7,8]", "[9,10]", "[11,13]"])
    let warnings = answer["warnings"]!.elements.map { $0.string! }
    #expect(warnings.count == 1 && warnings[0].hasPrefix("12 layers do not divide evenly among 5"))
  }

  /// Blocks count alike, whatever they hold: of DeepSeek-V3's 61 the first three are dense.
  @Test func blocksOfEveryKindCount() throws {
    let (status, answer) = try simulate(
      uniform(#""pipeline_parallel": 8, "data_parallel": 8, "expert_parallel": 8"#),
      router: models, model: "\"deepseek-v3\"", cluster: "\"8x8xh100\"")
    #expect(status == 200)
    let held = answer["plan"]!["stages"]!.elements.map {
      $0["layer_range"]![1]!.integer! - $0["layer_range"]![0]!.integer! + 1
    }
    #expect(held[0] == 9 && held[1...4] == [8, 8, 8, 8] && held[5...6] == [7, 7])
  }

  @Test func bestIsWhatLeavingItOutMeans() throws {
    let strategy = #""strategy": {"pipeline_parallel": 4}"#
    let (_, named) = try simulate("{\"split\": \"best\", \(strategy)}")
    let (_, absent) = try simulate("{\(strategy)}")
    #expect(text(named) == text(absent))
  }

  @Test(arguments: [
    (#"{"split": "even", "strategy": {}}"#, "12", "/plan/split"),
    (
      #"{"split": "uniform", "strategy": {}, "stages": [{"layer_range": [0, 13]}]}"#, "12",
      "/plan/split"
    ),
    (
      #"{"split": "best", "strategy": {}, "stages": [{"layer_range": [0, 13]}]}"#, "12",
      "/plan/split"
    ),
    (uniform(#""pipeline_parallel": 8"#), "7", "/plan/split"),
    (uniform(#""pipeline_parallel": 4, "virtual_stages": 3"#), "10", "/plan/split"),
  ])
  func pointsAtWhatMakesNoSense(plan: String, model: String, expected: String) throws {
    let (status, problem) = try simulate(plan, model: model)
    #expect(status == 422)
    #expect(problem["errors"]?.elements.map { $0["pointer"]!.string! } == [expected])
  }

  /// On GPUs of several types only devices tell which stage runs where.
  @Test func needsStagesOnSeveralTypes() throws {
    let (status, problem) = try simulate(
      uniform(#""pipeline_parallel": 2"#), cluster: "\"1x4xa100+1x4xh100\"")
    #expect(status == 422)
    #expect(problem["errors"]?.elements.map { $0["pointer"]!.string! } == ["/plan/stages"])
  }

  /// Nobody cuts a graph that branches but by hand; of one stage there is nothing to cut.
  @Test func branchesAreNotCutUniformly() throws {
    let model = twoIntoOneModel
    let (status, problem) = try simulate(
      uniform(#""pipeline_parallel": 2"#), router: models, model: model)
    #expect(status == 422)
    #expect(problem["errors"]?.elements.map { $0["pointer"]!.string! } == ["/plan/split"])
    let (whole, answer) = try simulate(uniform(""), router: models, model: model)
    #expect(whole == 200 && ranges(answer) == ["[0,3]"])
  }

  /// A chain of one's own has no blocks: all its layers count.
  @Test func allLayersOfAPlainChainCount() throws {
    let nodes = (0..<7).map {
      #"{"id": "\#($0)", "parameters": 1, "forward_flops": 1e12, "activation_bytes": 1}"#
    }
    let edges = (0..<6).map { #"{"source": "\#($0)", "target": "\#($0 + 1)"}"# }
    let model =
      #"{"graph": {"nodes": [\#(nodes.joined(separator: ", "))], "#
      + #""edges": [\#(edges.joined(separator: ", "))]}}"#
    let (_, answer) = try simulate(
      uniform(#""pipeline_parallel": 4"#), router: models, model: model)
    #expect(ranges(answer) == ["[0,1]", "[2,3]", "[4,5]", "[6,6]"])
  }

  @Test func aCalibrationTakesIt() throws {
    let job = "\"model\": 12, \"cluster\": \"1x8xh100\", \"training\": \(training)"
    func residual(_ split: String) throws -> String {
      let plan = "{\(split)\"strategy\": {\"pipeline_parallel\": 4}}"
      let run = "{\(job), \"plan\": \(plan), \"measured\": {\"step_seconds\": 0.1}}"
      let (status, answer) = try plain.post("/calibrate", "{\"runs\": [\(run)]}")
      #expect(status == 200)
      return text(answer)
    }
    #expect(try residual("\"split\": \"uniform\", ") != residual(""))
  }
}
