import Testing

@testable import MicroHTTP

@Suite struct BasicExchangeTests {
  @Test func answersOnAWorker() throws {
    let server = try TestServer()
    let answer = try server.ask("POST /a%20b/%C3%A9?x=1&y=%2F", body: "hello")
    #expect(answer.status == 200)
    #expect(answer.text == "POST /a b/é\nquery: x=1&y=%2F\nbody: 5\nhello")
    #expect(answer["Content-Type"] == "text/plain")
    #expect(answer["X-Request-Id"]?.count == 13)
    #expect(answer["Date"] != nil)
  }

  @Test func answersProbesInline() throws {
    let server = try TestServer(handler: { _, _ in HTTPResponse(status: 500) })
    #expect(try server.ask("GET /livez").text == "ok\n")
    #expect(eventually { server.observer.exchanges.first?.route == "/livez" })
    #expect(server.server.statistics.inFlight == 0)
  }

  @Test func keepsTheConnection() throws {
    let server = try TestServer()
    let client = try server.client()
    for round in 0..<20 {
      client.request(round % 2 == 0 ? "GET /livez" : "POST /work", body: round % 2 == 0 ? nil : "x")
      let answer = try client.receive()
      #expect(answer.status == 200)
      #expect(answer["Connection"] == nil)
    }
    #expect(server.server.statistics.connections == 1)
  }

  @Test func answersPipelinedRequestsInOrder() throws {
    let server = try TestServer()
    let client = try server.client()
    client.send(
      (0..<5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
    for index in 0..<5 {
      #expect(try client.receive().text.hasPrefix("GET /\(index)\n"))
    }
  }

  @Test func closesWhenAsked() throws {
    let server = try TestServer()
    let client = try server.client()
    client.request("GET /", ["Connection: close"])
    #expect(try client.receive()["Connection"] == "close")
    #expect(client.seesEnd())
  }

  @Test func speaksHTTP10() throws {
    let server = try TestServer()
    let client = try server.client()
    client.send("GET /old HTTP/1.0\r\n\r\n")
    #expect(try client.receive().text == "GET /old\nbody: 0\n")
    #expect(client.seesEnd())
  }

  @Test func answersHeadWithoutBody() throws {
    let server = try TestServer()
    let client = try server.client()
    client.request("HEAD /thing")
    let answer = try client.receive(toHead: true)
    #expect(answer.status == 200)
    #expect(answer["Content-Length"] == "\("HEAD /thing\nbody: 0\n".count)")
    client.request("GET /after")
    #expect(try client.receive().text.hasPrefix("GET /after\n"))
    #expect(eventually { server.observer.exchanges.count == 2 })
    #expect(server.observer.exchanges.first?.sentBodyBytes == 0)
  }

  @Test(arguments: [0, 1, 100, 16_383, 65_536, 1_000_000])
  func takesBodiesOfEverySize(count: Int) throws {
    let server = try TestServer(handler: { request, _ in HTTPResponse(body: request.body) })
    let body = String(repeating: "0123456789", count: count / 10 + 1).prefix(count)
    #expect(try server.ask("POST /", body: String(body)).text == String(body))
  }

  @Test func takesChunkedBodies() throws {
    let server = try TestServer()
    let client = try server.client()
    client.request("POST /chunked", ["Transfer-Encoding: chunked"])
    client.send("5\r\nhello\r\n")
    client.send("6;extension=1\r\n world\r\n0\r\n")
    client.send("Trailer: x\r\n\r\n")
    let answer = try client.receive()
    #expect(answer.text == "POST /chunked\nbody: 11\nhello world")
    // Whatever stands behind chunked framing is never read as a request.
    #expect(answer["Connection"] == "close")
    #expect(client.seesEnd())
  }

  @Test func invitesABodyThatWaits() throws {
    let server = try TestServer()
    let client = try server.client()
    client.request("POST /", ["Expect: 100-continue", "Content-Length: 3"])
    #expect(try client.receive().status == 100)
    client.send("abc")
    #expect(try client.receive().text.hasSuffix("abc"))
  }

  @Test func knowsMethodsAndHeaders() throws {
    let server = try TestServer(handler: { request, _ in
      let lines =
        [request.method.name] + request.headers.values("x-thing") + [request.remoteAddress]
      return HTTPResponse(body: Array(lines.joined(separator: ",").utf8))
    })
    let answer = try server.ask("PURGE /", ["X-Thing: a", "x-thing:  b ", "X-THING: \u{E9}"])
    #expect(answer.text == "PURGE,a,b,\u{E9},127.0.0.1")
  }

  @Test func acceptsAbsoluteTargets() throws {
    let server = try TestServer()
    #expect(try server.ask("GET http://localhost:80/p?q").text.hasPrefix("GET /p\nquery: q\n"))
    #expect(try server.ask("GET http://localhost").text.hasPrefix("GET /\n"))
    #expect(try server.ask("OPTIONS *").text.hasPrefix("OPTIONS *\n"))
  }

  @Test func reportsEachExchange() throws {
    let server = try TestServer()
    let client = try server.client()
    client.request("POST /report?a", ["X-Request-Id: mine"], body: "12345")
    let answer = try client.receive()
    #expect(eventually { server.observer.exchanges.count == 1 })
    let exchange = try #require(server.observer.exchanges.first)
    #expect(exchange.request.path == "/report")
    #expect(exchange.request.id == "mine")
    #expect((exchange.status, exchange.outcome) == (200, .completed))
    #expect((exchange.receivedBodyBytes, exchange.sentBodyBytes) == (5, answer.body.count))
    #expect(exchange.route == "echo")
    #expect(exchange.duration >= exchange.handling && exchange.handling > .zero)
    // A worker is idle a moment after its answer is sent.
    #expect(eventually { server.server.statistics == HTTPStatistics(connections: 1) })
  }
}
