import Glibc
import Testing

@Suite struct DrainTests {
  /// A request of which only the head has arrived.
  private func unfinishedRequest(_ service: ServiceProcess) throws -> RawClient {
    let client = try service.client()
    client.send(
      "POST /partition HTTP/1.1\r\nHost: a\r\nContent-Length: \(smallJob.utf8.count)\r\n\r\n")
    client.send(String(smallJob.prefix(10)))
    usleep(50_000)
    return client
  }

  @Test func goesOutGracefully() throws {
    let service = try ServiceProcess(["--drain-delay", "700ms"])
    let client = try unfinishedRequest(service)
    service.signal(SIGTERM)
    // At once, and while it still listens.
    let isUnready = waits {
      guard let probe = try? service.client() else { return false }
      probe.request("GET /readyz")
      return (try? probe.receive().status) == 503
    }
    #expect(isUnready)
    let late = try service.client()
    late.request("POST /partition", body: smallJob)
    let lateAnswer = try late.receive()
    #expect(lateAnswer.status == 200 && lateAnswer["Connection"] == "close")
    // Then it listens no more, and still finishes what it has begun.
    #expect(waits { (try? service.client()) == nil })
    #expect(service.process.isRunning)
    client.send(String(smallJob.dropFirst(10)))
    #expect(try client.receive().status == 200)
    #expect(service.exitStatus() == 0)
    // What it wrote last may be read after it has ended.
    #expect(waits { service.log.contains("stopped") })
    #expect(service.log.contains("stopping on signal 15"))
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func aSecondSignalEndsIt(signal: Int32) throws {
    let service = try ServiceProcess(["--drain-delay", "1h"])
    let client = try unfinishedRequest(service)
    service.signal(SIGTERM)
    #expect(waits { service.log.contains("stopping") })
    service.signal(signal)
    #expect(service.exitStatus(within: 10) == 128 + signal)
    #expect(client.seesEnd())
  }

  @Test func stopsAtOnceWhenIdle() throws {
    let service = try ServiceProcess()
    let idle = try service.client()
    idle.request("GET /livez")
    #expect(try idle.receive().status == 200)
    service.signal(SIGINT)
    #expect(service.exitStatus(within: 10) == 0)
  }

  @Test func waitsNoLongerThanItMay() throws {
    let service = try ServiceProcess(["--drain-timeout", "300ms"])
    let client = try unfinishedRequest(service)
    service.signal(SIGTERM)
    #expect(service.exitStatus(within: 10) == 0)
    #expect(client.seesEnd())
  }
}
