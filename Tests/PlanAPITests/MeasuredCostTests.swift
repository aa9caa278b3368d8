import Costing
import Foundation
import JSON
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func profile(_ name: String = "llama2-7b-1x8") throws -> String {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try String(
    contentsOf: root.appending(path: "Examples/Profiles/\(name).json"), encoding: .utf8)
}

private func post(
  _ path: String, profiles: String?, more: String = "", nodes: Int = 1
) throws -> (status: Int, body: JSONValue) {
  let body = """
    {"model": "llama-2-7b", "cluster": "\(nodes)x8xa100-sxm4-80gb",
    "training": {"global_batch_size": 16, "sequence_length": 2048}
    \(profiles.map { ", \"profiles\": \($0)" } ?? "") \(more)}
    """
  return try router.post(path, body)
}

private func stage(_ body: JSONValue) throws -> JSONValue {
  try #require(body["plan"]?["stages"]?[0])
}

@Suite struct MeasuredCostTests {
  private let strategy = """
    , "plan": {"strategy": {"data_parallel": 8, "micro_batch_size": 2}}
    """

  /// The stage's compute is the profile's: 32 layers and the ends, forward, at two samples.
  @Test func timesAreMeasured() throws {
    let (status, measured) = try post("/simulate", profiles: profile(), more: strategy)
    #expect(status == 200)
    let (_, analytic) = try post("/simulate", profiles: nil, more: strategy)
    let forward = try stage(measured)["forward_seconds"]!.double!
    let expected = (32 * (3.859017 * 2 + 0.832985) + 2.680328 * 2 + 2.354899) / 1000
    #expect(abs(forward / expected - 1) < 0.01, "\(forward) \(expected)")
    #expect(abs(forward / (try stage(analytic)["forward_seconds"]!.double!) - 1) > 0.01)
    let activations = try stage(measured)["memory_bytes"]!["activations"]!.double!
    // 514.56 MB a sample and layer; the ends' are analytic.
    #expect(activations / 0x1p20 > 32 * 2 * 514.56 && activations / 0x1p20 < 32 * 2 * 514.56 * 1.2)
    #expect(measured["warnings"]?.count == 0)
  }

  /// Costs are kept of layers that follow from the model alone.
  @Test func nothingMeasuredIsKept() throws {
    var service = PlanService.standard()
    let problems = RecentProblems()
    service.problems = problems
    func post(_ profiles: String) throws -> JSONValue {
      let (status, body) = try Router(service.routes).post(
        "/partition",
        """
        {"model": "llama-2-7b", "cluster": "1x8xa100-sxm4-80gb", \(profiles)
         "training": {"global_batch_size": 16, "sequence_length": 2048}}
        """)
      #expect(status == 200)
      return try #require(body["plan"]?["prediction"]?["step_seconds"])
    }
    _ = try post("")
    let kept = problems.statistics
    #expect(kept.misses == 1)
    let measured = try post("\"profiles\": \(profile()),")
    #expect(problems.statistics == kept)
    #expect(measured.double != (try post("")).double)
  }

  @Test func tensorExchangesAreMeasured() throws {
    func tensorSeconds(_ profiles: String?) throws -> Double {
      let (_, body) = try post(
        "/simulate", profiles: profiles,
        more: ", \"plan\": {\"strategy\": {\"tensor_parallel\": 8, \"micro_batch_size\": 4}}")
      return try #require(
        body["plan"]?["prediction"]?["breakdown_seconds"]?["tensor_parallel"]?.double)
    }
    // 4 micro-batches of 4 samples, 32 layers: 4 all-reduces of 64 MB, 0.6519 ms each, each.
    let expected = 4 * 32 * 4 * 0.6519e-3
    let measured = try tensorSeconds(profile())
    #expect(measured >= expected && measured < 1.2 * expected, "\(measured) \(expected)")
  }

  /// Planned and predicted with measurements alike.
  @Test func plansWithMeasurements() throws {
    let (status, answer) = try post(
      "/partition", profiles: profile(), more: ", \"search\": {\"top\": 0}")
    #expect(status == 200)
    let plan = try #require(answer["plan"])
    let text = String(decoding: plan.canonicalBytes, as: UTF8.self)
    let (_, simulated) = try post(
      "/simulate", profiles: profile(), more: ", \"plan\": \(text)")
    #expect(simulated["plan"].map { String(decoding: $0.canonicalBytes, as: UTF8.self) } == text)
  }

  /// A step of replicas that all-reduce their gradients, by how fast the ring was measured to be.
  private func step(_ profiles: String, strategy: String, nodes: Int = 1) throws -> Double {
    let (status, body) = try post(
      "/simulate", profiles: profiles, more: ", \"plan\": {\"strategy\": \(strategy)}",
      nodes: nodes)
    #expect(status == 200)
    return try #require(body["plan"]?["prediction"]?["step_seconds"]?.double)
  }

  private func rates(_ rate: Double, overlap: Double = 1) -> String {
    let groups = ["8_consec_1", "4_consec_1", "4_consec_0", "2_consec_1", "2_consec_0"]
    let rings = groups.map { "\"allreduce_size_\($0)\": \($0.first == "8" ? rate : 100)" }
    return """
      {"allreduce_bandwidth": {\(rings.joined(separator: ", "))},
      "p2p_bandwidth": {"pp_size_2": \(rate), "pp_size_4": 100, "pp_size_8": 100},
      "overlap": {"overlap_coe": \(overlap)}}
      """
  }

  /// 6.74 billion gradients of four bytes, of which each GPU sends 2·7/8 around the ring; what of it
  /// cannot hide is longer by the difference of the rates.
  @Test func ringsTakeWhatWasMeasured() throws {
    let strategy = #"{"data_parallel": 8, "zero_stage": 0, "micro_batch_size": 2}"#
    let slow = try step(rates(5), strategy: strategy)
    let fast = try step(rates(10), strategy: strategy)
    let volume = 2 * 7.0 / 8 * 6_738_415_616 * 4 / 0x1p20
    let expected = volume * (1 / 5 - 1 / 10) / 1000
    #expect(abs((slow - fast) / expected - 1) < 1e-6, "\(slow - fast) \(expected)")
    // Groups of other sizes are not looked at.
    let halves = #"{"pipeline_parallel": 2, "zero_stage": 0, "micro_batch_size": 4}"#
    let (one, other) = try (step(rates(50), strategy: halves), step(rates(5), strategy: halves))
    // One micro-batch: 64 MB of hidden states go there and back, between two stages, on four GPUs.
    #expect(abs((other - one) - 2 * 64 * (1 / 5 - 1 / 50) / 1000) < 1e-9, "\(other - one)")
  }

  /// A reduction that hides slows the kernels that hide it.
  @Test func overlapCosts() throws {
    let strategy = #"{"data_parallel": 8, "zero_stage": 0, "micro_batch_size": 2}"#
    let volume = 2 * 7.0 / 8 * 6_738_415_616 * 4 / 0x1p20
    let free = try step(rates(300), strategy: strategy)
    let (some, most) = try (
      step(rates(300, overlap: 1.25), strategy: strategy),
      step(rates(300, overlap: 1000), strategy: strategy)
    )
    #expect(abs((some - free) / (0.25 * volume / 300 / 1000) - 1) < 0.02, "\(some - free)")
    #expect(abs((most - free) / (volume / 300 / 1000) - 1) < 0.02, "\(most - free)")
    // Of fully sharded weights: 2 gathers and a scatter of two bytes each, one way around the ring. The
    // embedding's have nothing to hide behind; seven hops of each of the others count, too.
    let sharded = strategy.replacing("\"zero_stage\": 0", with: "\"zero_stage\": 3")
    let slower = try step(rates(300, overlap: 1.25), strategy: sharded)
    let added = try slower - step(rates(300), strategy: sharded)
    let hiding = volume * 6 / 8 * (1 - 131_072_000.0 / 6_738_415_616) / 300 / 1000
    let hops = 33 * 3 * 7 * CostParameters.published.software.scaleUpLatency.value
    #expect(abs(added / (0.25 * (hiding + hops)) - 1) < 0.02, "\(added)")
  }

  /// Whatever compute was measured, gathers hide behind that: where traffic takes longer, recomputing is free.
  @Test(arguments: [0.1, 20])
  func gathersHideBehindMeasuredCompute(milliseconds: Double) throws {
    let times = ["0", "other"].flatMap { layer in
      [1, 2].map { "\"layertype_\(layer)_bsz\($0)_seq2048\": \(milliseconds)" }
    }
    let profiles = rates(5).replacing(
      "\"overlap\"", with: "\"computation\": {\(times.joined(separator: ", "))}, \"overlap\"")
    let steps = try ["none", "selective", "full"].map { policy in
      let strategy =
        #"{"data_parallel": 8, "zero_stage": 3, "micro_batch_size": 2, "recompute": "\#(policy)"}"#
      let (status, body) = try post(
        "/simulate", profiles: profiles, more: ", \"plan\": {\"strategy\": \(strategy)}")
      #expect(status == 200)
      let prediction = try #require(body["plan"]?["prediction"])
      #expect(prediction["breakdown_seconds"]!["bubble"]!.double! < 1e-9)
      #expect((prediction["breakdown_seconds"]!["recompute"]!.double! > 0) == (policy != "none"))
      return prediction["step_seconds"]!.double!
    }
    #expect(steps.allSatisfy { abs($0 / steps[0] - 1) < 1e-9 }, "\(steps)")
  }

  /// Over two nodes a ring with four members on each gets 20.8 GB/s, one with eight 44.7.
  @Test func distantRanksHaveRatesOfTheirOwn() throws {
    let strategy = #"{"tensor_parallel": 2, "zero_stage": 0, "micro_batch_size": 2}"#
    let whole = try profile("llama2-7b-2x8")
    let slower = whole.replacing("20.7724", with: "10.3862")
    #expect(whole != slower)
    let volume = 2 * 7.0 / 8 * 6_738_415_616 / 2 * 4 / 0x1p20
    let difference =
      try step(slower, strategy: strategy, nodes: 2) - step(whole, strategy: strategy, nodes: 2)
    let expected = volume * (1 / 10.3862 - 1 / 20.7724) / 1000
    // The last few parameters are not split; waiting for two nodes adds a little; of what hides, an
    // eighth counts.
    #expect(difference > 0.8 * expected && difference < 1.1 * expected, "\(difference) \(expected)")
  }

  /// What was planned with measurements goes on with them after a change.
  @Test func replansWithMeasurements() throws {
    let (_, simulated) = try post(
      "/simulate", profiles: profile("llama2-7b-2x8"),
      more: """
        , "plan": {"strategy": {"pipeline_parallel": 2, "tensor_parallel": 2, "micro_batches": 4}}
        """, nodes: 2)
    let plan = try #require(simulated["plan"])
    let text = String(decoding: plan.canonicalBytes, as: UTF8.self)
    func replan(_ changes: String, _ more: String = "") throws -> (status: Int, body: JSONValue) {
      try post(
        "/replan", profiles: profile("llama2-7b-2x8"),
        more: ", \"plan\": \(text), \"changes\": \(changes), \"horizon_steps\": 10\(more)",
        nodes: 2)
    }
    let (status, same) = try replan("{}")
    #expect(status == 200)
    #expect(same["status"]?.string == "stay")
    let before = plan["prediction"]!["step_seconds"]!.double!
    let after = try #require(same["plan"]?["prediction"]?["step_seconds"]?.double)
    #expect(abs(after / before - 1) < 1e-9, "\(before) \(after)")
    // Slow GPUs take twice as long for kernels, measured or not, and as long for all else.
    let (_, slow) = try replan(#"{"slow_nodes": [{"node": "node-1", "speed": 0.5}]}"#)
    let stages = try #require(slow["options"]?.elements.first { $0["kind"]?.string == "stay" })
    let step = try #require(stages["step_seconds"]?.double)
    #expect(step > 1.4 * before && step < 2 * before, "\(step) \(before)")
    let (refused, problem) = try replan("{}", ", \"cost_model\": \"galvatron\"")
    #expect(refused == 422)
    #expect(problem["errors"]?[0]?["pointer"]?.string == "/cost_model")
  }

  @Test func whatIsMissingIsSaid() throws {
    let only = #"{"computation": {"layertype_0_bsz1_seq4096": 9.1}}"#
    let (status, answer) = try post("/simulate", profiles: only, more: strategy)
    #expect(status == 200)
    let warnings = answer["warnings"]?.elements.compactMap(\.string).joined(separator: " ") ?? ""
    for part in [
      "scaled from 4096 tokens", "No memory profile", "No sp_time profile",
      "No allreduce_bandwidth profile", "No p2p_bandwidth profile", "No overlap coefficient",
    ] {
      #expect(warnings.contains(part), "\(part)")
    }
  }

  @Test func settingsOfTheOtherModelAreRefused() throws {
    let (status, answer) = try post(
      "/partition", profiles: profile(), more: ", \"galvatron\": {}")
    #expect(status == 422)
    #expect(answer["errors"]?[0]?["pointer"]?.string == "/galvatron")
  }
}
