import JSON
import PlanAPI
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

private func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
  try router.post(path, body)
}

private func text(_ value: JSONValue?) -> String {
  value.map { String(decoding: $0.canonicalBytes, as: UTF8.self) } ?? "null"
}

/// A job and how it is split.
private func job(_ strategy: String, batch: Int = 64) -> String {
  #""model": 24, "cluster": "1x8xh100", "#
    + #""training": {"global_batch_size": \#(batch), "sequence_length": 2048}, "#
    + #""plan": {"strategy": \#(strategy)}"#
}

private let strategies = [
  #"{"tensor_parallel": 1, "micro_batch_size": 1}"#,
  #"{"tensor_parallel": 2, "micro_batch_size": 1}"#,
  #"{"tensor_parallel": 4, "micro_batch_size": 2}"#,
  #"{"tensor_parallel": 8, "micro_batch_size": 2}"#,
  #"{"pipeline_parallel": 2, "micro_batch_size": 2}"#,
  #"{"pipeline_parallel": 4, "micro_batch_size": 1}"#,
]

/// Runs that take `factor` times as long as is predicted, and hold 1 GiB more.
private func runs(_ factor: Double) throws -> [String] {
  try strategies.map { strategy in
    let (status, answer) = try post("/simulate", "{" + job(strategy) + "}")
    #expect(status == 200)
    let prediction = try #require(answer["plan"]?["prediction"])
    let step = prediction["step_seconds"]!.double! * factor
    let memory = prediction["peak_memory_bytes"]!.double! + 0x1p30
    return "{" + job(strategy)
      + #", "measured": {"step_seconds": \#(step), "peak_memory_bytes": \#(memory)}}"#
  }
}

@Suite struct CalibrateRouteTests {
  @Test func answersWithAProfileThatOtherRoutesTake() throws {
    let measured = try runs(1.3)
    let (status, answer) = try post(
      "/calibrate", #"{"runs": [\#(measured.joined(separator: ", "))]}"#)
    #expect(status == 200)
    let before = answer["error_before"]!["mean_absolute_fraction"]!.double!
    let after = answer["error_after"]!["mean_absolute_fraction"]!.double!
    #expect(before > 0.2)
    #expect(after < 0.3 * before)
    let fitted = try #require(answer["parameters_fitted"]?.integer)
    #expect(fitted >= 1 && fitted <= measured.count / 2)
    #expect(answer["cost_profile"]?["parameters"]?.count == fitted)
    #expect(answer["cost_profile"]?["covariance"]?.count == fitted)

    let profile = #", "cost_profile": \#(text(answer["cost_profile"]))"#
    let plain = try post("/simulate", "{" + job(strategies[0]) + "}").body
    #expect(plain["step_seconds_interval"] == nil)
    let (again, own) = try post("/simulate", "{" + job(strategies[0]) + profile + "}")
    #expect(again == 200)
    let step = own["plan"]!["prediction"]!["step_seconds"]!.double!
    #expect(step > 1.15 * plain["plan"]!["prediction"]!["step_seconds"]!.double!)
    let interval = try #require(own["step_seconds_interval"]?.elements.map { $0.double! })
    #expect(interval.count == 2 && interval[0] < step && step < interval[1])
    let probability = try #require(own["fits_probability"]?.double)
    #expect((0...1).contains(probability))
    // A gibibyte more than the model's own runtime.
    let more =
      own["plan"]!["prediction"]!["peak_memory_bytes"]!.double!
      - plain["plan"]!["prediction"]!["peak_memory_bytes"]!.double!
    #expect(abs(more - 0x1p30) < 0x1p24)

    let search =
      #"{"model": 24, "cluster": "1x8xh100", "training": "#
      + #"{"global_batch_size": 64, "sequence_length": 2048}\#(profile)}"#
    let (found, plan) = try post("/partition", search)
    #expect(found == 200)
    #expect(plan["step_seconds_interval"]?.count == 2)
    #expect(plan["fits_probability"]?.double != nil)
  }

  @Test func fitsLayerTimes() throws {
    let layers = strategies.prefix(2).map { strategy in
      "{" + job(strategy) + #", "layer": 3, "forward_seconds": 0.01, "backward_seconds": 0.02}"#
    }
    let (status, answer) = try post(
      "/calibrate",
      #"{"layers": [\#(layers.joined(separator: ", "))], "fit": ["hopper.matrix"]}"#)
    #expect(status == 200)
    #expect(answer["measurements"]?.integer == 4)
    #expect(answer["parameters"]?[0]?["name"]?.string == "hopper.matrix")
  }

  private static func pointers(_ body: String) throws -> [String] {
    let (status, answer) = try post("/calibrate", body)
    #expect(status == 422)
    return answer["errors"]?.elements.map { $0["pointer"]?.string ?? "" } ?? []
  }

  @Test func refusesByPointer() throws {
    let one = try runs(1.2)[0]
    #expect(try Self.pointers("{}") == [""])
    #expect(
      try Self.pointers(#"{"runs": [\#(one)], "fit": ["hopper.matrix", "hopper.memory"]}"#)
        == ["/fit"])
    #expect(
      try Self.pointers(#"{"runs": [\#(one)], "fit": ["ampere.matrix"]}"#) == ["/fit/0"])
    #expect(try Self.pointers(#"{"runs": [\#(one)], "fit": ["hopper.matrx"]}"#) == ["/fit/0"])
    let silent = "{" + job(strategies[0]) + #", "measured": {}}"#
    #expect(
      try Self.pointers(#"{"runs": [\#(one), \#(silent)]}"#)
        == ["/runs/1/measured/step_seconds"])
  }

  @Test(arguments: [
    (#"{"hopper.matrix": 7}"#, "[[0.1]]", "/cost_profile/parameters/hopper.matrix"),
    (#"{"hopper.speed": 0.5}"#, "[[0.1]]", "/cost_profile/parameters/hopper.speed"),
    (#"{"hopper.matrix": 0.5}"#, "[]", "/cost_profile/covariance"),
    (#"{"hopper.matrix": 0.5}"#, "[[-0.1]]", "/cost_profile/covariance"),
  ])
  func refusesSpoiledProfiles(parameters: String, covariance: String, pointer: String) throws {
    let profile =
      #"{"format": "stagewright-cost-profile/1", "parameters": \#(parameters), "#
      + #""covariance": \#(covariance), "step_deviation": 0.05, "memory_deviation": 0.08}"#
    let (status, answer) = try post(
      "/simulate", "{" + job(strategies[0]) + #", "cost_profile": \#(profile)}"#)
    #expect(status == 422)
    #expect(answer["errors"]?[0]?["pointer"]?.string == pointer)
  }
}

@Suite struct MountedProfileTests {
  private static let profile =
    #"{"format": "stagewright-cost-profile/1", "parameters": {"hopper.matrix": 0.45}, "#
    + #""covariance": [[0.0004]], "step_deviation": 0.05, "memory_deviation": 0.08}"#

  /// A file's profile holds where a request brings none, whether it is the profile alone or the answer
  /// that it came in.
  @Test(arguments: [profile, #"{"cost_profile": \#(profile), "measurements": 3}"#])
  func holdsForEveryRequest(file: String) throws {
    var service = PlanService(model: PlainModelRule())
    service.profile = try PlanService.profile(parsing: Array(file.utf8)).get()
    let response = Router(service.routes).response(
      to: APIRequest(
        method: "POST", path: "/simulate", body: Array(("{" + job(strategies[0]) + "}").utf8)))
    let answer = try JSONDocument(parsing: response.body).root
    #expect(answer["step_seconds_interval"]?.count == 2)
    let plain = try post("/simulate", "{" + job(strategies[0]) + "}").body
    let steps = [answer, plain].map { $0["plan"]!["prediction"]!["step_seconds"]!.double! }
    #expect(steps[0] > steps[1])
  }

  @Test(arguments: ["{", "[]", "{}", #"{"format": "other/1"}"#])
  func refusesOtherFiles(file: String) {
    #expect(throws: Problem.self) { try PlanService.profile(parsing: Array(file.utf8)).get() }
  }
}
