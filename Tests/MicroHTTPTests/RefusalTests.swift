import Foundation
import Testing

@testable import MicroHTTP

/// What libmicrohttpd 0.9.75 accepts, or answers in HTML, and the server does not.
@Suite struct RefusalTests {
  struct BadHead: CustomTestStringConvertible, Sendable {
    var name: String
    var bytes: String
    var status = 400
    var refusal: HTTPRefusal?
    var testDescription: String { name }
  }

  static let host = "Host: a\r\n"
  static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

  static let badHeads: [BadHead] = [
    // Where the request ends is in doubt.
    BadHead(
      name: "two Content-Lengths",
      bytes:
        "POST / HTTP/1.1\r\n\(host)Content-Length: 0\r\nContent-Length: \(smuggled.count)\r\n\r\n"
        + smuggled, refusal: .ambiguousLength),
    BadHead(
      name: "two equal Content-Lengths",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 0\r\nContent-Length: 0\r\n\r\n\(smuggled)",
      refusal: .ambiguousLength),
    BadHead(
      name: "Content-Length and Transfer-Encoding",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "0\r\n\r\n\(smuggled)", refusal: .ambiguousLength),
    BadHead(
      name: "an unknown transfer coding",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n\(smuggled)",
      refusal: .ambiguousLength),
    BadHead(
      name: "a list of transfer codings",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      refusal: .ambiguousLength),
    BadHead(
      name: "two Transfer-Encodings",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n"
        + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", refusal: .ambiguousLength),
    BadHead(
      name: "chunked with a blank behind, which the library does not see as chunked",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n\(smuggled)",
      refusal: .ambiguousLength),
    BadHead(
      name: "chunked in HTTP/1.0",
      bytes: "POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      refusal: .ambiguousLength),
    BadHead(
      name: "a folded Transfer-Encoding, whose name the library glues together",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encod: chunked\r\n ing\r\n\r\n0\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a blank before the colon",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length : 5\r\n\r\nhello", refusal: .malformedHead),
    // Line ends and bytes.
    BadHead(
      name: "a bare LF after the request line",
      bytes: "GET / HTTP/1.1\n\(host)\r\n", refusal: .malformedHead),
    BadHead(
      name: "a bare LF after a header", bytes: "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a bare LF after the last header", bytes: "GET / HTTP/1.1\r\nHost: a\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a bare LF for a blank line", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\n",
      refusal: .malformedHead),
    BadHead(
      name: "a bare CR in a value", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a NUL in a value", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a NUL at the end of a value", bytes: "GET / HTTP/1.1\r\nHost: a\0\r\nX: b\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a NUL in the method", bytes: "GE\0T / HTTP/1.1\r\n\(host)\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a control character in a value",
      bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{1}\r\n\r\n", refusal: .malformedHead),
    BadHead(
      name: "a method that is no token", bytes: "G(T / HTTP/1.1\r\n\(host)\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "a header name that is no token", bytes: "GET / HTTP/1.1\r\n\(host)X@Y: 1\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "an empty header name", bytes: "GET / HTTP/1.1\r\n\(host): 1\r\n\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "two blanks before the target", bytes: "GET  / HTTP/1.1\r\n\(host)\r\n",
      refusal: .malformedHead),
    // Target and host.
    BadHead(
      name: "a NUL in the path", bytes: "GET /livez\0x HTTP/1.1\r\n\(host)\r\n",
      refusal: .malformedHead),
    BadHead(
      name: "an escaped NUL in the path", bytes: "GET /livez%00x HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "an escaped line feed in the path", bytes: "GET /a%0Ab HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "a broken escape", bytes: "GET /%zz HTTP/1.1\r\n\(host)\r\n", refusal: .invalidTarget),
    BadHead(
      name: "an escape cut short", bytes: "GET /%2 HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "an escape that is no UTF-8", bytes: "GET /%ff HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "a fragment", bytes: "GET /a#b HTTP/1.1\r\n\(host)\r\n", refusal: .invalidTarget),
    BadHead(
      name: "a blank in the target", bytes: "GET /a b HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "a target without a slash", bytes: "GET livez HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(
      name: "a CONNECT target", bytes: "CONNECT a:80 HTTP/1.1\r\n\(host)\r\n",
      refusal: .invalidTarget),
    BadHead(name: "no Host", bytes: "GET / HTTP/1.1\r\n\r\n", refusal: .invalidHost),
    BadHead(
      name: "two Hosts", bytes: "GET / HTTP/1.1\r\n\(host)Host: b\r\n\r\n", refusal: .invalidHost),
    BadHead(
      name: "a Host that is none", bytes: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      refusal: .invalidHost),
    BadHead(
      name: "an unknown expectation",
      bytes: "POST / HTTP/1.1\r\n\(host)Expect: tea\r\nContent-Length: 1\r\n\r\nx", status: 417,
      refusal: .unknownExpectation),
    // What the library finds itself, and would answer in HTML.
    BadHead(
      name: "a Content-Length that is no number",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: abc\r\n\r\n", refusal: .malformedHead),
    BadHead(
      name: "a negative Content-Length",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: -5\r\n\r\n", refusal: .malformedHead),
    BadHead(
      name: "an overflowing Content-Length",
      bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999\r\n\r\n", status: 413,
      refusal: .bodyTooLarge),
    BadHead(
      name: "a header without a colon", bytes: "GET / HTTP/1.1\r\n\(host)colonless\r\n\r\n",
      refusal: .malformedHead),
    BadHead(name: "no version", bytes: "GET /\r\n\r\n"),
    BadHead(name: "HTTP/3.0", bytes: "GET / HTTP/3.0\r\n\r\n", status: 505),
    BadHead(name: "HTTP/0.9", bytes: "GET / HTTP/0.9\r\n\r\n", status: 505),
    BadHead(
      name: "chunks that are none",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      refusal: .malformedBody),
    BadHead(
      name: "a chunk longer than it says",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
      refusal: .malformedBody),
    BadHead(
      name: "a chunk size that overflows",
      bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
      status: 413, refusal: .bodyTooLarge),
    BadHead(
      name: "more cookies than the library has room for",
      bytes: "GET / HTTP/1.1\r\n\(host)Cookie: \(String(repeating: "a=1;", count: 3000))\r\n\r\n",
      status: 431, refusal: .headTooLarge),
    BadHead(
      name: "more headers than the library has room for",
      bytes: "GET / HTTP/1.1\r\n\(host)\(String(repeating: "a:\r\n", count: 3000))\r\n",
      status: 431, refusal: .headTooLarge),
    BadHead(
      name: "a head over the limit that the library would take",
      bytes: "GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "x", count: 16_500))\r\n\r\n",
      status: 431, refusal: .headTooLarge),
    BadHead(
      name: "a head far over the limit",
      bytes: "GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "x", count: 100_000))\r\n\r\n",
      status: 431, refusal: .headTooLarge),
    BadHead(
      name: "a target over the limit that the library would take",
      bytes: "GET /\(String(repeating: "x", count: 8300)) HTTP/1.1\r\n\(host)\r\n", status: 414,
      refusal: .targetTooLong),
    BadHead(
      name: "a target over the limit in a head that the library has no room for",
      bytes: "GET /\(String(repeating: "x", count: 8300)) HTTP/1.1\r\n\(host)"
        + "X: \(String(repeating: "x", count: 8300))\r\n\r\n", status: 414,
      refusal: .targetTooLong),
    BadHead(
      name: "a target far over the limit",
      bytes: "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\n\(host)\r\n", status: 414),
  ]

  @Test(arguments: badHeads)
  func refusesOnceAndCloses(head: BadHead) throws {
    let server = try TestServer()
    let client = try server.client()
    client.send(head.bytes)
    let answer = try client.receive()
    #expect(answer.status == head.status, "\(answer.text)")
    try expectProblem(answer, status: head.status)
    #expect(answer["Connection"] == "close")
    // One answer, and nothing that was hidden behind the head is taken for a request.
    #expect(client.seesEnd())
    #expect(server.observer.exchanges.allSatisfy { $0.request.path != "/smuggled" })
    if let refusal = head.refusal {
      #expect(eventually { server.observer.exchanges.first?.refusal == refusal })
      #expect(server.observer.exchanges.first?.status == head.status)
    } else {
      #expect(eventually { !server.observer.refusals.isEmpty })
    }
    // And the service is none the worse.
    #expect(try server.ask("GET /livez").status == 200)
  }

  @Test func takesManyQueryParameters() throws {
    let server = try TestServer()
    // The library would split these in place and run out of room.
    let query = String(repeating: "&", count: 3000)
    #expect(try server.ask("GET /q?" + query).text == "GET /q\nquery: \(query)\nbody: 0\n")
  }

  @Test func rendersProblemsAsConfigured() throws {
    let server = try TestServer {
      $0.renderProblem = { problem in
        Array("\(problem.refusal.rawValue) \(problem.instance ?? "-")".utf8)
      }
      $0.maximumBodyBytes = 10
    }
    #expect(try server.ask("POST /here", body: "12345678901").text == "body_too_large /here")
    let client = try server.client()
    client.send("GET / HTTP/1.1\r\nnot a header\r\n\r\n")
    #expect(try client.receive().text == "malformed_head -")
  }

  @Test func namesTheRequestInAProblem() throws {
    let server = try TestServer { $0.maximumBodyBytes = 1 }
    let answer = try server.ask("POST /a%22b", ["X-Request-Id: r-1"], body: "123")
    let problem = try expectProblem(answer, status: 413)
    #expect(problem["instance"] as? String == "/a\"b")
    #expect(problem["title"] as? String == "Content Too Large")
    #expect(answer["X-Request-Id"] == "r-1")
    let path = "/" + String(repeating: "x", count: 4000)
    let long = try expectProblem(try server.ask("POST " + path, body: "123"), status: 413)
    #expect(long["instance"] as? String == path.prefix(256) + "…")
  }
}

@discardableResult
func expectProblem(
  _ answer: RawClient.Answer, status: Int, sourceLocation: SourceLocation = #_sourceLocation
) throws -> [String: Any] {
  #expect(answer.status == status, sourceLocation: sourceLocation)
  #expect(answer["Content-Type"] == "application/problem+json", sourceLocation: sourceLocation)
  let document = try #require(
    try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
    sourceLocation: sourceLocation)
  #expect(document["status"] as? Int == status, sourceLocation: sourceLocation)
  #expect(document["type"] is String, sourceLocation: sourceLocation)
  #expect((document["title"] as? String)?.isEmpty == false, sourceLocation: sourceLocation)
  #expect((document["detail"] as? String)?.isEmpty == false, sourceLocation: sourceLocation)
  return document
}
