import Glibc
import Testing

@testable import MicroHTTP

/// libmicrohttpd's own timeout is of inactivity: a byte now and then keeps a connection for ever.
@Suite struct DeadlineTests {
  /// Sends a byte every 20 ms until it is answered; the seconds that took.
  private func drip(_ client: RawClient, _ byte: String, atMost seconds: Double = 5) -> Double {
    let start = MonotonicClock.nanoseconds()
    func elapsed() -> Double { Double(MonotonicClock.nanoseconds() - start) / 1e9 }
    while elapsed() < seconds, !client.hasSomethingToRead {
      client.send(byte)
      usleep(20_000)
    }
    return elapsed()
  }

  @Test func cutsSlowHeads() throws {
    let server = try TestServer { $0.headDeadline = .milliseconds(200) }
    let client = try server.client()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
    #expect((0.1...3).contains(drip(client, "x")))
    try expectProblem(try client.receive(), status: 408)
    #expect(client.seesEnd())
    #expect(eventually { server.observer.exchanges.first?.refusal == .receiveDeadline })
    #expect(server.observer.exchanges.first?.outcome == .cut)
    #expect(server.observer.exchanges.first?.status == 408)
  }

  @Test(arguments: ["Content-Length: 100000", "Transfer-Encoding: chunked"])
  func cutsSlowBodies(framing: String) throws {
    let server = try TestServer { $0.receiveDeadline = .milliseconds(200) }
    let client = try server.client()
    client.request("POST /", [framing])
    #expect((0.1...3).contains(drip(client, framing.hasPrefix("T") ? "1\r\nx\r\n" : "x")))
    try expectProblem(try client.receive(), status: 408)
    #expect(client.seesEnd())
    #expect(eventually { server.observer.exchanges.first?.refusal == .receiveDeadline })
  }

  @Test(arguments: ["", "GET /half"])
  func closesWhatSaysNothing(start: String) throws {
    let server = try TestServer { $0.idleTimeout = .milliseconds(150) }
    let client = try server.client()
    client.send(start)
    #expect(client.seesEnd())
    #expect(eventually { server.server.statistics.connections == 0 })
    // And between requests.
    let other = try server.client()
    other.request("GET /livez")
    #expect(try other.receive().status == 200)
    #expect(other.seesEnd())
  }

  @Test func cutsWhoDoesNotRead() throws {
    let server = try TestServer {
      $0.sendDeadline = .milliseconds(300)
    } handler: { _, _ in
      HTTPResponse(body: [UInt8](repeating: 0x78, count: 64 << 20))
    }
    let client = try server.client()
    client.request("GET /large")
    #expect(eventually { server.observer.exchanges.count == 1 })
    #expect(server.observer.exchanges.first?.outcome == .cut)
    #expect(eventually { server.server.statistics.connections == 0 })
  }

  @Test func answersForHandlersThatTakeTooLong() throws {
    let latch = Latch()
    let server = try TestServer {
      $0.handlingDeadline = .milliseconds(100)
    } handler: { _, cancellation in
      while !cancellation.isCancelled { usleep(1000) }
      #expect(cancellation.reason == .deadlineExceeded)
      latch.open()
      return HTTPResponse(body: Array("too late".utf8))
    }
    let answer = try server.ask("GET /slow")
    try expectProblem(answer, status: 503)
    #expect(answer["Retry-After"] == "1")
    #expect(latch.wait())
    #expect(eventually { server.observer.exchanges.first?.refusal == .handlingDeadline })
  }

  /// While a connection is suspended libmicrohttpd does not look at its socket.
  @Test(arguments: [false, true])
  func stopsWorkingForWhoHangsUp(abruptly: Bool) throws {
    let (started, stopped) = (Latch(), Latch())
    let server = try TestServer { _ in
    } handler: { _, cancellation in
      started.open()
      while !cancellation.isCancelled { usleep(1000) }
      #expect(cancellation.reason == .clientGone)
      stopped.open()
      return HTTPResponse()
    }
    let client = try server.client()
    client.request("GET /work")
    #expect(started.wait())
    if abruptly { client.reset() } else { client.close() }
    #expect(stopped.wait())
    #expect(eventually { server.observer.exchanges.first?.outcome == .clientGone })
    #expect(eventually { server.server.statistics == HTTPStatistics() })
  }

  @Test func neverStartsWorkForWhoHungUpInLine() throws {
    let latch = Latch()
    let server = try TestServer {
      $0.workerCount = 1
    } handler: { request, _ in
      if request.path == "/first" { latch.wait() }
      return HTTPResponse(route: request.path)
    }
    let first = try server.client()
    first.request("GET /first")
    #expect(eventually { server.server.statistics.working == 1 })
    let second = try server.client()
    second.request("GET /second")
    #expect(eventually { server.server.statistics.queued == 1 })
    second.close()
    #expect(eventually { server.server.statistics.queued == 0 })
    latch.open()
    #expect(try first.receive().status == 200)
    let gone = try #require(server.observer.exchanges.first { $0.request.path == "/second" })
    #expect(gone.outcome == .clientGone && gone.route == nil && gone.handling == .zero)
  }
}
