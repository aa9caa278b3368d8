import Foundation
import JSON
import Testing

@testable import stagewright

@Suite struct RouteTests {
  @Test func plansOverASocketAsWithoutOne() throws {
    let live = try LiveService()
    let answer = try live.ask(
      "POST /partition", ["Content-Type: application/json"], body: smallJob)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "application/json")
    let plan = try #require(try answer.json()["plan"])
    let command = try CommandRun(["partition"], input: smallJob)
    #expect(command.status == 0 && command.errors.isEmpty)
    let printed = try JSONDocument(parsing: Array(command.output.utf8)).root
    #expect(printed["plan"]?.canonicalBytes == plan.canonicalBytes)
    // The plan goes back in unchanged and is predicted alike.
    let text = String(decoding: plan.canonicalBytes, as: UTF8.self)
    let again = try live.ask("POST /simulate", body: smallJob.dropLast() + ", \"plan\": \(text)}")
    #expect(try again.json()["plan"]?.canonicalBytes == plan.canonicalBytes)
  }

  @Test func greets() throws {
    let live = try LiveService()
    let answer = try live.ask("GET /", ["Accept: text/plain"])
    #expect(answer.status == 200)
    #expect(answer.text.contains("Stagewright"))
    #expect(answer.text.contains("curl"))
    #expect(try live.ask("POST /", body: "{}").status == 405)
  }

  @Test func describesItself() throws {
    let live = try LiveService()
    let answer = try live.ask("GET /openapi.yaml")
    #expect(answer.status == 200 && answer["Content-Type"] == "application/yaml")
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../openapi.yaml")
    #expect(try Data(contentsOf: file) == Data(answer.body))
    let tag = try #require(answer["ETag"])
    #expect(try live.ask("GET /openapi.yaml", ["If-None-Match: \(tag)"]).status == 304)
  }

  @Test func namesRequests() throws {
    let live = try LiveService()
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let headers = ["X-Request-Id: order-66", "traceparent: \(trace)"]
    for line in ["GET /livez", "GET /catalog/gpus", "GET /nothing", "POST /livez"] {
      let answer = try live.ask(line, headers)
      #expect(answer["X-Request-Id"] == "order-66")
      #expect(answer["traceparent"] == trace)
      let made = try live.ask(line, ["X-Request-Id: not usable", "traceparent: 00-0-0-00"])
      #expect(made["X-Request-Id"]?.count == 13)
      #expect(made["traceparent"] == nil)
    }
  }

  @Test func answersHeadAsGet() throws {
    let live = try LiveService()
    for path in ["/", "/catalog/gpus", "/livez", "/nothing"] {
      let get = try live.ask("GET \(path)")
      let head = try live.ask("HEAD \(path)")
      #expect(get.status == head.status)
      for name in ["Content-Length", "Content-Type", "ETag"] { #expect(get[name] == head[name]) }
    }
  }

  @Test func refusesWithProblems() throws {
    let live = try LiveService()
    let cases: [(line: String, headers: [String], body: String?, status: Int)] = [
      ("GET /partitions", [], nil, 404), ("GET /partition", [], nil, 405),
      ("OPTIONS *", [], nil, 404), ("GET //", [], nil, 404),
      ("POST /partition", ["Accept: image/png"], smallJob, 406),
      ("POST /partition", ["Content-Type: text/csv"], smallJob, 415),
      ("POST /partition", ["Content-Encoding: gzip"], smallJob, 415),
      ("POST /partition", [], "{}", 422),
    ]
    for (line, headers, body, status) in cases {
      let answer = try live.ask(line, headers, body: body)
      #expect(answer.status == status, "\(line)")
      #expect(answer["Content-Type"] == "application/problem+json")
      #expect(try answer.json()["status"]?.integer == status)
      if status == 405 { #expect(answer["Allow"] == "POST") }
    }
  }
}
