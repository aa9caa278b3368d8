import Foundation
import JSON
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func profile() throws -> String {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try String(
    contentsOf: root.appending(path: "Examples/Profiles/llama2-7b-1x8.json"), encoding: .utf8)
}

private func post(
  _ path: String, profiles: String?, more: String = ""
) throws -> (status: Int, body: JSONValue) {
  let body = """
    {"model": "llama-2-7b", "cluster": "1x8xa100-sxm4-80gb",
    "training": {"global_batch_size": 16, "sequence_length": 2048}
    \(profiles.map { ", \"profiles\": \($0)" } ?? "") \(more)}
    """
  let response = router.response(
    to: APIRequest(method: "POST", path: path, body: Array(body.utf8)))
  return (response.status, try JSONDocument(parsing: response.body).root)
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
    #expect(measured["warnings"]?[0]?.string?.contains("cost model only") ?? false)
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

  @Test func whatIsMissingIsSaid() throws {
    let only = #"{"computation": {"layertype_0_bsz1_seq4096": 9.1}}"#
    let (status, answer) = try post("/simulate", profiles: only, more: strategy)
    #expect(status == 200)
    let warnings = answer["warnings"]?.elements.compactMap(\.string).joined(separator: " ") ?? ""
    for part in ["scaled from 4096 tokens", "No memory profile", "No sp_time profile"] {
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
