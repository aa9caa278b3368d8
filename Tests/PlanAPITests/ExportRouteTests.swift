import JSON
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func post(_ path: String, _ members: String) throws -> (status: Int, body: JSONValue) {
  let body = """
    {"model": {"transformer": {"layers": 8, "hidden_size": 512, "heads": 8, "vocab_size": 8192,
      "gated_mlp": true}},
     "cluster": "1x8xh100", "training": {"global_batch_size": 16, "sequence_length": 1024},
     \(members)}
    """
  return try router.post(path, body)
}

private let uneven = """
  "plan": {"strategy": {"pipeline_parallel": 2, "data_parallel": 4, "zero_stage": 1},
    "stages": [{"layer_range": [0, 5]}, {"layer_range": [6, 10]}]}
  """

@Suite struct ExportRouteTests {
  @Test func exportsStandBesideThePlan() throws {
    let (status, answer) = try post(
      "/simulate", uneven + #", "export": ["megatron", "torchtitan@0.1"]"#)
    #expect(status == 200)
    let exports = try #require(answer["exports"])
    #expect(exports.count == 2)
    #expect(exports[0]?["target"]?.string == "megatron")
    #expect(exports[0]?["target_version"] == nil)
    let arguments = exports[0]!["arguments"]!.elements.map { $0.string! }
    #expect(arguments.contains("Et*5|tttL"))
    let file = try #require(exports[0]?["files"]?[0])
    #expect(file["name"]?.string == "megatron-args.txt")
    #expect(file["media_type"]?.string == "text/plain")
    #expect(file["text"]?.string?.contains("--pipeline-model-parallel-layout") == true)
    #expect(exports[1]?["target_version"]?.string == "0.1")
    #expect(exports[1]?["files"]?[0]?["text"]?.string?.contains("[\"layers.5\"]") == true)
    for warning in exports.elements.flatMap({ Array($0["warnings"]!.elements) }) {
      #expect(warning["field"]?.string?.hasPrefix("/") == true)
      #expect(warning["detail"]?.string?.isEmpty == false)
    }
  }

  @Test func theBestPlanIsExported() throws {
    let (status, answer) = try post("/partition", #""export": [{"target": "slurm"}]"#)
    #expect(status == 200)
    #expect(answer["exports"]?[0]?["files"]?[0]?["text"]?.string?.hasPrefix("#!/bin/bash") == true)
    let plain = try post("/partition", #""search": {}"#).body
    #expect(plain["exports"] == nil)
    #expect(plain["plan"]?.canonicalBytes == answer["plan"]?.canonicalBytes)
  }

  @Test func aRefusalIsNoFault() throws {
    let (status, answer) = try post(
      "/simulate",
      #""plan": {"strategy": {"pipeline_parallel": 2, "data_parallel": 4, "zero_stage": 3}}, "#
        + #""export": ["deepspeed", "accelerate"]"#)
    #expect(status == 200)
    for (index, field) in ["zero_stage", "pipeline_parallel"].enumerated() {
      let export = try #require(answer["exports"]?[index])
      #expect(export["files"] == nil)
      #expect(export["error"]?["reasons"]?[0]?["field"]?.string == "/plan/strategy/" + field)
    }
  }

  /// A graph of one's own has no shapes: what needs them says so.
  @Test func exportsGraphsAsFarAsTheyGo() throws {
    let body = """
      {"model": {"graph": {"nodes": [{"id": "a", "parameters": 1000, "forward_flops": 1e9,
        "activation_bytes": 1000}, {"id": "b", "parameters": 1000, "forward_flops": 1e9,
        "activation_bytes": 1000}], "edges": [{"source": "a", "target": "b"}]}},
       "cluster": "1x8xh100", "training": {"global_batch_size": 16, "sequence_length": 1024},
       "plan": {"strategy": {}}, "export": ["megatron", "deepspeed"]}
      """
    let response = router.response(
      to: APIRequest(method: "POST", path: "/simulate", body: Array(body.utf8)))
    let exports = try #require(try JSONDocument(parsing: response.body).root["exports"])
    #expect(exports[0]?["error"]?["reasons"]?[0]?["field"]?.string == "/model")
    #expect(exports[1]?["files"]?.count == 1)
  }

  @Test(arguments: [
    (#"["megatro"]"#, "/export/0", "did you mean \"megatron\""),
    (#"["horovod"]"#, "/export/0", "known: \"megatron\""),
    (#"["torchtitan@9"]"#, "/export/0", "known: \"0.1\", \"0.2\", \"0.3\""),
    (#"["slurm@9"]"#, "/export/0", "no versions"),
    (#"[{"target": "torchtitan", "target_version": "9"}]"#, "/export/0/target_version", "0.1"),
    (#"[{"target": "x"}]"#, "/export/0/target", "known:"),
    (#"[{"target": "slurm", "version": "9"}]"#, "/export/0/version", "target_version"),
    (#"[{}]"#, "/export/0/target", "missing"), ("[]", "/export", "1 to 32"),
    ("[3]", "/export/0", "launcher's name"), (#""megatron""#, "/export", "array"),
  ])
  func refusesUnknownTargets(export: String, pointer: String, detail: String) throws {
    let (status, problem) = try post("/simulate", uneven + ", \"export\": \(export)")
    #expect(status == 422)
    #expect(problem["errors"]?.count == 1)
    #expect(problem["errors"]?[0]?["pointer"]?.string == pointer)
    #expect(problem["errors"]?[0]?["detail"]?.string?.contains(detail) == true)
  }
}
