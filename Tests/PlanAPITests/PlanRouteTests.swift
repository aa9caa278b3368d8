import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

/// The parts of a request that is sound.
private let parts: KeyValuePairs = [
  "model": "12", "cluster": "\"1x8xh100\"",
  "training": #"{"global_batch_size": 64, "sequence_length": 1024}"#,
]

/// A body of the sound parts, with some replaced and others added; `nil` leaves one out.
private func body(_ changes: [String: String?] = [:]) -> String {
  var members = parts.map { ($0.key, changes[$0.key] ?? $0.value) }
  for (name, text) in changes.sorted(by: { $0.key < $1.key })
  where !parts.contains(where: { $0.key == name }) {
    members.append((name, text))
  }
  return "{"
    + members.compactMap { name, text in text.map { "\"\(name)\": \($0)" } }
    .joined(separator: ", ") + "}"
}

private func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
  try router.post(path, body)
}

private func text(_ value: JSONValue?) -> String? {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) }
}

@Suite struct PartitionRouteTests {
  /// Beside the plan, so that the plan can be sent on as it is.
  @Test func saysWhatBoundsThePlan() throws {
    let answer = try post("/partition", body()).body
    let explanation = try #require(answer["explanation"])
    #expect(explanation["bound_by"]?.string != nil)
    #expect(explanation["detail"]?.string?.contains(" % of the step") == true)
    let gains = explanation["levers"]!.elements.map { $0["gain_fraction"]!.double! }
    #expect(!gains.isEmpty && gains == gains.sorted(by: >))
    #expect(answer["plan"]?["explanation"] == nil)
    let bare = try post("/partition", body(["search": #"{"explain": false}"#])).body
    #expect(bare["explanation"] == nil)
    #expect(text(bare["plan"]) == text(answer["plan"]))
    let mixed = body([
      "cluster": #"{"pools": [{"gpu": "h100", "nodes": 1}, {"gpu": "a100", "nodes": 1}]}"#
    ])
    #expect(try post("/partition", mixed).body["explanation"] == nil)
  }

  @Test func answersWithAPlanAndItsProof() throws {
    let (status, answer) = try post("/partition", body())
    #expect(status == 200)
    #expect(["optimal", "feasible"].contains(answer["status"]?.string))
    #expect(answer["model_name"]?.string == "plain-12")
    let plan = try #require(answer["plan"])
    let strategy = try #require(plan["strategy"])
    let degrees = ["pipeline", "tensor", "data", "context"].map {
      strategy["\($0)_parallel"]?.integer ?? 0
    }
    #expect(degrees.reduce(1, *) == 8)
    #expect(plan["stages"]?.count == plan["total_stages"]?.integer)
    let prediction = try #require(plan["prediction"])
    let step = try #require(prediction["step_seconds"]?.double)
    let breakdown = try #require(prediction["breakdown_seconds"])
    let sum = breakdown.members.reduce(0) { $0 + ($1.value.double ?? .nan) }
    #expect(abs(sum - step) < 1e-9 * step)
    #expect(answer["proof"]?["lower_bound_seconds"]?.double ?? .infinity <= step)
    for stage in plan["stages"]!.elements {
      let memory = stage["memory_bytes"]!
      let parts = ["weights", "gradients", "optimizer", "activations", "workspace"]
      #expect(parts.reduce(0) { $0 + memory[$1]!.integer! } == memory["total"]?.integer)
      #expect(memory["total"]!.integer! <= stage["memory_limit_bytes"]!.integer!)
    }
  }

  /// What was planned is predicted alike when it is handed back, to the last digit.
  @Test(arguments: [
    [:], ["cluster": "\"4x8xa100\""], ["search": #"{"pipeline_parallel": 4}"#],
    ["search": #"{"pipeline_parallel": 2, "virtual_stages": 2}"#],
    ["search": #"{"pipeline_parallel": 4, "virtual_stages": 3, "uneven_chunks": true}"#],
    ["search": #"{"pipeline_parallel": 2, "tensor_parallel": 2, "recompute": "full"}"#],
    ["search": #"{"pipeline_parallel": 8, "schedule": ["gpipe", "zb-h1"]}"#],
  ])
  func simulatesWhatWasPlanned(changes: [String: String]) throws {
    let (_, answer) = try post("/partition", body(changes.mapValues { $0 }))
    let plans = [answer["plan"]!] + Array(answer["alternatives"]!.elements)
    for plan in plans {
      var again = changes.mapValues { Optional($0) }
      again["search"] = nil
      again["plan"] = text(plan)
      let (status, simulated) = try post("/simulate", body(again))
      #expect(status == 200)
      #expect(text(simulated["plan"]) == text(plan))
      #expect(simulated["fits"]?.boolean == true)
    }
  }

  /// On chips of its years, fp16 stands for frameworks without fused attention; later ones compute in
  /// it as in bf16.
  @Test func fp16IsOfItsYears() throws {
    func step(_ chip: String, _ precision: String) throws -> Double {
      let request = body([
        "cluster": "\"1x8x\(chip)\"", "plan": #"{"strategy": {"pipeline_parallel": 4}}"#,
        "training":
          "{\"global_batch_size\": 64, \"sequence_length\": 4096, \"precision\": \"\(precision)\"}",
      ])
      let answer = try post("/simulate", request).body
      return try #require(answer["plan"]?["prediction"]?["step_seconds"]?.double)
    }
    #expect(try step("a100", "fp16") > 1.2 * step("a100", "bf16"))
    #expect(try step("h100", "fp16") <= step("h100", "bf16"))
  }

  @Test func sameRequestSameAnswer() throws {
    func answer() throws -> String {
      let members = try post("/partition", body()).body.members
      return members.map { name, value in
        name == "proof"
          ? value.members.filter { $0.name != "search_seconds" }.map { text($0.value)! }.joined()
          : text(value)!
      }.joined()
    }
    #expect(try answer() == answer())
  }

  @Test func saysWhyNothingFits() throws {
    let (status, answer) = try post(
      "/partition",
      body([
        "cluster": #"{"pools": [{"gpu": "h100", "nodes": 1, "memory_bytes": 2300000000}]}"#
      ]))
    #expect(status == 200 && answer["status"]?.string == "infeasible")
    let reason = try #require(answer["reason"])
    #expect(reason["kind"]?.string == "memory")
    #expect(reason["excess_bytes"]?.integer ?? 0 > 0)
    #expect(reason["nearest_plan"]?["strategy"]?.kind == .object)
    #expect(reason["detail"]?.string?.contains("GiB") == true)
    let none = try post("/partition", body(["search": #"{"tensor_parallel": 3}"#]))
    #expect(none.status == 200 && none.body["reason"]?["kind"]?.string == "no_strategy")
  }

  @Test(arguments: [
    ("{}", ["/model", "/cluster", "/training"]),
    (body(["model": "0"]), ["/model"]),
    (
      body(["cluster": nil, "training": "{}"]),
      ["/cluster", "/training/global_batch_size", "/training/sequence_length"]
    ),
    (body(["cluster": "\"1x8xh1000\"", "searches": "{}"]), ["/cluster", "/searches"]),
    (
      body(["search": #"{"top": -1, "tensor_paralel": 2}"#]),
      ["/search/top", "/search/tensor_paralel"]
    ),
    (
      body([
        "cluster": "\"1x8xa100\"",
        "training": #"{"global_batch_size": 8, "sequence_length": 8, "precision": "fp8"}"#,
      ]),
      ["/training/precision"]
    ),
    (
      body([
        "cluster": "\"1x8xtpu-v5e\"",
        "training": #"{"global_batch_size": 8, "sequence_length": 8, "precision": "fp32"}"#,
      ]),
      ["/training/precision"]
    ),
    ("[]", [""]), ("3", [""]),
  ])
  func pointsAtEveryFault(body: String, expected: [String]) throws {
    let (status, problem) = try post("/partition", body)
    #expect(status == 422)
    #expect(problem["errors"]!.elements.map { $0["pointer"]!.string! } == expected)
  }

  @Test func saysWhatWasTakenForGranted() throws {
    let old = try post("/partition", body(["cluster": "\"1x8xv100-sxm2-32gb\""]))
    #expect(old.status == 200)
    #expect(old.body["warnings"]?[0]?.string?.contains("bf16") == true)
    let long = try post(
      "/partition",
      body(["training": #"{"global_batch_size": 8, "sequence_length": 8192}"#]))
    #expect(long.body["warnings"]?[0]?.string?.contains("4096") == true)
  }

  @Test func stopsAtTheDeadline() throws {
    let asked = body(["model": "80", "cluster": "\"64x8xh100\""])
    let response = router.response(
      to: APIRequest(
        method: "POST", path: "/partition", body: Array(asked.utf8), isCancelled: { true }))
    let answer = try JSONDocument(parsing: response.body).root
    #expect(response.status == 200)
    #expect(answer["status"]?.string != "optimal")
  }

  /// A deadline of nothing is for the first plan: the frontier ends with it, be the search before it short.
  @Test(
    arguments: ["1x1xh100", "1x8xh100", "1x1xh100+1x1xa100-sxm4-80gb"],
    ["throughput", "cost", "memory"])
  func cutsTheFrontierShort(cluster: String, objective: String) throws {
    func frontier(_ more: String) throws -> Int {
      let search = "{\"frontier\": true, \"objective\": \"\(objective)\"\(more)}"
      let (status, answer) = try post(
        "/partition", body(["cluster": "\"\(cluster)\"", "search": search]))
      #expect(status == 200)
      #expect(answer["plan"] != nil)
      return answer["frontier"]?.count ?? 0
    }
    #expect(try frontier(", \"deadline_ms\": 0") <= 1)
    #expect(try frontier("") > 1)
  }

  /// That there is no plan yet does not rule one out, in whichever form.
  @Test(arguments: ["1x1xt4", "1x1xt4+1x1xl4"])
  func saysThatTimeWasUp(cluster: String) throws {
    let asked = body(["model": "200", "cluster": "\"\(cluster)\""])
    func answer(_ accept: String) -> APIResponse {
      router.response(
        to: APIRequest(
          method: "POST", path: "/partition",
          accept: [accept], body: Array(asked.utf8),
          isCancelled: { true }))
    }
    let response = answer("application/json")
    let root = try JSONDocument(parsing: response.body).root
    #expect(response.status == 200 && response.isInfeasible)
    #expect(root["status"]?.string == "unknown")
    #expect(root["reason"]?["kind"]?.string == "deadline")
    #expect(root["plan"] == nil)
    for media in ["text/plain", "image/svg+xml"] {
      let words = String(decoding: answer(media).body, as: UTF8.self)
      #expect(words.contains("No plan yet for plain-200 on \(cluster)"))
      #expect(!words.contains(".."))
    }
  }
}

@Suite struct SimulateRouteTests {
  @Test func findsTheSplitThatIsLeftOut() throws {
    let (status, answer) = try post(
      "/simulate", body(["plan": #"{"strategy": {"pipeline_parallel": 4}}"#]))
    #expect(status == 200 && answer["fits"]?.boolean == true)
    #expect(answer["plan"]?["stages"]?.count == 4)
    #expect(answer["plan"]?["strategy"]?["data_parallel"]?.integer == 2)
    #expect(answer["plan"]?["stages"]?[3]?["layer_range"]?[1]?.integer == 13)
  }

  @Test func predictsWhatDoesNotFit() throws {
    let (status, answer) = try post(
      "/simulate",
      body([
        "cluster": #"{"pools": [{"gpu": "h100", "nodes": 1, "memory_bytes": 3000000000}]}"#,
        "plan": #"{"strategy": {}}"#,
      ]))
    #expect(status == 200 && answer["fits"]?.boolean == false)
    #expect(answer["plan"]?["prediction"]?["step_seconds"]?.double ?? 0 > 0)
  }

  @Test func recomputesAllLayersUnlessTold() throws {
    func activations(_ recompute: String) throws -> Int {
      let stage = "{\"layer_range\": [0, 13]\(recompute)}"
      let plan = "{\"strategy\": {\"recompute\": \"full\"}, \"stages\": [\(stage)]}"
      let answer = try post("/simulate", body(["plan": plan])).body
      return try #require(answer["plan"]?["stages"]?[0]?["memory_bytes"]?["activations"]?.integer)
    }
    let (all, half) = (try activations(""), try activations(", \"recompute_layers\": 6"))
    #expect(all < half)
    #expect(half < (try activations(", \"recompute_layers\": 0")))
  }

  @Test(arguments: [
    (#"{}"#, ["/plan/strategy"]),
    (#"{"strategy": {"tensor_parallel": 3}}"#, ["/plan/strategy"]),
    (
      #"{"strategy": {"tensor_parallel": 8, "context_parallel": 0}}"#,
      ["/plan/strategy/context_parallel"]
    ),
    (#"{"strategy": {"expert_parallel": 2}}"#, ["/plan/strategy/expert_parallel"]),
    (
      #"{"strategy": {"pipeline_parallel": 2}, "stages": [{"layer_range": [0, 5]}, {"layer_range": [7, 13]}]}"#,
      ["/plan/stages/1/layer_range"]
    ),
    (
      #"{"strategy": {}, "stages": [{"layer_range": [0, 13], "devices": [{"node": "x", "gpus": [0, 1, 2, 3, 4, 5, 6, 7]}]}]}"#,
      ["/plan/stages/0/devices/0/node"]
    ),
  ])
  func pointsAtEveryFault(plan: String, expected: [String]) throws {
    let (status, problem) = try post("/simulate", body(["plan": plan]))
    #expect(status == 422)
    #expect(problem["errors"]?.elements.map { $0["pointer"]!.string! } == expected)
  }
}

@Suite struct CatalogueRouteTests {
  @Test func listsWhatIsKnown() throws {
    let response = router.response(to: APIRequest(method: "GET", path: "/catalog/gpus"))
    let answer = try JSONDocument(parsing: response.body).root
    let gpus = try #require(answer["gpus"])
    #expect(gpus.count > 30)
    let h100 = try #require(gpus.elements.first { $0["id"]!.isString("h100-sxm5-80gb") })
    #expect(h100["bf16_tflops"]?["value"]?.double ?? 0 > 900)
    for gpu in gpus.elements {
      for figure in gpu.members where figure.value.kind == .object {
        let source = try #require(figure.value["source"]?.string)
        #expect(answer["sources"]?[source] != nil)
      }
    }
  }
}
