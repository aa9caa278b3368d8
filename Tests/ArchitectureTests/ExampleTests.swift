import Foundation
import JSON
import MicroHTTP
import PlanAPI
import Testing

@testable import stagewright

private let router = Service.router

/// Every file of `Examples/` does what it says.
@Suite struct ExampleTests {
  static let requests: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: Repository.url("Examples").path)
    return (files ?? []).filter { $0.hasSuffix(".json") }.sorted()
  }()

  /// Plans layer by layer, on profiles that are mounted by name.
  static let layerwiseRequests: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: Repository.url("Examples/Galvatron").path)
    return (files ?? []).filter { $0.hasSuffix(".json") && $0 != "cases.json" }.sorted()
  }()

  @Test(arguments: layerwiseRequests)
  func isPlannedLayerByLayer(file: String) throws {
    let specification = try Specification.shared.get()
    let schema = specification.document["components"]!["schemas"]!
    let request = try Repository.json("Examples/Galvatron/\(file)")
    #expect(specification.schema.faults(request, schema["PartitionRequest"]!).isEmpty)
    var service = PlanService.standard()
    service.profiles = try ProfileDirectory.store(at: Repository.url("Examples/Profiles").path)
    let response = Router(service.routes).response(
      to: APIRequest(method: "POST", path: "/partition", body: request.canonicalBytes))
    #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
    let answer = try JSONDocument(parsing: response.body).root
    let faults = specification.schema.faults(answer, schema["PartitionAnswer"]!)
    #expect(faults.isEmpty, "\(faults)")
  }

  /// Steps that were timed, for `/calibrate`.
  static let measurements: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: Repository.url("Examples/Measurements").path)
    return (files ?? []).filter { $0.hasSuffix(".json") }.sorted()
  }()

  @Test(arguments: measurements)
  func isFitted(file: String) throws {
    let specification = try Specification.shared.get()
    let request = try Repository.json("Examples/Measurements/\(file)")
    let schema = specification.document["components"]!["schemas"]!
    #expect(specification.schema.faults(request, schema["CalibrateRequest"]!).isEmpty)
    let answer = try answered("/calibrate", request.canonicalBytes)
    let (before, after) = (
      answer["error_before"]?["mean_absolute_fraction"]?.double,
      answer["error_after"]?["mean_absolute_fraction"]?.double
    )
    #expect(try #require(after) < 0.5 * #require(before))
  }

  /// What a few layers of one model tell holds for another, and for all of its layers.
  @Test(arguments: [
    ("llama-3.1-8b-shallow-h200", "llama-3.2-3b-h200"),
    ("qwen3-1.7b-h200", "llama-3.2-3b-h200"),
    ("gpt2-xl-compiled-h100", "gemma-2-2b-compiled-h100"),
    ("gemma-2-2b-compiled-h100", "gpt2-xl-compiled-h100"),
  ])
  func aProfileHoldsForOtherModels(measured: String, other: String) throws {
    let fitted = try answered(
      "/calibrate", Repository.json("Examples/Measurements/\(measured).json").canonicalBytes)
    let profile = String(
      decoding: try #require(fitted["cost_profile"]).canonicalBytes, as: UTF8.self)
    let runs = try #require(
      Repository.json("Examples/Measurements/\(other).json")["runs"]?.elements)
    var (shipped, own) = (0.0, 0.0)
    for run in runs {
      let measured = try #require(run["measured"]?["step_seconds"]?.double)
      let parts = try ["model", "cluster", "training", "plan"].map { name in
        let value = String(decoding: try #require(run[name]).canonicalBytes, as: UTF8.self)
        return "\"\(name)\":\(value)"
      }.joined(separator: ",")
      for profile in [nil, profile] {
        let body = "{\(parts)\(profile.map { ",\"cost_profile\":" + $0 } ?? "")}"
        let answer = try answered("/simulate", Array(body.utf8))
        let step = answer["plan"]?["prediction"]?["step_seconds"]?.double
        let error = abs(try #require(step) / measured - 1)
        if profile == nil { shipped += error } else { own += error }
      }
    }
    #expect(own < 0.75 * shipped)
  }

  private func answered(_ path: String, _ body: [UInt8]) throws -> JSONValue {
    let response = router.response(to: APIRequest(method: "POST", path: path, body: body))
    #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
    return try JSONDocument(parsing: response.body).root
  }

  @Test func areThere() {
    #expect(Self.measurements.count >= 9)
    #expect(Self.layerwiseRequests.count >= 5)
    #expect(Self.requests.count >= 6)
  }

  @Test(arguments: requests)
  func isPlanned(file: String) throws {
    let specification = try Specification.shared.get()
    let request = try Repository.json("Examples/\(file)")
    let schema = specification.document["components"]!["schemas"]!
    #expect(specification.schema.faults(request, schema["PartitionRequest"]!).isEmpty)
    let response = router.response(
      to: APIRequest(method: "POST", path: "/partition", body: hurried(request)))
    #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
    let answer = try JSONDocument(parsing: response.body).root
    #expect(["optimal", "feasible"].contains(answer["status"]?.string), "\(file)")
    #expect(specification.schema.faults(answer, schema["PartitionAnswer"]!).isEmpty)
  }

  /// Debug builds search slowly: the best after half a second will do.
  private func hurried(_ request: JSONValue) -> [UInt8] {
    var text = String(decoding: request.canonicalBytes, as: UTF8.self)
    text.removeLast()
    return Array((text + #","search":{"deadline_ms":500}}"#).utf8)
  }

  @Test(.enabled(if: Python.hasNetworkX, "needs python3 with networkx"))
  func pipelineStagesAreSaved() throws {
    let server = try LiveRouter(router)
    let folder = URL.temporaryDirectory.appending(path: "stagewright-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try Python.run([
      Repository.url("Examples/pipeline_stages.py").path, "--url", server.url,
      "--model", "gpt-1.5b", "--stages", "4", "--output", folder.path,
    ])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("Recommended stages: "))
    let stages = try JSONDocument(
      parsing: String(
        contentsOf: folder.appending(path: "pipeline_parallel_config.json"), encoding: .utf8)
    ).root
    #expect(stages["stage_list"]?.count == 4)
    for name in [
      "model_graph.json", "best_partition_strategy.json", "pipeline_strategy_report.txt",
    ] {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: name).path))
    }
  }
}

/// The routes behind a socket on a free port.
private final class LiveRouter {
  private let server: HTTPServer
  let url: String

  init(_ router: Router) throws {
    server = HTTPServer(
      configuration: .init(), inline: { _, _ in nil },
      handler: { request, _ in
        let answer = router.response(
          to: APIRequest(
            method: request.method.name, path: request.path,
            accept: request.headers.values("Accept"), contentType: request.headers["Content-Type"],
            body: request.body))
        var response = HTTPResponse(status: answer.status, body: answer.body, route: answer.route)
        for field in answer.headers { response.headers.append(field.name, field.value) }
        return response
      })
    url = try server.start().url
  }

  deinit { server.stop() }
}

private enum Python {
  static let hasNetworkX = (try? run(["-c", "import networkx"]))?.status == 0

  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
