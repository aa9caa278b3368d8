import JSON
import PlanAPI
import Synchronization
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)
private let training = #"{"global_batch_size": 32, "sequence_length": 1024, "precision": "fp16"}"#

private func post(_ path: String, _ members: KeyValuePairs<String, String>) throws -> (
  status: Int, body: JSONValue
) {
  try router.post(path, members)
}

private func text(_ value: JSONValue?) -> String {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) } ?? "nothing"
}

/// A plan of two stages on two nodes.
private func plan(
  _ strategy: String = #"{"pipeline_parallel": 2, "tensor_parallel": 2}"#
) throws -> JSONValue {
  let (status, answer) = try post(
    "/simulate",
    [
      "model": "24", "cluster": "\"2x4xa100-sxm4-80gb\"", "training": training,
      "plan": "{\"strategy\": \(strategy)}",
    ])
  #expect(status == 200)
  return try #require(answer["plan"])
}

private func replan(
  _ changes: String, plan given: JSONValue? = nil, cluster: String = "\"2x4xa100-sxm4-80gb\"",
  steps: String = "1000"
) throws -> (status: Int, body: JSONValue) {
  try post(
    "/replan",
    [
      "model": "24", "cluster": cluster, "training": training,
      "plan": text(try given ?? plan()), "changes": changes, "horizon_steps": steps,
      "restart_seconds": "5",
    ])
}

@Suite struct ReplanRouteTests {
  /// The new plan can be simulated on the cluster that is answered with it, and replanned again.
  @Test(arguments: [
    #"{"lost_nodes": ["node-1"]}"#, #"{"slow_nodes": [{"node": "node-0", "speed": 0.6}]}"#,
    #"{"gained": {"pools": [{"gpu": "v100-sxm2-32gb", "gpus_per_node": 4, "node_names": ["new"]}]}}"#,
    "{}",
  ])
  func answersWithAPlanForTheClusterAsItIs(changes: String) throws {
    let (status, answer) = try replan(changes)
    #expect(status == 200)
    let cluster = text(answer["cluster"])
    let (simulated, again) = try post(
      "/simulate",
      ["model": "24", "cluster": cluster, "training": training, "plan": text(answer["plan"])])
    #expect(simulated == 200)
    let step = answer["plan"]!["prediction"]!["step_seconds"]!.double!
    let restep = again["plan"]?["prediction"]?["step_seconds"]?.double ?? 0
    #expect(abs(step - restep) <= 1e-12 * step)
    let (next, stay) = try replan("{}", plan: answer["plan"], cluster: cluster)
    #expect(next == 200 && stay["status"]?.string == "stay", "\(text(stay))")
  }

  /// Each node has all stages of one replica: the slow one makes all stages slow.
  @Test(arguments: [#"{"slow_nodes": [{"node": "node-0", "speed": 0.6}]}"#, "{}"])
  func stagesNextToEachOtherStayWhereTheyAre(changes: String) throws {
    let plan = try plan(
      #"{"pipeline_parallel": 2, "tensor_parallel": 2, "rank_order": "tp-cp-pp-dp"}"#)
    let nodes = plan["stages"]?.elements.map { stage in
      stage["devices"]!.elements.map { text($0) }
    }
    #expect(
      nodes == [
        [#"{"gpus":[0,1],"node":"node-0"}"#, #"{"gpus":[0,1],"node":"node-1"}"#],
        [#"{"gpus":[2,3],"node":"node-0"}"#, #"{"gpus":[2,3],"node":"node-1"}"#],
      ])
    let (status, answer) = try replan(changes, plan: plan, steps: "1")
    #expect(status == 200 && answer["status"]?.string == "stay", "\(text(answer))")
    let (simulated, again) = try post(
      "/simulate",
      [
        "model": "24", "cluster": text(answer["cluster"]), "training": training,
        "plan": text(answer["plan"]),
      ])
    #expect(simulated == 200, "\(text(again))")
    #expect(text(again["plan"]?["stages"]?[0]?["devices"]) == text(plan["stages"]?[0]?["devices"]))
    #expect(
      text(again["plan"]?["prediction"]) == text(answer["plan"]?["prediction"]),
      "simulated as it was predicted")
  }

  /// A slow node that holds some replicas of one stage, and none of another.
  @Test func slowReplicasOfOneStageAreSimulatedAsTheyStay() throws {
    let cluster = "\"4x2xa100-sxm4-80gb\""
    let (_, simulated) = try post(
      "/simulate",
      [
        "model": "24", "cluster": cluster, "training": training,
        "plan": #"{"strategy": {"pipeline_parallel": 2}}"#,
      ])
    let (_, answer) = try replan(
      #"{"slow_nodes": [{"node": "node-1", "speed": 0.9}]}"#, plan: simulated["plan"],
      cluster: cluster, steps: "1")
    let step = try stepOfStaying(answer)
    #expect(step > simulated["plan"]!["prediction"]!["step_seconds"]!.double!)
  }

  /// Seconds a step of the plan that stays, which `/simulate` predicts alike.
  private func stepOfStaying(_ answer: JSONValue) throws -> Double {
    #expect(answer["status"]?.string == "stay", "\(text(answer))")
    let (status, again) = try post(
      "/simulate",
      [
        "model": "24", "cluster": text(answer["cluster"]), "training": training,
        "plan": text(answer["plan"]),
      ])
    #expect(status == 200 && text(again["plan"]) == text(answer["plan"]), "\(text(again))")
    return answer["plan"]?["prediction"]?["step_seconds"]?.double ?? 0
  }

  /// A group of GPUs that work on one layer together, and a replica with stages next to each other, on nodes
  /// of two speeds: a group is as slow as if both nodes were. They are so slow that kernels take longer than
  /// their launches, of which a slower GPU shows nothing.
  @Test(arguments: [
    #"{"tensor_parallel": 8}"#, #"{"tensor_parallel": 4, "context_parallel": 2}"#,
    #"{"pipeline_parallel": 4, "tensor_parallel": 2, "data_parallel": 1, "rank_order": "tp-cp-pp-dp"}"#,
  ])
  func groupsOnNodesOfTwoSpeedsAreSimulatedAsTheyStay(strategy: String) throws {
    let plan = try plan(strategy)
    func stay(_ slow: String) throws -> Double {
      let (_, answer) = try replan("{\"slow_nodes\": [\(slow)]}", plan: plan, steps: "1")
      return try stepOfStaying(answer)
    }
    let one = try stay(#"{"node": "node-1", "speed": 0.5}"#)
    let both = try stay(
      #"{"node": "node-0", "speed": 0.5}, {"node": "node-1", "speed": 0.5}"#)
    let step = plan["prediction"]!["step_seconds"]!.double!
    #expect(
      step < one && (strategy.contains("pipeline") ? one < both : one == both),
      "\(step) \(one) \(both)")
  }

  /// The replicas of a node that has become slow, beside those of one that has not.
  @Test func slowReplicasAreSimulatedAsTheyStay() throws {
    let plan = try plan(#"{"tensor_parallel": 2}"#)
    let (_, answer) = try replan(
      #"{"slow_nodes": [{"node": "node-0", "speed": 0.9}]}"#, plan: plan, steps: "1")
    #expect(answer["status"]?.string == "stay", "\(text(answer))")
    let (_, again) = try post(
      "/simulate",
      [
        "model": "24", "cluster": text(answer["cluster"]), "training": training,
        "plan": text(answer["plan"]),
      ])
    #expect(text(again["plan"]?["prediction"]) == text(answer["plan"]?["prediction"]))
  }

  @Test func saysWhoSendsWhatToWhom() throws {
    let (_, answer) = try replan(#"{"lost_nodes": ["node-1"]}"#)
    #expect(answer["status"]?.string == "move")
    let move = try #require(answer["move"])
    let sum = move["transfers"]!.elements.reduce(0) {
      $0 + $1["weight_bytes"]!.integer! + $1["optimizer_bytes"]!.integer!
    }
    let bytes = try #require(move["bytes"]?.integer)
    #expect(abs(sum - bytes) <= move["transfers"]!.count + 1)
    #expect(move["checkpoint_bytes"]?.integer ?? 0 > 0)
    #expect(answer["warnings"]?[1]?.string?.contains("checkpoint") == true)
  }

  /// For people: what to do, the ways that were weighed, what moves, then the plan; or why not.
  @Test func reports() throws {
    func report(_ changes: String, steps: Int = 1000, more: String = "") throws -> String {
      let cluster = "\"cluster\": \"2x4xa100-sxm4-80gb\""
      let given = "\"plan\": \(text(try plan())), \"changes\": \(changes)"
      let body =
        "{\"model\": 24, \(cluster), \"training\": \(training), \(given), "
        + "\"restart_seconds\": 5, \"horizon_steps\": \(steps)\(more)}"
      let response = router.response(
        to: APIRequest(
          method: "POST", path: "/replan", accept: ["text/plain"], body: Array(body.utf8)))
      #expect(response.status == 200)
      return String(decoding: response.body, as: UTF8.self)
    }
    let lost = #"{"lost_nodes": ["node-1"]}"#
    let moved = try report(lost)
    #expect(moved.hasPrefix("Move: ") && moved.contains(" from the last checkpoint; then "))
    #expect(moved.contains(" for 1,000 steps and the move\n"))
    #expect(moved.contains("\nWays to go on\n") && moved.contains("\n  adapt  "))
    #expect(moved.contains("\nplain-24 on 1x4xa100-sxm4-80gb: ") && moved.contains("\nWarnings\n"))
    let gained =
      #"{"gained": {"pools": [{"gpu": "a100", "gpus_per_node": 4, "node_names": ["c"]}]}}"#
    #expect(try report(gained, more: #", "search": {}"#).contains("\nWhat moves\n  from    to "))
    let stay = try report("{}", steps: 1)
    #expect(stay.hasPrefix("Stay: ") && stay.contains(" for 1 step\n"))
    let measured = #"{"stage_id": 1, "forward_seconds": 100, "backward_seconds": 100}"#
    let slow = try report("{\"measured_stages\": [\(measured)]}")
    #expect(slow.contains(" times as slow as it should be: node-1\n"))
    let full = #", "memory_headroom_fraction": 0.99"#
    let none = try report(lost, more: full)
    #expect(none.hasPrefix("No way to go on with plain-24 on 1x4x") && none.hasSuffix("search.\n"))
    #expect(try report(lost, more: full + #", "search": {}"#).hasSuffix("what would help.\n"))
  }

  /// Half of the cluster is lost, and what is left has next to no memory.
  private func hopeless(
    _ search: String, accept: String = "application/json",
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> APIResponse {
    let body =
      "{\"model\": 24, \"cluster\": \"2x4xa100-sxm4-80gb\", \"training\": \(training), "
      + "\"plan\": \(text(try plan())), \"changes\": {\"lost_nodes\": [\"node-1\"]}, "
      + "\"horizon_steps\": 10, \"memory_headroom_fraction\": 0.99, \"search\": \(search)}"
    return router.response(
      to: APIRequest(
        method: "POST", path: "/replan", accept: [accept], body: Array(body.utf8),
        isCancelled: isCancelled))
  }

  /// What was ruled out before the search was stopped is ruled out, also by then.
  @Test func isSureOfWhatItHasSeen() throws {
    let asked = Atomic(0)
    func status(polls: Int) throws -> String? {
      asked.store(0, ordering: .relaxed)
      let response = try hopeless("{}") {
        asked.add(1, ordering: .relaxed).newValue > polls
      }
      #expect(response.status == 200 && response.isInfeasible)
      return try JSONDocument(parsing: response.body).root["status"]?.string
    }
    #expect(try status(polls: .max) == "infeasible")
    let all = asked.load(ordering: .relaxed)
    #expect(try status(polls: all - 1) == "infeasible")
    #expect(try status(polls: 0) == "unknown")
  }

  /// A deadline of nothing waits for the first plan, or until there is none.
  @Test func waitsForAFirstWay() throws {
    let none = try hopeless(#"{"deadline_ms": 0}"#)
    #expect(try JSONDocument(parsing: none.body).root["status"]?.string == "infeasible")
  }

  @Test func reportsThatNoWayWasFoundYet() throws {
    let response = try hopeless("{}", accept: "text/plain") { true }
    let report = String(decoding: response.body, as: UTF8.self)
    #expect(report.hasPrefix("No way found yet to go on with plain-24 on 1x4xa100"))
    #expect(report.hasSuffix("none was ruled out.\n"))
  }

  @Test func putsMeasuredTimesDownToNodes() throws {
    let plan = try plan()
    let stages = plan["stages"]!.elements.enumerated().map { index, stage in
      let factor = index == 1 ? 1.6 : 1
      return
        "{\"stage_id\": \(index), \"forward_seconds\": \(stage["forward_seconds"]!.double! * factor), "
        + "\"backward_seconds\": \(stage["backward_seconds"]!.double! * factor)}"
    }
    let (status, answer) = try replan(
      "{\"measured_stages\": [\(stages.joined(separator: ", "))]}", plan: plan)
    #expect(status == 200)
    #expect(answer["stragglers"]?[0]?["stage_id"]?.integer == 1)
    #expect(text(answer["stragglers"]?[0]?["nodes"]) == #"["node-1"]"#)
  }

  @Test(arguments: [
    (#"{"lost_nodes": ["node-9"]}"#, ["/changes/lost_nodes/0"]),
    (#"{"lost_nodes": ["node-0", "node-1"]}"#, ["/changes/lost_nodes"]),
    (
      #"{"slow_nodes": [{"node": "nod-1", "speed": 0.5}, {"node": "node-1", "speed": 2}]}"#,
      ["/changes/slow_nodes/1/speed"]
    ),
    (#"{"slow_nodes": [{"node": "nod-1", "speed": 0.5}]}"#, ["/changes/slow_nodes/0/node"]),
    (
      #"{"measured_stages": [{"stage_id": 2, "forward_seconds": 1, "backward_seconds": 1}]}"#,
      ["/changes/measured_stages/0/stage_id"]
    ),
    (
      #"{"measured_stages": [{"stage_id": 0, "forward_seconds": 0, "backward_seconds": 0}]}"#,
      ["/changes/measured_stages/0/backward_seconds"]
    ),
    (
      #"{"gained": {"pools": [{"gpu": "a100", "node_names": ["node-1"]}]}}"#, ["/changes/gained"]
    ),
    (#"{"lost": []}"#, ["/changes/lost"]),
  ])
  func pointsAtEveryFault(changes: String, expected: [String]) throws {
    let (status, problem) = try replan(changes)
    #expect(status == 422)
    let pointers = problem["errors"]?.elements.map { $0["pointer"]!.string! } ?? []
    #expect(pointers == expected, "\(text(problem))")
  }

  /// A plan that was made for another cluster.
  @Test func plansBelongToTheirCluster() throws {
    let (status, problem) = try replan(
      "{}",
      cluster:
        #"{"pools": [{"gpu": "a100", "gpus_per_node": 4, "node_names": ["node-0", "other"]}]}"#)
    #expect(status == 422)
    #expect(problem["errors"]?[0]?["pointer"]?.string == "/plan/stages/1/devices/0/node")
  }
}
