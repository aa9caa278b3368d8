import JSON
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func simulate(
  _ file: String, model: String = "\"llama-2-7b\"", batch: Int = 32
) throws -> (status: Int, body: JSONValue) {
  let body = """
    {"model": \(model), "cluster": "1x8xa100-sxm4-80gb",
    "training": {"global_batch_size": \(batch), "sequence_length": 2048}, "plan": \(file)}
    """
  let response = router.response(
    to: APIRequest(method: "POST", path: "/simulate", body: Array(body.utf8)))
  return (response.status, try JSONDocument(parsing: response.body).root)
}

/// Of 32 layers on 8 GPUs, two stages, tensor parallelism of two; runs such as `31x1 1x0`.
private func file(_ changes: [String: String] = [:]) -> String {
  func list(_ runs: String) -> String {
    let numbers = runs.split(separator: " ").flatMap { run in
      let parts = run.split(separator: "x")
      return Array(repeating: String(parts[1]), count: Int(parts[0])!)
    }
    return "\"\(numbers.joined(separator: ","))\""
  }
  var members = [
    "pp_deg": "2", "tp_sizes_enc": "32x2", "dp_types_enc": "32x1", "use_sp": "32x0",
    "checkpoint": "4x1 12x0 2x1 14x0", "global_bsz": "32", "chunks": "4",
    "pp_division": "\"16,16\"", "pipeline_type": "\"pipedream_flush\"",
    "default_dp_type": "\"zero2\"", "vtp": "2", "vsp": "0", "embed_sdp": "1",
  ]
  for (name, text) in changes { members[name] = text }
  let written = members.sorted { $0.key < $1.key }.map { name, text in
    "\"\(name)\": \(text.contains("x") ? list(text) : text)"
  }
  return "{" + written.joined(separator: ", ") + "}"
}

/// Strategy files of Galvatron as plans under the service's own cost model.
@Suite struct StrategyFileTests {
  @Test func arePredictedLikeThePlansTheyStandFor() throws {
    let (status, answer) = try simulate(file())
    #expect(status == 200)
    #expect(answer["warnings"]?.count == 0)
    let plan = try #require(answer["plan"])
    let stages = """
      "stages": [{"layer_range": [0, 16], "recompute_layers": 4},
      {"layer_range": [17, 34], "recompute_layers": 2}]
      """
    let own = """
      {"strategy": {"pipeline_parallel": 2, "tensor_parallel": 2, "data_parallel": 2,
      "micro_batch_size": 4, "micro_batches": 4, "zero_stage": 3, "recompute": "full"}, \(stages)}
      """
    let (_, same) = try simulate(own)
    #expect(plan.canonicalBytes == same["plan"]?.canonicalBytes)
  }

  @Test func defaultsAreTakenFromTheFile() throws {
    let (status, answer) = try simulate(
      file(["dp_types_enc": "32x0", "embed_sdp": "0", "pipeline_type": "\"gpipe\""]))
    #expect(status == 200)
    let strategy = try #require(answer["plan"]?["strategy"])
    #expect(strategy["zero_stage"]?.integer == 2)
    #expect(strategy["schedule"]?.string == "gpipe")
  }

  @Test func otherLayersThanTheFirstRecomputeAsMany() throws {
    let (status, answer) = try simulate(file(["checkpoint": "12x0 4x1 2x1 14x0"]))
    #expect(status == 200)
    #expect(answer["plan"]?["stages"]?[0]?["recompute_layers"]?.integer == 4)
    #expect(answer["warnings"]?[0]?.string?.hasPrefix("Of each stage the first layers") ?? false)
  }

  @Test(
    arguments: [
      (["tp_sizes_enc": "16x2 16x1"], "/plan/tp_sizes_enc", "degrees of 1, 2"),
      (["use_sp": "16x0 16x1"], "/plan/use_sp", "Ulysses"),
      (["vsp": "1"], "/plan/vsp", "Ulysses"),
      (["vtp": "1"], "/plan/vtp", "the embedding has a degree of 1"),
      (["dp_types_enc": "31x1 1x0"], "/plan/dp_types_enc", "some layers shard"),
      (["embed_sdp": "0"], "/plan/embed_sdp", "the embedding shards"),
      (["vocab_sdp": "0"], "/plan/vocab_sdp", "differs from embed_sdp"),
      (["global_bsz": "64"], "/plan/global_bsz", "global_batch_size is 32"),
      (["chunks": "32"], "/plan/tp_sizes_enc", "no sample"),
      (["tp_sizes_enc": "30x2"], "/plan/tp_sizes_enc", "32 layers"),
      (["world_size": "16"], "/plan/world_size", "8 GPUs"),
      (["tp_sizes_enc": "32x4", "vtp": "4", "pp_deg": "8"], "/plan/tp_sizes_enc", "divide the 1"),
    ] as [([String: String], String, String)])
  func whatHasNoLikeIsRefused(changes: [String: String], pointer: String, part: String) throws {
    let (status, problem) = try simulate(file(changes))
    #expect(status == 422)
    let found = problem["errors"]?.elements.contains {
      $0["pointer"]?.string == pointer && $0["detail"]?.string?.contains(part) ?? false
    }
    #expect(found == true, "\(String(decoding: problem.canonicalBytes, as: UTF8.self))")
  }

  /// What the service writes for Galvatron it takes back, and predicts the same.
  @Test(arguments: [2, 3])
  func exportedPlansComeBack(zero: Int) throws {
    let body = """
      {"model": "llama-2-7b", "cluster": "1x8xa100-sxm4-80gb",
      "training": {"global_batch_size": 32, "sequence_length": 2048},
      "search": {"zero_stage": \(zero), "schedule": "1f1b", "pipeline_parallel": 2,
       "context_parallel": 1, "top": 0},
      "export": ["galvatron"]}
      """
    let response = router.response(
      to: APIRequest(method: "POST", path: "/partition", body: Array(body.utf8)))
    let answer = try JSONDocument(parsing: response.body).root
    let written = try #require(answer["exports"]?[0]?["files"]?[0]?["text"]?.string)
    let (status, again) = try simulate(written)
    #expect(status == 200)
    let step = try #require(answer["plan"]?["prediction"]?["step_seconds"]?.double)
    #expect(again["plan"]?["prediction"]?["step_seconds"]?.double == step)
  }

  @Test func plansAreObjects() throws {
    let (status, problem) = try simulate("3")
    #expect(status == 422)
    #expect(
      problem["errors"]?[0]?["detail"]?.string?.hasSuffix(
        "or a strategy file of Galvatron, found 3") == true)
  }

  @Test func microBatchesAreSharedEvenly() throws {
    let (status, problem) = try simulate(file(["chunks": "4", "global_bsz": "36"]), batch: 36)
    #expect(status == 422)
    #expect(problem["errors"]?[0]?["pointer"]?.string == "/plan/chunks")
  }
}
