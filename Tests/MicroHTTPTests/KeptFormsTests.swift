import Dispatch
import Testing

@testable import MicroHTTP

/// Answers whose form in the library is kept.
@Suite struct KeptFormsTests {
  private static func server() throws -> TestServer {
    let kept = KeptForms()
    return try TestServer(inline: { request, _ in
      guard request.path == "/kept" else { return nil }
      var response = HTTPResponse(
        headers: ["Content-Type": "text/plain", "Cache-Control": "no-store"],
        body: Array("kept\n".utf8), route: "/kept")
      response.kept = kept
      return response
    })
  }

  /// What was asked with which id, over several connections at once, is answered with it and no other.
  @Test func everyAnswerHasItsOwnIdAlone() throws {
    let server = try Self.server()
    let clients = try (0..<8).map { _ in try server.client() }
    for round in 0..<50 {
      for (number, client) in clients.enumerated() {
        let line = (round + number) % 5 == 0 ? "HEAD /kept" : "GET /kept"
        client.request(line, round % 2 == 0 ? ["X-Request-Id: \(round)-\(number)"] : [])
      }
      var ids: Set<String> = []
      for (number, client) in clients.enumerated() {
        let answer = try client.receive(toHead: (round + number) % 5 == 0)
        let own = answer.headers.filter { $0.name == "X-Request-Id" }.map(\.value)
        #expect(answer.status == 200 && own.count == 1)
        if round % 2 == 0 { #expect(own == ["\(round)-\(number)"]) }
        ids.formUnion(own)
        #expect(answer["Content-Type"] == "text/plain" && answer["Cache-Control"] == "no-store")
        #expect(answer["Content-Length"] == "5")
      }
      #expect(ids.count == clients.count)
    }
  }

  @Test func saysMoreWhereItMust() throws {
    let server = try Self.server()
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let client = try server.client()
    client.request("GET /kept", ["traceparent: \(trace)"])
    #expect(try client.receive()["traceparent"] == trace)
    client.request("GET /kept")
    let plain = try client.receive()
    #expect(plain["traceparent"] == nil && plain.text == "kept\n")
    client.request("GET /kept", ["Connection: close"])
    #expect(try client.receive()["Connection"] == "close")
    #expect(client.seesEnd())
    #expect(try server.ask("GET /kept")["Connection"] == nil)
  }

  /// A client that leaves before it has read takes no form with it.
  @Test func outlivesClientsThatLeave() throws {
    let server = try Self.server()
    for _ in 0..<50 {
      let client = try server.client()
      client.request("GET /kept")
      client.reset()
    }
    for _ in 0..<10 { #expect(try server.ask("GET /kept").text == "kept\n") }
  }
}
