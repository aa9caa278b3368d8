import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
  try router.post(path, body)
}

/// A generator with a seed, so that a failing case can be run again.
struct Lehmer: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

/// A plan of `/partition` is never beaten by one that `/simulate` accepts within the same
/// constraints.
@Suite struct UnbeatenTests {
  static let jobs: [(parts: String, gpus: Int, batch: Int, layers: Int)] = [
    (job(layers: 6, "1x8xh100", batch: 24), 8, 24, 8),
    (job(layers: 7, "2x4xa100", batch: 16), 8, 16, 9),
    (job(layers: 10, "1x6xv100-sxm2-32gb", batch: 12), 6, 12, 12),
    (
      #""model": 8, "training": {"global_batch_size": 16, "sequence_length": 1024}, "#
        + #""cluster": {"pools": [{"gpu": "a100", "nodes": 1, "memory_bytes": 4200000000}]}"#,
      8, 16, 10
    ),
    // Behind a slow spine, so that it matters which axis crosses it.
    (
      #""model": 8, "training": {"global_batch_size": 32, "sequence_length": 512}, "#
        + #""cluster": {"pools": [{"gpu": "a100", "nodes": 4, "gpus_per_node": 2, "#
        + #""memory_bytes": 4200000000}], "network": {"levels": [{"name": "leaf", "nodes": 2}, "#
        + #"{"name": "spine", "oversubscription": 64}]}}"#,
      8, 32, 10
    ),
  ]

  private static func job(layers: Int, _ cluster: String, batch: Int) -> String {
    #""model": \#(layers), "cluster": "\#(cluster)", "#
      + #""training": {"global_batch_size": \#(batch), "sequence_length": 1024, "precision": "bf16"}"#
  }

  @Test(arguments: jobs.indices)
  func noSimulatedPlanIsFaster(index: Int) throws {
    let job = Self.jobs[index]
    let (_, answer) = try post("/partition", "{\(job.parts)}")
    let best = try #require(answer["plan"]?["prediction"]?["step_seconds"]?.double)
    let bound = try #require(answer["proof"]?["lower_bound_seconds"]?.double)
    #expect(bound <= best * (1 + 1e-12))
    var random = Lehmer(state: UInt64(index + 1))
    var simulated = 0
    for _ in 0..<150 {
      let plan = Self.randomPlan(gpus: job.gpus, batch: job.batch, layers: job.layers, &random)
      let (status, result) = try post("/simulate", "{\(job.parts), \"plan\": \(plan)}")
      guard status == 200, result["fits"]?.boolean == true else { continue }
      simulated += 1
      let step = try #require(result["plan"]?["prediction"]?["step_seconds"]?.double)
      #expect(step >= bound * (1 - 1e-9), "\(plan) takes \(step), less than \(bound)")
    }
    #expect(simulated >= 5)
  }

  /// Interleaved pipelines too: cut evenly within any constraints, and unevenly where that is allowed.
  @Test(arguments: jobs.indices)
  func noInterleavedPlanIsFaster(index: Int) throws {
    let job = Self.jobs[index]
    func search(_ more: String) throws -> (best: Double, bound: Double, isClosed: Bool) {
      let (_, answer) = try post(
        "/partition", #"{\#(job.parts), "search": {"schedule": "interleaved"\#(more)}}"#)
      return (
        try #require(answer["plan"]?["prediction"]?["step_seconds"]?.double),
        try #require(answer["proof"]?["lower_bound_seconds"]?.double),
        answer["status"]!.isString("optimal")
      )
    }
    let (even, uneven) = (try search(""), try search(#", "uneven_chunks": true"#))
    #expect(even.isClosed)
    #expect(uneven.best <= even.best * (1 + 1e-9) && uneven.bound <= uneven.best)
    var random = Lehmer(state: UInt64(index + 77))
    var (evenOnes, unevenOnes) = (0, 0)
    for _ in 0..<150 {
      let isEven = Bool.random(using: &random)
      guard
        let plan = Self.randomInterleaved(
          gpus: job.gpus, layers: job.layers, isEven: isEven, &random)
      else { continue }
      let (status, result) = try post("/simulate", "{\(job.parts), \"plan\": \(plan)}")
      guard status == 200, result["fits"]?.boolean == true else { continue }
      let step = try #require(result["plan"]?["prediction"]?["step_seconds"]?.double)
      #expect(step >= uneven.bound * (1 - 1e-9), "\(plan)")
      if isEven {
        evenOnes += 1
        #expect(step >= even.best * (1 - 1e-9), "\(plan) takes \(step), less than \(even.best)")
      } else {
        unevenOnes += 1
      }
    }
    #expect(evenOnes >= 5 && unevenOnes >= 5)
  }

  /// Even ones leave the cut to the service.
  private static func randomInterleaved(
    gpus: Int, layers: Int, isEven: Bool, _ random: inout Lehmer
  ) -> String? {
    let pipeline = Int.random(in: 2...4, using: &random)
    let chunks = Int.random(in: 2...3, using: &random)
    guard pipeline * chunks <= layers else { return nil }
    let data = Int.random(in: 1...max(1, gpus / pipeline), using: &random)
    let recompute = ["none", "full"].randomElement(using: &random)!
    let zero = Int.random(in: 0...2, using: &random)
    let order = ["tp-cp-dp-pp", "tp-cp-pp-dp"].randomElement(using: &random)!
    let strategy =
      #"{"pipeline_parallel": \#(pipeline), "data_parallel": \#(data), "#
      + #""virtual_stages": \#(chunks), "zero_stage": \#(zero), "recompute": "\#(recompute)", "#
      + #""rank_order": "\#(order)"}"#
    guard !isEven else { return #"{"strategy": \#(strategy)}"# }
    let cuts = (1..<layers).shuffled(using: &random).prefix(pipeline * chunks - 1).sorted()
    let bounds = [0] + cuts + [layers]
    let stages = (0..<pipeline).map { stage in
      let ranges = (0..<chunks).map { chunk in
        let part = chunk * pipeline + stage
        return "[\(bounds[part]), \(bounds[part + 1] - 1)]"
      }
      return #"{"layer_ranges": [\#(ranges.joined(separator: ", "))]}"#
    }
    return #"{"strategy": \#(strategy), "stages": [\#(stages.joined(separator: ", "))]}"#
  }

  /// Often valid, with random cuts where it is a pipeline of one chunk a stage.
  private static func randomPlan(
    gpus: Int, batch: Int, layers: Int, _ random: inout Lehmer
  ) -> String {
    let pipeline = Int.random(in: 1...4, using: &random)
    let tensor = [1, 1, 2, 4].randomElement(using: &random)!
    let context = [1, 1, 1, 2].randomElement(using: &random)!
    let data = Int.random(in: 1...max(1, gpus / pipeline / tensor / context), using: &random)
    let size = [1, 1, 2, 3, 4].randomElement(using: &random)!
    let schedule = ["gpipe", "1f1b", "zb-h1"].randomElement(using: &random)!
    let recompute = ["none", "none", "full", "selective"].randomElement(using: &random)!
    let zero = Int.random(in: 0...3, using: &random)
    let order = ["tp-cp-dp-pp", "tp-cp-pp-dp"].randomElement(using: &random)!
    let strategy =
      #"{"pipeline_parallel": \#(pipeline), "tensor_parallel": \#(tensor), "#
      + #""data_parallel": \#(data), "context_parallel": \#(context), "#
      + #""micro_batch_size": \#(size), "zero_stage": \#(zero), "#
      + #""recompute": "\#(recompute)", "schedule": "\#(schedule)", "#
      + #""rank_order": "\#(order)"}"#
    guard pipeline > 1, Bool.random(using: &random) else { return #"{"strategy": \#(strategy)}"# }
    let cuts = (1..<layers).shuffled(using: &random).prefix(pipeline - 1).sorted()
    let bounds = [0] + cuts + [layers]
    let stages = zip(bounds, bounds.dropFirst()).map { #"{"layer_range": [\#($0), \#($1 - 1)]}"# }
    return #"{"strategy": \#(strategy), "stages": [\#(stages.joined(separator: ", "))]}"#
  }
}

@Suite struct BatchTests {
  private let good =
    #"{"model": 4, "cluster": "1x8xh100", "training": {"global_batch_size": 8, "sequence_length": 64}}"#

  @Test func answersEachAsIfAlone() throws {
    let (status, answer) = try post(
      "/partition", #"{"requests": [\#(good), {"model": 4}, \#(good)]}"#)
    #expect(status == 200)
    let answers = Array(try #require(answer["answers"]).elements)
    #expect(answers.count == 3)
    #expect(answers[0]["status"]!.isString("optimal"))
    #expect(answers[1]["status"]?.integer == 422)
    let pointers = answers[1]["errors"]?.elements.map { $0["pointer"]!.string! }
    #expect(pointers == ["/requests/1/cluster", "/requests/1/training"])
    #expect(
      answers[2]["plan"].map { String(decoding: $0.canonicalBytes, as: UTF8.self) }
        == answers[0]["plan"].map { String(decoding: $0.canonicalBytes, as: UTF8.self) })
  }

  @Test(arguments: [
    (#"{"requests": []}"#, "/requests"), (#"{"requests": 3}"#, "/requests"),
    (#"{"requests": [{}], "model": 4}"#, "/model"),
  ])
  func pointsAtFaultsOfTheWhole(body: String, pointer: String) throws {
    let (status, problem) = try post("/partition", body)
    #expect(status == 422)
    #expect(problem["errors"]?[0]?["pointer"]?.string == pointer)
  }
}
