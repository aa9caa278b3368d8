import Glibc
import Synchronization
import Testing

@testable import MicroHTTP

/// Connections and requests beyond what the server may hold.
@Suite struct LimitTests {
  /// In its epoll mode libmicrohttpd 0.9.75 serves nobody once exactly 128 sockets are ready.
  @Test(arguments: [127, 128, 129, 256, 384, 1000])
  func servesAsManyConnectionsAtOnce(count: Int) throws {
    let server = try TestServer { $0.connectionLimit = 1100 }
    let clients = try (0..<count).map { _ in try server.client() }
    for round in 0..<2 {
      // All have sent before any is read: the server finds them ready together.
      for client in clients {
        client.send("GET /\(round == 0 ? "livez" : "work") HTTP/1.1\r\nHost: a\r\n\r\n")
      }
      // More than the queue holds may be refused, but nobody goes unanswered.
      for client in clients {
        let status = try client.receive().status
        #expect(status == 200 || round == 1 && status == 503)
      }
    }
    #expect(server.server.statistics.connections == count)
  }

  @Test func refusesWhatTheQueueCannotHold() throws {
    let latch = Latch()
    let server = try TestServer {
      $0.workerCount = 1
      $0.queueLimit = 2
      $0.retryAfter = .milliseconds(2500)
    } handler: { _, _ in
      latch.wait()
      return HTTPResponse()
    }
    let held = try (0..<3).map { index in
      let client = try server.client()
      client.request("GET /\(index)")
      return client
    }
    #expect(eventually { server.server.statistics.queued == 2 })
    #expect(server.server.statistics.working == 1)
    let refused = try server.ask("GET /one-more")
    try expectProblem(refused, status: 503)
    #expect(refused["Retry-After"] == "3")
    // With a body: before it is read.
    let client = try server.client()
    client.request("POST /", ["Content-Length: 1000"])
    try expectProblem(try client.receive(), status: 503)
    // Probes come through.
    #expect(try server.ask("GET /livez").status == 200)
    latch.open()
    for client in held { #expect(try client.receive().status == 200) }
    #expect(eventually { server.observer.exchanges.filter { $0.refusal == .queueFull }.count == 2 })
  }

  @Test func refusesConnectionsOverTheLimit() throws {
    let server = try TestServer {
      $0.connectionLimit = 3
      $0.probeReserve = 2
    }
    let held = try (0..<3).map { _ in
      let client = try server.client()
      client.request("GET /livez")
      #expect(try client.receive().status == 200)
      return client
    }
    // Two more, for probes alone.
    for _ in 0..<2 {
      #expect(eventually { server.server.statistics.connections == 3 })
      let probe = try server.client()
      probe.request("GET /livez")
      let answer = try probe.receive()
      #expect(answer.status == 200 && answer["Connection"] == "close")
      #expect(probe.seesEnd())
      let surplus = try server.ask("GET /work")
      try expectProblem(surplus, status: 503)
      #expect(surplus["Retry-After"] == "1" && surplus["Connection"] == "close")
    }
    #expect(eventually { server.server.statistics.connections == 3 })
    let reserved = try (0..<2).map { _ in try server.client() }
    #expect(eventually { server.server.statistics.connections == 5 })
    // Beyond those, refused without being read.
    let beyond = try server.client()
    try expectProblem(try beyond.receive(), status: 503)
    #expect(beyond.seesEnd())
    #expect(server.observer.refusals.contains(.connectionLimit))
    // Who is in, goes on; who leaves, makes room.
    held[0].request("GET /work")
    #expect(try held[0].receive().status == 200)
    for client in held + reserved { client.close() }
    #expect(eventually { server.server.statistics.connections == 0 })
    #expect(try server.ask("GET /work").status == 200)
  }

  @Test func refusesConnectionsOfOneAddressOverTheLimit() throws {
    let server = try TestServer {
      $0.perAddressLimit = 2
      $0.probeReserve = 0
      $0.connectionLimit = 10
    }
    let held = try (0..<2).map { _ in try server.client() }
    #expect(eventually { server.server.statistics.connections == 2 })
    let answer = try server.ask("GET /work")
    try expectProblem(answer, status: 429)
    #expect(answer["Retry-After"] == "1")
    held[0].close()
    #expect(eventually { server.server.statistics.connections == 1 })
    #expect(try server.ask("GET /work").status == 200)
  }

  @Test(arguments: [0, 1, 999, 1000, 1001, 1_000_000])
  func limitsBodies(count: Int) throws {
    let server = try TestServer { $0.maximumBodyBytes = 1000 }
    let body = String(repeating: "x", count: count)
    #expect(try server.ask("POST /", body: body).status == (count > 1000 ? 413 : 200))
    let client = try server.client()
    client.request("POST /", ["Transfer-Encoding: chunked"])
    for start in stride(from: 0, to: count, by: 400) {
      let piece = String(repeating: "x", count: min(400, count - start))
      guard client.send("\(String(piece.count, radix: 16))\r\n\(piece)\r\n") else { break }
    }
    client.send("0\r\n\r\n")
    let answer = try client.receive()
    if count > 1000 {
      try expectProblem(answer, status: 413)
      #expect(eventually { server.observer.exchanges.count == 2 })
      #expect(server.observer.exchanges.allSatisfy { $0.refusal == .bodyTooLarge })
    } else {
      #expect(answer.status == 200)
    }
    #expect(client.seesEnd())
  }

  /// A close with bytes unread is a reset, which may destroy the answer on its way.
  @Test func hearsOutWhomItRefuses() throws {
    let server = try TestServer { $0.maximumBodyBytes = 1000 }
    let client = try server.client()
    client.request("POST /", ["Content-Length: 100000"])
    try expectProblem(try client.receive(), status: 413)
    for _ in 0..<20 {
      #expect(client.send(String(repeating: "x", count: 5000)))
      usleep(5000)
    }
  }

  /// 413 comes before the body is sent, and what is sent all the same is no second request.
  @Test func refusesLargeBodiesUnseen() throws {
    let server = try TestServer { $0.maximumBodyBytes = 1000 }
    for expectation in [[], ["Expect: 100-continue"]] {
      let client = try server.client()
      client.request("POST /", ["Content-Length: 1073741824"] + expectation)
      let answer = try client.receive()
      try expectProblem(answer, status: 413)
      #expect(answer["Connection"] == "close")
      client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.seesEnd())
    }
    #expect(server.observer.exchanges.allSatisfy { $0.request.path != "/smuggled" })
  }
}
