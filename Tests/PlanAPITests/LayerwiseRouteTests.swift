import Foundation
import JSON
import PlanAPI
import Testing

private func profileText(_ name: String) throws -> String {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try String(
    contentsOf: root.appending(path: "Examples/Profiles/\(name).json"), encoding: .utf8)
}

private let llama = """
  {"galvatron": {"model_size": "llama2-7b", "hidden_size": 4096, "num_layers": 32, \
  "num_attention_heads": 32, "num_query_groups": null, "ffn_hidden_size": 11008, \
  "vocab_size": 32000, "normalization": "RMSNorm", "gated_linear_unit": true, \
  "position_embedding_type": "rope"}}
  """

/// A request on Galvatron's published profiles, with some members replaced and others added.
private func body(_ changes: [String: String?] = [:]) throws -> String {
  var members: [String: String] = [
    "model": llama, "cluster": "\"1x8xa100-sxm4-80gb\"",
    "training": #"{"global_batch_size": 16, "sequence_length": 2048}"#,
    "cost_model": "\"galvatron\"", "profiles": try profileText("llama2-7b-1x8"),
    "galvatron": #"{"hardware_info": {"memory_constraint": 36}}"#,
  ]
  for (name, text) in changes { members[name] = text }
  return "{"
    + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    .joined(separator: ", ") + "}"
}

private let router = Router(PlanService.standard().routes)

private func post(
  _ path: String, _ body: String, service: PlanService? = nil
) throws -> (status: Int, body: JSONValue) {
  let router = service.map { Router($0.routes) } ?? router
  return try router.post(path, body)
}

private func text(_ value: JSONValue?) -> String? {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) }
}

/// The faults of a refused request, as `pointer: detail`.
private func faults(_ path: String, _ body: String) throws -> [String] {
  let (status, answer) = try post(path, body)
  #expect(status == 422)
  return answer["errors"]?.elements.map {
    "\($0["pointer"]?.string ?? ""): \($0["detail"]?.string ?? "")"
  } ?? []
}

@Suite struct LayerwiseRouteTests {
  @Test func plansLayerByLayer() throws {
    let (status, answer) = try post("/partition", body())
    #expect(status == 200)
    #expect(answer["status"]?.string == "optimal")
    let throughput = try #require(
      answer["galvatron"]?["throughput_samples_per_second"]?.double)
    #expect(abs(throughput / 14.733618285218757 - 1) < 1e-9)
    let prediction = try #require(answer["plan"]?["prediction"])
    let step = try #require(prediction["step_seconds"]?.double)
    let parts = prediction["breakdown_seconds"]!.members.reduce(0) { $0 + $1.value.double! }
    #expect(abs(parts / step - 1) < 1e-12)
    let played = try #require(answer["played_estimate"]?["step_seconds"]?.double)
    #expect(played > step && played < 1.1 * step)
    let stage = try #require(answer["plan"]?["stages"]?[0])
    #expect(text(stage["layer_range"]) == "[0,34]")
    let memory = try #require(stage["memory_bytes"])
    let names = ["weights", "gradients", "optimizer", "activations", "workspace"]
    #expect(names.reduce(0) { $0 + memory[$1]!.integer! } == memory["total"]?.integer)
    #expect(stage["layer_strategies"]!.elements.reduce(0) { $0 + $1["layers"]!.integer! } == 32)
  }

  /// That there is no plan yet does not rule one out, in whichever form.
  @Test func saysThatTimeWasUp() throws {
    let asked = try body()
    func answer(_ accept: String) -> APIResponse {
      router.response(
        to: APIRequest(
          method: "POST", path: "/partition", accept: [accept], body: Array(asked.utf8),
          isCancelled: { true }))
    }
    let response = answer("application/json")
    let root = try JSONDocument(parsing: response.body).root
    #expect(response.status == 200 && response.isInfeasible)
    #expect(root["status"]?.string == "unknown" && root["cost_model"]?.string == "galvatron")
    #expect(root["reason"]?["kind"]?.string == "deadline")
    #expect(root["plan"] == nil)
    for media in ["text/plain", "image/svg+xml"] {
      let words = String(decoding: answer(media).body, as: UTF8.self)
      #expect(words.contains("Time was up before a plan was found"))
    }
  }

  /// A deadline of nothing is for the first plan, however long that takes.
  @Test func aDeadlineOfNothingIsForTheFirstPlan() throws {
    let (status, answer) = try post("/partition", body(["search": #"{"deadline_ms": 0}"#]))
    #expect(status == 200 && answer["plan"] != nil)
    let whole = try post("/partition", body()).body
    let bound = try #require(answer["proof"]?["lower_bound_seconds"]?.double)
    let best = try #require(whole["plan"]?["prediction"]?["step_seconds"]?.double)
    #expect(bound > 0 && bound <= best)
  }

  /// What was planned is judged alike when it is handed back, whole or as its strategy file.
  @Test(arguments: [nil, #"{"pipeline_parallel": 2}"#, #"{"tensor_parallel": [1, 2]}"#])
  func simulatesWhatWasPlanned(search: String?) throws {
    let changes = ["search": search]
    let (_, answer) = try post("/partition", body(changes))
    let plan = try #require(answer["plan"])
    for given in [plan, plan["strategy_file"]!] {
      var again = changes
      again["plan"] = text(given)
      let (status, simulated) = try post("/simulate", body(again))
      #expect(status == 200)
      #expect(text(simulated["plan"]) == text(plan))
      #expect(text(simulated["galvatron"]) == text(answer["galvatron"]))
      #expect(simulated["fits"]?.boolean == true)
    }
  }

  @Test func judgesAStrategyFile() throws {
    func list(_ text: String) -> String {
      text.split(separator: " ").map { run in
        let parts = run.split(separator: "x")
        return Array(repeating: String(parts[1]), count: Int(parts[0])!).joined(separator: ",")
      }.joined(separator: ",")
    }
    let file = """
      {"pp_deg": 1, "tp_sizes_enc": "\(list("32x1"))", "tp_consecutive_flags": "\(list("32x1"))",
      "dp_types_enc": "\(list("32x1"))", "use_sp": "\(list("32x0"))",
      "checkpoint": "\(list("20x1 12x0"))", "world_size": 8, "global_bsz": 16, "chunks": 1,
      "pp_division": "32", "pipeline_type": "pipedream_flush", "default_dp_type": "zero2",
      "vtp": 2, "vsp": 1, "embed_sdp": 1}
      """
    let (status, answer) = try post("/simulate", body(["plan": file]))
    #expect(status == 200)
    let judged = try #require(answer["galvatron"])
    #expect(
      abs(judged["throughput_samples_per_second"]!.double! / 14.732339301332983 - 1) < 1e-9)
    #expect(text(judged["memory_cost_mb"]) == "[36757]")
    #expect(answer["fits"]?.boolean == true)
  }

  @Test func exportsTheStrategyFile() throws {
    let (_, answer) = try post(
      "/partition", body(["export": #"["galvatron", "megatron"]"#]))
    let exports = try #require(answer["exports"])
    let file = try #require(exports[0]?["files"]?[0]?["text"]?.string)
    let written = try JSONDocument(parsing: Array(file.utf8)).root
    #expect(text(written) == text(answer["plan"]?["strategy_file"]))
    for key in ["embed_sdp", "vocab_sdp", "vtp", "vsp", "vcp", "world_size", "default_dp_type"] {
      #expect(written[key] != nil, "\(key)")
    }
    for key in ["tp_sizes_enc", "dp_types_enc", "use_sp", "checkpoint", "cp_sizes_enc"] {
      #expect(written[key]?.string?.split(separator: ",").count == 32, "\(key)")
    }
    #expect(exports[1]?["error"]?["reasons"]?[0]?["field"]?.string == "/plan/strategy_file")
  }

  @Test func saysWhatABudgetLacks() throws {
    let small = #"{"hardware_info": {"memory_constraint": 14}}"#
    let (status, answer) = try post("/partition", body(["galvatron": small]))
    #expect(status == 200)
    #expect(answer["status"]?.string == "infeasible")
    let reason = try #require(answer["reason"])
    #expect(reason["pointer"]?.string == "/galvatron/hardware_info/memory_constraint")
    #expect(reason["excess_bytes"]?.integer == 163 << 20)
    #expect(answer["remedies"]?[0]?.string == "A memory_constraint of 15 GB fits.")
    let enough = #"{"hardware_info": {"memory_constraint": 15}}"#
    let (_, fitting) = try post("/partition", body(["galvatron": enough]))
    #expect(fitting["status"]?.string == "optimal")
  }

  @Test func takesMountedProfiles() throws {
    let bytes = Array(try profileText("llama2-7b-1x8").utf8)
    let root = try JSONDocument(parsing: bytes).root
    let names = [
      ("computation", "computation_profiling_bf16_llama2-7b_all.json"),
      ("memory", "memory_profiling_bf16_llama2-7b_all.json"),
      ("allreduce_bandwidth", "allreduce_bandwidth_1nodes_8gpus_per_node.json"),
      ("p2p_bandwidth", "p2p_bandwidth_1nodes_8gpus_per_node.json"),
      ("sp_time", "sp_time_1nodes_8gpus_per_node.json"),
      ("overlap", "overlap_coefficient.json"),
    ]
    var service = PlanService.standard()
    service.profiles = try ProfileStore(
      files: [.init(path: "whole.json", bytes: bytes)]
        + names.map { .init(path: "parts/\($1)", bytes: root[$0]!.canonicalBytes) })
    let (_, given) = try post("/partition", body())
    for name in ["whole", "parts"] {
      let (status, answer) = try post(
        "/partition", body(["profiles": "\"\(name)\""]), service: service)
      #expect(status == 200)
      #expect(text(answer["plan"]) == text(given["plan"]))
    }
    let (status, answer) = try post(
      "/partition", body(["profiles": "\"hole\""]), service: service)
    #expect(status == 422)
    #expect(text(answer["errors"])?.contains("did you mean \\\"whole\\\"") ?? false)
  }

  /// What a profile lacks is analytic, and said.
  @Test(arguments: [
    ("sp_time", "No sp_time profile"), ("p2p_bandwidth", "No p2p_bandwidth profile"),
    ("allreduce_bandwidth", "No allreduce_bandwidth profile"),
    ("overlap", "No overlap coefficient"), ("memory", "No memory profile"),
    ("computation", "No computation profile"),
  ])
  func fillsWhatIsMissing(file: String, warning: String) throws {
    let whole = try JSONDocument(parsing: Array(profileText("llama2-7b-1x8").utf8)).root
    let rest = whole.members.filter { $0.name != file }.map { "\"\($0.name)\": \(text($0.value)!)" }
    let (status, answer) = try post(
      "/partition",
      body([
        "profiles": "{" + rest.joined(separator: ", ") + "}",
        "galvatron": #"{"hardware_info": {"memory_constraint": 60}}"#,
      ]))
    #expect(status == 200)
    #expect(answer["status"]?.string == "optimal")
    #expect(answer["warnings"]?[0]?.string?.hasPrefix(warning) ?? false)
    // The estimates are of the measurements' order.
    let throughput = answer["galvatron"]?["throughput_samples_per_second"]?.double ?? 0
    #expect((8...40).contains(throughput), "\(throughput)")
  }

  @Test func fillsSequenceLengthsThatWereNotProfiled() throws {
    let training = #"{"global_batch_size": 16, "sequence_length": 1024}"#
    let (status, answer) = try post("/partition", body(["training": training]))
    #expect(status == 200)
    let warnings = text(answer["warnings"]) ?? ""
    #expect(warnings.contains("times are scaled from 2048 tokens"))
    #expect(warnings.contains("activations are scaled from 2048 tokens"))
    let throughput = answer["galvatron"]?["throughput_samples_per_second"]?.double ?? 0
    #expect((25...45).contains(throughput), "\(throughput)")
  }

  /// What does not fit is said where it stands, under either cost model.
  @Test(arguments: [
    ("\"pp_size_4\"", "\"pp_size_3\"", "/profiles/p2p_bandwidth/pp_size_3", "do not divide"),
    (
      "\"allreduce_size_4_consec_0\"", "\"allreduce_size_6_consec_0\"",
      "/profiles/allreduce_bandwidth/allreduce_size_6_consec_0", "groups of 6 GPUs"
    ),
    (
      "\"allreduce_size_8_consec_1\"", "\"allreduce_size_8_consec_0\"",
      "/profiles/allreduce_bandwidth", "has no allreduce_size_8_consec_1"
    ),
    (
      "\"parameter_size\"", "\"parameters\"",
      "/profiles/memory/layertype_0_sp/2048/parameter_size", "missing"
    ),
    ("\"other_memory_pp_off_sp\"", "\"x\"", "/profiles/memory/other_memory_pp_off_sp", "missing"),
    ("\"overlap\"", "\"p2p_bandwith\"", "/profiles/p2p_bandwith", "unknown member"),
  ])
  func wrongProfilesAreRefusedByPointer(
    part: String, other: String, pointer: String, detail: String
  ) throws {
    let profiles = try profileText("llama2-7b-1x8").replacing(part, with: other, maxReplacements: 1)
    for model in ["\"galvatron\"", "\"stagewright\""] {
      let changes = ["profiles": profiles, "cost_model": model, "galvatron": nil]
      let found = try faults("/partition", body(changes))
      #expect(
        found.contains { $0.hasPrefix("\(pointer): ") && $0.contains(detail) }, "\(found)")
    }
  }

  @Test func profilesAreFilesOrAName() throws {
    let found = try faults("/partition", body(["profiles": "3"]))
    #expect(
      found == [
        "/profiles: expected an object with profile files, or the name of a mounted profile, found 3"
      ])
  }

  @Test func profilesOfAnotherModelAreSaid() throws {
    let (status, answer) = try post(
      "/partition", body(["model": "\"llama-2-13b\"", "galvatron": nil]))
    #expect(status == 200)
    let warning = try #require(answer["warnings"]?[0]?.string)
    #expect(
      warning.hasPrefix("A layer of the memory profile has 204.0 million parameters"), "\(warning)")
  }

  @Test func faultsHavePointers() throws {
    let two = try faults("/partition", body(["cluster": "\"2x8xa100-sxm4-80gb\""]))
    #expect(two.count == 1 && two[0].hasPrefix("/profiles/allreduce_bandwidth: "), "\(two)")
    let four = try faults("/partition", body(["cluster": "\"1x4xa100-sxm4-80gb\""]))
    #expect(
      Set(four.map { String($0.prefix { $0 != ":" }) })
        == [
          "/profiles/allreduce_bandwidth/allreduce_size_8_consec_1",
          "/profiles/p2p_bandwidth/pp_size_8", "/profiles/sp_time/allreduce_size_8_1MB_time",
        ])
    let none = try faults("/partition", body(["profiles": String?.none]))
    #expect(none.count == 1 && none[0].hasPrefix("/profiles: missing"))
    let settings = """
      {"hardware_info": {"num_nodes": 2, "memory_constraint": 0}, "search_space_info": \
      {"disable_tp": 2, "max_pp": 8}, "common_train_info": {"seq_length": 4096}}
      """
    let wrong = try faults("/partition", body(["galvatron": settings]))
    #expect(
      Set(wrong.map { String($0.prefix { $0 != ":" }) })
        == [
          "/galvatron/hardware_info/memory_constraint", "/galvatron/search_space_info/disable_tp",
          "/galvatron/search_space_info/max_pp",
        ])
    let contradicting = """
      {"hardware_info": {"num_nodes": 2}, "common_train_info": {"seq_length": 4096}, \
      "model_info": {"num_layers": 28}, "batch_size_info": {"settle_bsz": 8}}
      """
    let against = try faults("/partition", body(["galvatron": contradicting]))
    #expect(
      Set(against.map { String($0.prefix { $0 != ":" }) })
        == [
          "/galvatron/hardware_info/num_nodes", "/galvatron/common_train_info/seq_length",
          "/galvatron/model_info/num_layers", "/galvatron/batch_size_info/settle_bsz",
        ])
    let search = try faults("/partition", body(["search": #"{"zero_stage": 3}"#]))
    #expect(search.count == 1 && search[0].hasPrefix("/search/zero_stage: "))
  }

  @Test func wrongStrategyFilesAreRefusedByPointer() throws {
    let short = """
      {"pp_deg": 2, "tp_sizes_enc": "1,3", "dp_types_enc": "0,2", "global_bsz": 16, "chunks": 3,
      "vtp": 1}
      """
    let first = try faults("/simulate", body(["plan": short]))
    #expect(first.count == 1 && first[0].hasPrefix("/plan/dp_types_enc: "), "\(first)")
    let second = try faults(
      "/simulate",
      body([
        "plan": short.replacing("0,2", with: "0,1").replacing("}", with: ", \"world_size\": 16}")
      ]))
    #expect(
      Set(second.map { String($0.prefix { $0 != ":" }) })
        == [
          "/plan/tp_sizes_enc", "/plan/dp_types_enc", "/plan/world_size", "/plan/chunks",
        ], "\(second)")
    let none = try faults("/simulate", body(["plan": #"{"strategy": {}}"#]))
    #expect(none.count == 1 && none[0].hasPrefix("/plan: "))
  }

  @Test(arguments: ["text/plain", "image/svg+xml"])
  func comesInWords(media: String) throws {
    for (path, plan) in [("/partition", nil), ("/simulate", "")] as [(String, String?)] {
      var changes: [String: String?] = [:]
      if plan != nil {
        let (_, answer) = try post("/partition", body())
        changes["plan"] = text(answer["plan"]?["strategy_file"])
      }
      let response = router.response(
        to: APIRequest(
          method: "POST", path: path, accept: [media], body: Array(try body(changes).utf8)))
      #expect(response.status == 200)
      let words = String(decoding: response.body, as: UTF8.self)
      #expect(
        words.contains("14.7336 samples/s") && words.contains("16 sequences in 1 micro-batch,"))
      #expect(words.contains("Optimal under Galvatron") == (path == "/partition"))
    }
  }
}
