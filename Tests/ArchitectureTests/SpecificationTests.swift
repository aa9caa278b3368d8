import Foundation
import JSON
import PlanAPI
import Testing

@testable import stagewright

private let router = Service.router

private func post(_ body: JSONValue, to path: String) -> APIResponse {
  router.response(to: APIRequest(method: "POST", path: path, body: body.canonicalBytes))
}

@Suite struct SpecificationTests {
  private let specification: Specification

  init() throws { specification = try Specification.shared.get() }

  @Test func describesEveryRouteAndNoOther() {
    let described = Set(specification.operations.map { "\($0.method) \($0.path)" })
    let answered = Set(
      router.routes.flatMap { route in
        route.methods.filter { $0 != "HEAD" }.map { "\($0) \(route.path)" }
      })
    #expect(described == answered.union(Probe.allCases.map { "GET \($0.rawValue)" }))
  }

  @Test func everyCommandHasItsRoute() {
    for command in Stagewright.routeCommands {
      #expect(
        router.routes.contains {
          $0.path == command.path && $0.methods.contains(command.method)
        }, "\(command)")
    }
  }

  @Test func isServed() throws {
    let response = router.response(to: APIRequest(method: "GET", path: "/openapi.yaml"))
    #expect(try String(decoding: response.body, as: UTF8.self) == Repository.text("openapi.yaml"))
  }

  @Test func describesEveryFormOfAnAnswer() {
    for route in router.routes {
      let operation = specification.operations.first {
        $0.path == route.path && route.methods.contains($0.method)
      }
      #expect(
        operation?.mediaTypes(ofStatus: "200") == Set(route.offers.map(\.name)), "\(route.path)")
    }
  }

  @Test func examplesMeetTheirSchemas() {
    let schema = specification.schema
    for exchange in specification.exchanges {
      // A request that is refused breaks its schema, or the service is at odds with it.
      let faults = schema.faults(exchange.request, exchange.requestSchema)
      #expect(faults.isEmpty == (exchange.status == 200), "\(exchange): \(faults)")
      let wrong = schema.faults(exchange.answer, exchange.answerSchema)
      #expect(wrong.isEmpty, "\(exchange): \(wrong)")
    }
  }

  /// With `STAGEWRIGHT_WRITE_EXAMPLES` set the answers are written into `openapi.yaml` (`make examples`).
  @Test func examplesAreAnsweredAsDescribed() throws {
    let isWriting = ProcessInfo.processInfo.environment["STAGEWRIGHT_WRITE_EXAMPLES"] != nil
    var text = try Repository.text(Specification.path)
    for exchange in specification.exchanges {
      let response = post(exchange.request, to: exchange.path)
      #expect(response.status == exchange.status, "\(exchange)")
      let answer = try JSONDocument(parsing: response.body).root
      let wrong = specification.schema.faults(answer, exchange.answerSchema)
      #expect(wrong.isEmpty, "\(exchange): \(wrong)")
      if isWriting {
        text = Specification.replacing(exampleNamed: exchange.answerName, by: answer, in: text)
      } else {
        let differences = Difference.between(exchange.answer, answer)
        #expect(
          differences.isEmpty,
          "\(exchange): \(differences.prefix(5)); `make examples` writes what is answered now")
      }
    }
    if isWriting {
      try text.write(to: Repository.url(Specification.path), atomically: true, encoding: .utf8)
    }
  }

  /// Whole catalogues meet their schemas.
  @Test(arguments: ["/catalog/gpus", "/catalog/machines", "/catalog/models"])
  func whatIsFetchedMeetsItsSchema(path: String) throws {
    let response = router.response(to: APIRequest(method: "GET", path: path))
    let content = specification.document["paths"]![path]!["get"]!["responses"]!["200"]!["content"]!
    let wrong = specification.schema.faults(
      try JSONDocument(parsing: response.body).root, content["application/json"]!["schema"]!)
    #expect(wrong.isEmpty)
  }
}

/// How two answers differ.
enum Difference {
  /// A clock's figures, which differ from run to run.
  private static let measured: Set<String> = ["search_seconds"]

  static func between(
    _ expected: JSONValue, _ found: JSONValue, at place: String = ""
  ) -> [String] {
    switch (expected.kind, found.kind) {
    case (.object, .object):
      let names = expected.members.map(\.name)
      guard names == found.members.map(\.name) else {
        return ["\(place): \(names) became \(found.members.map(\.name))"]
      }
      return names.filter { !measured.contains($0) }.flatMap {
        between(expected[$0]!, found[$0]!, at: "\(place)/\($0)")
      }
    case (.array, .array):
      guard expected.count == found.count else {
        return ["\(place): \(expected.count) elements became \(found.count)"]
      }
      return zip(expected.elements, found.elements).enumerated().flatMap {
        between($1.0, $1.1, at: "\(place)/\($0)")
      }
    default:
      guard expected.canonicalBytes != found.canonicalBytes else { return [] }
      return ["\(place): \(text(expected)) became \(text(found))"]
    }
  }

  private static func text(_ value: JSONValue) -> String {
    String(decoding: value.canonicalBytes, as: UTF8.self)
  }
}
