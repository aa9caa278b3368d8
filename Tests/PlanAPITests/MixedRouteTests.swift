import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private let training = #"{"global_batch_size": 32, "sequence_length": 1024, "precision": "fp16"}"#

private func post(_ path: String, _ members: KeyValuePairs<String, String>) throws -> (
  status: Int, body: JSONValue
) {
  try router.post(path, members)
}

private func partition(
  _ cluster: String, layers: Int = 24, search: String = "{}"
) throws -> JSONValue {
  let (status, answer) = try post(
    "/partition",
    ["model": "\(layers)", "cluster": cluster, "training": training, "search": search])
  #expect(status == 200)
  return answer
}

private func text(_ value: JSONValue?) -> String {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) } ?? "nothing"
}

@Suite struct MixedRouteTests {
  static let clusters = [
    "\"1x4xa100-sxm4-80gb+1x4xv100-sxm2-16gb\"", "\"1x2xh100-sxm5-80gb+1x4xa100-sxm4-80gb\"",
    "\"1x4xv100-sxm2-16gb+2x4xt4\"", "\"1x4xrtx3090+1x4xrtx4090+1x2xrtx5090\"",
  ]

  /// Every plan is predicted alike when it is handed back, to the last digit, and is what it says:
  /// devices of the cluster, none twice, as many as the stage splits into.
  @Test(arguments: zip(clusters, ["{}", #"{"pipeline_parallel": [2, 3, 4]}"#, "{}", "{}"]))
  func simulatesWhatWasPlanned(cluster: String, search: String) throws {
    let answer = try partition(cluster, search: search)
    for plan in [answer["plan"]!] + Array(answer["alternatives"]!.elements) {
      let (status, again) = try post(
        "/simulate", ["model": "24", "cluster": cluster, "training": training, "plan": text(plan)])
      #expect(status == 200)
      #expect(text(again["plan"]) == text(plan))
      #expect(again["fits"]?.boolean == true)
      var taken: Set<String> = []
      for stage in plan["stages"]!.elements {
        var count = 0
        for group in stage["devices"]!.elements {
          for gpu in group["gpus"]!.elements {
            count += 1
            #expect(taken.insert("\(text(group["node"])) \(text(gpu))").inserted)
          }
        }
        let (tensor, data) = (stage["tensor_parallel"]!.integer!, stage["data_parallel"]!.integer!)
        #expect(count == tensor * data * plan["strategy"]!["context_parallel"]!.integer!)
        #expect(stage["micro_batch_shares"]!.count == data)
      }
    }
    let step = answer["plan"]!["prediction"]!["step_seconds"]!.double!
    #expect(answer["proof"]!["lower_bound_seconds"]!.double! <= step)
    let comparison = try #require(answer["comparison"])
    #expect(comparison["one_pool"]?["times_slower"]?.double ?? 1 >= 1)
    #expect(comparison["ignoring_differences"]?["times_slower"]?.double ?? 1 >= 1)
  }

  /// Two slow GPUs as replicas of a stage keep up with one fast GPU, as which they take a micro-batch of the
  /// pipeline; the plan is predicted alike when it is handed back, and is what it says.
  @Test(arguments: [
    "1x4xh100-sxm5-80gb+1x8xa100-sxm4-80gb", "1x2xa100-sxm4-80gb+1x4xv100-sxm2-32gb",
  ])
  func replicatesSlowStagesMoreOften(cluster: String) throws {
    func step(_ search: String) throws -> (step: Double, plan: JSONValue) {
      let answer = try partition("\"\(cluster)\"", search: search)
      #expect(answer["proof"]?["gap_fraction"]?.double == 0)
      let plan = try #require(answer["plan"])
      return (plan["prediction"]!["step_seconds"]!.double!, plan)
    }
    let (best, plan) = try step("{}")
    let replicas = plan["stages"]!.elements.map { $0["data_parallel"]!.integer! }
    #expect(Set(replicas).count == 2)
    for stage in plan["stages"]!.elements {
      let shares = stage["micro_batch_shares"]!.elements.map { $0.integer! }
      #expect(Set(shares) == [plan["strategy"]!["micro_batches"]!.integer!])
      #expect(shares.count == stage["data_parallel"]!.integer!)
    }
    let (_, again) = try post(
      "/simulate",
      ["model": "24", "cluster": "\"\(cluster)\"", "training": training, "plan": text(plan)])
    #expect(text(again["plan"]) == text(plan))
    for degree in Set(replicas) {
      #expect(try step(#"{"data_parallel": \#(degree)}"#).step > best)
    }
    let allowed = Set(replicas).sorted()
    #expect(try step(#"{"data_parallel": \#(allowed)}"#).step == best)
  }

  /// No alternative takes and holds what another does.
  @Test(arguments: clusters)
  func alternativesDiffer(cluster: String) throws {
    let answer = try partition(cluster, search: #"{"top": 8}"#)
    let plans = [answer["plan"]!] + Array(answer["alternatives"]!.elements)
    let figures = plans.map { plan in
      let prediction = plan["prediction"]!
      return [
        prediction["step_seconds"]!.double!, prediction["peak_memory_bytes"]!.double!,
      ]
    }
    #expect(plans.count > 2)
    #expect(Set(figures).count == figures.count)
    #expect(figures.map(\.[0]) == figures.map(\.[0]).sorted())
  }

  /// Where degrees leave nothing to several pools, the best pool's plan is proven alone.
  @Test func pipelinesThatCannotBeAreBounded() throws {
    let answer = try partition(
      "\"2x4xa100-sxm4-80gb+1x4xv100-sxm2-16gb\"", layers: 4, search: #"{"tensor_parallel": 8}"#)
    #expect(answer["proof"]?["gap_fraction"]?.double == 0)
  }

  /// The same of pipelines of several chunks a stage.
  @Test(arguments: [#"{"schedule": "interleaved"}"#, #"{"virtual_stages": 3}"#])
  func simulatesWhatWasInterleaved(search: String) throws {
    let cluster = Self.clusters[0]
    let answer = try partition(cluster, search: search)
    for plan in [answer["plan"]!] + Array(answer["alternatives"]!.elements) {
      #expect(plan["strategy"]?["virtual_stages"]?.integer ?? 1 > 1)
      let (status, again) = try post(
        "/simulate", ["model": "24", "cluster": cluster, "training": training, "plan": text(plan)])
      #expect(status == 200)
      #expect(text(again["plan"]) == text(plan))
    }
  }

  /// Plans are held against the memory that they were made for.
  @Test(arguments: ["\"1x4xa100-sxm4-80gb\"", clusters[0]], ["0", "0.3"])
  func simulatesWithTheSameHeadroom(cluster: String, headroom: String) throws {
    let answer = try partition(
      cluster, layers: 4, search: #"{"memory_headroom_fraction": \#(headroom), "top": 0}"#)
    let plan = text(answer["plan"])
    let (status, again) = try post(
      "/simulate",
      [
        "model": "4", "cluster": cluster, "training": training, "plan": plan,
        "memory_headroom_fraction": headroom,
      ])
    #expect(status == 200 && text(again["plan"]) == plan)
    let (moved, replanned) = try post(
      "/replan",
      [
        "model": "4", "cluster": cluster, "training": training, "plan": plan, "changes": "{}",
        "horizon_steps": "1", "restart_seconds": "1000", "memory_headroom_fraction": headroom,
      ])
    #expect(moved == 200 && replanned["status"]?.string == "stay")
    let limits = [answer, again, replanned].map {
      $0["plan"]!["stages"]![0]!["memory_limit_bytes"]!.double!
    }
    #expect(Set(limits).count == 1)
  }

  /// Two pools of equal GPUs are planned as one, whatever their nodes are called.
  @Test func equalPoolsArePlannedAsOne() throws {
    let one = try partition("\"3x4xa100-sxm4-80gb\"")
    let two = try partition("\"1x4xa100-sxm4-80gb+2x4xa100-sxm4-80gb\"")
    #expect(text(two["plan"]) == text(one["plan"]))
    #expect(two["comparison"] == nil)
  }

  /// Names of nodes are but names.
  @Test func relabellingNodesChangesNothingElse() throws {
    func cluster(_ names: [String]) -> String {
      func quoted(_ names: ArraySlice<String>) -> String {
        names.map { "\"\($0)\"" }.joined(separator: ",")
      }
      return
        #"{"pools": [{"gpu": "a100", "gpus_per_node": 4, "node_names": [\#(quoted(names[0..<2]))]},"#
        + #" {"gpu": "v100-sxm2-16gb", "gpus_per_node": 4, "node_names": [\#(quoted(names[2...]))]}]}"#
    }
    let plain = text(try partition(cluster(["a", "b", "c"]))["plan"])
    let other = text(try partition(cluster(["zulu", "yankee", "xray"]))["plan"])
    let renamed = [("a", "zulu"), ("b", "yankee"), ("c", "xray")].reduce(plain) {
      $0.split(separator: "\"\($1.0)\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\($1.1)\"")
    }
    #expect(other == renamed)
  }

  /// No degrees satisfy a constraint: freeing it is said to help.
  @Test func saysWhatStandsInTheWay() throws {
    let answer = try partition(
      "\"1x2xa100-sxm4-80gb+1x2xv100-sxm2-16gb\"", layers: 4, search: #"{"data_parallel": 3}"#)
    #expect(answer["status"]?.string == "infeasible")
    let remedies = answer["remedies"]?.elements.compactMap(\.string) ?? []
    #expect(remedies.contains { $0.hasPrefix("leave data_parallel free") }, "\(text(answer))")
  }

  /// Memory is lacking, over all pools together, and what is said to help does.
  @Test func saysWhatMemoryWouldHelp() throws {
    func cluster(_ nodes: Int, memory: Int = 6) -> String {
      #"{"pools": [{"name": "large", "gpu": "a100", "gpus_per_node": 2, "nodes": \#(nodes), "#
        + #""memory_bytes": \#(memory)000000000}, {"name": "small", "gpu": "t4", "gpus_per_node": 2, "#
        + #""nodes": 1, "memory_bytes": \#(min(memory, 5))000000000}]}"#
    }
    let search = #"{"zero_stage": 0, "memory_headroom_fraction": 0.01}"#
    func answer(_ cluster: String, _ search: String = search) throws -> JSONValue {
      try partition(cluster, layers: 140, search: search)
    }
    let none = try answer(cluster(1))
    #expect(none["status"]?.string == "infeasible" && none["reason"]?["kind"]?.string == "memory")
    let nearest = try #require(none["reason"]?["nearest_plan"]?["stages"]?.elements)
    let over = nearest.map {
      $0["memory_bytes"]!["total"]!.double! - $0["memory_limit_bytes"]!.double!
    }
    #expect(over.max()! > 0)
    let remedies = none["remedies"]!.elements.compactMap(\.string)
    let words = try #require(remedies.first { $0.contains("nodes of pool large") }, "\(remedies)")
    let nodes = try #require(words.split(separator: " ").lazy.compactMap { Int($0) }.first)
    #expect(try answer(cluster(nodes))["plan"] != nil)
    #expect(try answer(cluster(nodes - 1))["plan"] == nil)
    #expect(remedies.contains { $0.contains("in all pools") })
    #expect(try answer(cluster(1, memory: 80))["plan"] != nil)
  }

  @Test func drawsAndReports() throws {
    let body =
      "{\"model\": 24, \"cluster\": \(Self.clusters[0]), \"training\": \(training)}"
    for media in ["text/plain", "image/svg+xml"] {
      let response = router.response(
        to: APIRequest(
          method: "POST", path: "/partition", accept: [media],
          body: Array(body.utf8)))
      let answer = String(decoding: response.body, as: UTF8.self)
      #expect(response.status == 200 && answer.contains("1x4xa100-sxm4-80gb+1x4xv100-sxm2-16gb"))
    }
  }

  /// One stage of two, on four GPUs of the first node.
  private static func stage(
    _ range: String, node: Int, gpus: String = "0, 1, 2, 3", _ more: String = ""
  ) -> String {
    #"{"layer_range": [\#(range)], "devices": [{"node": "node-\#(node)", "gpus": [\#(gpus)]}]\#(more)}"#
  }

  /// Two stages of two chunks, each with a replica on the first node and two on the second.
  private static func interleaved(shares: String) -> String {
    func stage(_ ranges: String, gpu: Int) -> String {
      #"{"layer_ranges": [\#(ranges)], "micro_batch_shares": [\#(shares)], "devices": "#
        + #"[{"node": "node-0", "gpus": [\#(gpu)]}, "#
        + #"{"node": "node-1", "gpus": [\#(gpu), \#(gpu + 2)]}]}"#
    }
    return #"{"strategy": {"pipeline_parallel": 2, "data_parallel": 3, "virtual_stages": 2}, "#
      + #""stages": [\#(stage("[0, 6], [13, 18]", gpu: 0)), \#(stage("[7, 12], [19, 25]", gpu: 1))]}"#
  }

  /// One stage, with a replica on each node.
  private static func twoReplicas(
    _ strategy: String, _ stage: String = "", shares: String = #", "micro_batch_shares": [20, 12]"#
  ) -> String {
    #"{"strategy": {"tensor_parallel": 4, "data_parallel": 2\#(strategy)}, "stages": [{"layer_range": "#
      + #"[0, 25], "devices": [{"node": "node-0", "gpus": [0, 1, 2, 3]}, "#
      + #"{"node": "node-1", "gpus": [0, 1, 2, 3]}]\#(shares)\#(stage)}]}"#
  }

  /// What is left out is as stacks have it, over one pool or several: fully sharded ones recompute selectively.
  @Test(arguments: [(1, "selective", false), (2, "none", true)])
  func fillsInWhatIsLeftOut(tensor: Int, recompute: String, sequenceParallel: Bool) throws {
    let stages = [
      Self.stage("0, 9", node: 0, gpus: "0, 1"), Self.stage("10, 25", node: 1, gpus: "0, 1"),
    ]
    let (status, answer) = try post(
      "/simulate",
      [
        "model": "24", "cluster": Self.clusters[1],
        "training": training.replacing("fp16", with: "bf16"),
        "plan": #"""
        {"strategy": {"pipeline_parallel": 2, "tensor_parallel": \#(tensor),
          "data_parallel": \#(2 / tensor), "zero_stage": 3},
        "stages": [\#(stages.joined(separator: ","))]}
        """#,
      ])
    #expect(status == 200)
    let strategy = answer["plan"]?["strategy"]
    #expect(strategy?["recompute"]?.string == recompute)
    #expect(strategy?["sequence_parallel"]?.boolean == sequenceParallel)
  }

  @Test(arguments: [
    (#"{"strategy": {}}"#, ["/plan/stages"]),
    (
      #"{"strategy": {"pipeline_parallel": 2}, "stages": [{"layer_range": [0, 9]}, {"layer_range": [10, 25]}]}"#,
      ["/plan/stages/0/devices", "/plan/stages/1/devices"]
    ),
    (
      #"{"strategy": {"pipeline_parallel": 2}, "stages": [\#(stage("0, 9", node: 0)), \#(stage("10, 25", node: 7))]}"#,
      [
        "/plan/stages/0/devices", "/plan/stages/1/devices", "/plan/stages/1/devices/0/node",
      ]
    ),
    (
      #"{"strategy": {"pipeline_parallel": 2, "tensor_parallel": 4}, "stages": [\#(stage("0, 9", node: 0)), \#(stage("10, 25", node: 1, gpus: "0, 1, 2, 3", #", "micro_batch_shares": [32, 1]"#))]}"#,
      ["/plan/stages/1/micro_batch_shares"]
    ),
    (
      #"{"strategy": {"pipeline_parallel": 2, "tensor_parallel": 4}, "stages": [\#(stage("0, 9", node: 0)), \#(stage("10, 25", node: 1, gpus: "0, 1, 2, 3", #", "micro_batch_shares": [31]"#))]}"#,
      ["/plan/stages/1"]
    ),
    (
      #"{"strategy": {"tensor_parallel": 4, "data_parallel": 2, "zero_stage": 3}, "stages": [{"layer_range": [0, 25], "micro_batch_shares": [20, 12], "devices": [{"node": "node-0", "gpus": [0, 1, 2, 3]}, {"node": "node-1", "gpus": [0, 1, 2, 3]}]}]}"#,
      ["/plan/strategy/zero_stage"]
    ),
    (
      #"{"strategy": {"tensor_parallel": 4, "data_parallel": 2}, "stages": [{"layer_range": [0, 25], "devices": [{"node": "node-0", "gpus": [0, 1]}, {"node": "node-1", "gpus": [0, 1, 2, 3]}, {"node": "node-0", "gpus": [2, 3]}]}]}"#,
      ["/plan/stages/0/devices"]
    ),
    (
      #"{"strategy": {"pipeline_parallel": 2}, "stages": [\#(stage("0, 9", node: 0, gpus: "0", #", "tensor_parallel": 1"#)), \#(stage("10, 25", node: 1, gpus: "0, 1, 2", #", "tensor_parallel": 3"#))]}"#,
      Array(repeating: "/plan/stages/1/tensor_parallel", count: 3)
    ),
    (interleaved(shares: "14, 9, 9"), ["/plan/stages/0/micro_batch_shares"]),
    (interleaved(shares: "16, 8, 8"), []),
    (twoReplicas(#", "micro_batch_size": 1"#), []),
    (twoReplicas(#", "micro_batches": 20"#), []),
    (twoReplicas(#", "micro_batches": 8"#), ["/plan/strategy/micro_batches"]),
    (
      #"{"strategy": {"tensor_parallel": 8, "data_parallel": 4}, "stages": [{"layer_range": [0, 25], "tensor_parallel": 4, "data_parallel": 2, "devices": [{"node": "node-0", "gpus": [0, 1, 2, 3]}, {"node": "node-1", "gpus": [0, 1, 2, 3]}]}]}"#,
      ["/plan/strategy/tensor_parallel", "/plan/strategy/data_parallel"]
    ),
    (twoReplicas(#", "micro_batch_size": 2"#), ["/plan/strategy/micro_batch_size"]),
    (
      twoReplicas(#", "micro_batch_size": 4, "micro_batches": 8"#, shares: ""),
      ["/plan/strategy/micro_batch_size"]
    ),
    (twoReplicas(#", "micro_batch_size": 2, "micro_batches": 8"#, shares: ""), []),
    (twoReplicas(#", "recompute": "selective""#), []),
    (twoReplicas(#", "recompute": "selective""#, #", "recompute_layers": 24"#), []),
    (
      twoReplicas(#", "recompute": "selective""#, #", "recompute_layers": 23"#),
      ["/plan/stages/0/recompute_layers"]
    ),
  ])
  func pointsAtEveryFault(plan: String, expected: [String]) throws {
    let (status, problem) = try post(
      "/simulate",
      ["model": "24", "cluster": Self.clusters[0], "training": training, "plan": plan])
    #expect(status == (expected.isEmpty ? 200 : 422))
    let pointers = problem["errors"]?.elements.map { $0["pointer"]!.string! } ?? []
    #expect(pointers == expected, "\(text(problem))")
  }
}
