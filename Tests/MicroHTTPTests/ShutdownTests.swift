import Dispatch
import Glibc
import Testing

@testable import MicroHTTP

/// libmicrohttpd aborts the process when it is stopped with a suspended connection, and its quiesce
/// leaves the kernel accepting.
@Suite struct ShutdownTests {
  private func drained(_ server: HTTPServer) -> DispatchSemaphore {
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      server.drain()
      done.signal()
    }
    return done
  }

  @Test func stopsWithSuspendedConnections() throws {
    let server = try TestServer {
      $0.workerCount = 2
    } handler: { _, cancellation in
      while !cancellation.isCancelled { usleep(1000) }
      return HTTPResponse()
    }
    let clients = try (0..<10).map { _ in
      let client = try server.client()
      client.request("GET /work")
      return client
    }
    #expect(eventually { server.server.statistics.inFlight == 10 })
    server.server.stop()
    for client in clients {
      let answer = try client.receive()
      try expectProblem(answer, status: 503)
      #expect(answer["Connection"] == "close")
      #expect(client.seesEnd())
    }
    #expect(throws: RawClient.Failure.self) { try server.client() }
  }

  @Test func stopsInEveryPhase() throws {
    let latch = Latch()
    let server = try TestServer { _, cancellation in
      latch.wait(seconds: 1)
      return HTTPResponse(body: [UInt8](repeating: 0x78, count: 32 << 20))
    }
    let starts = [
      "", "GET", "GET / HTTP/1.1\r\nHost: a\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
      "GET /working HTTP/1.1\r\nHost: a\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    let clients = try starts.map { start in
      let client = try server.client()
      client.send(start)
      return client
    }
    #expect(eventually { server.server.statistics.inFlight == 1 })
    latch.open()
    usleep(20_000)
    server.server.stop()
    #expect(server.server.statistics.connections == 0)
    withExtendedLifetime(clients) {}
  }

  @Test func drainsWhatIsInFlight() throws {
    let latch = Latch()
    let server = try TestServer {
      $0.drainDelay = .milliseconds(200)
    } handler: { _, _ in
      latch.wait()
      return HTTPResponse(body: Array("done".utf8))
    }
    let idle = try server.client()
    idle.request("GET /livez")
    #expect(try idle.receive().status == 200)
    let working = try server.client()
    working.request("GET /work")
    #expect(eventually { server.server.statistics.inFlight == 1 })
    let done = drained(server.server)
    #expect(eventually { server.server.isDraining })
    // It still listens, and says that it goes.
    let probe = try server.ask("GET /livez")
    #expect(probe.status == 503 && probe["Connection"] == "close")
    // Then the kernel refuses, idle connections are closed, and work goes on.
    #expect(eventually { (try? server.client()) == nil })
    #expect(idle.seesEnd())
    #expect(server.server.statistics.inFlight == 1)
    latch.open()
    #expect(try working.receive().text == "done")
    #expect(working.seesEnd())
    #expect(done.wait(timeout: .now() + 10) == .success)
  }

  @Test func drainsForNoLongerThanItMay() throws {
    let server = try TestServer {
      $0.drainDeadline = .milliseconds(100)
    } handler: { _, cancellation in
      while !cancellation.isCancelled { usleep(1000) }
      #expect(cancellation.reason == .stopping)
      return HTTPResponse()
    }
    let client = try server.client()
    client.request("GET /work")
    #expect(eventually { server.server.statistics.inFlight == 1 })
    let done = drained(server.server)
    try expectProblem(try client.receive(), status: 503)
    #expect(done.wait(timeout: .now() + 10) == .success)
    #expect(server.observer.exchanges.first?.refusal == .stopping)
  }

  @Test func canBeHurried() throws {
    let server = try TestServer {
      $0.drainDelay = .seconds(3600)
      $0.drainDeadline = .seconds(3600)
    }
    let done = drained(server.server)
    #expect(eventually { server.server.isDraining })
    server.server.hurry()
    #expect(done.wait(timeout: .now() + 10) == .success)
  }

  @Test func stopsWithAStreamUnderWay() throws {
    let ended = Latch()
    let server = try TestServer { _, _ in
      HTTPResponse(
        body: .stream { writer in
          while writer.write(Array("tick\n".utf8)) { usleep(1000) }
          ended.open()
        })
    }
    let client = try server.client()
    client.request("GET /ticks")
    #expect(try client.receive(through: Array("tick\n".utf8)).isEmpty == false)
    server.server.stop()
    #expect(ended.wait())
  }
}
