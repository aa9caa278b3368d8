import Glibc
import Testing

@testable import MicroHTTP

@Suite struct StreamTests {
  @Test func sendsPiecesAsTheyAreMade() throws {
    let next = Latch()
    let server = try TestServer { _, _ in
      HTTPResponse(
        headers: ["Content-Type": "text/event-stream"],
        body: .stream { writer in
          writer.write(Array("one".utf8))
          next.wait()
          writer.write(Array("two".utf8))
        })
    }
    let client = try server.client()
    client.request("GET /")
    let head = String(decoding: try client.receive(through: Array("\r\n\r\n".utf8)), as: UTF8.self)
    #expect(head.contains("Transfer-Encoding: chunked"))
    #expect(try client.receiveChunk() == Array("one".utf8))
    next.open()
    #expect(try client.receiveChunk() == Array("two".utf8))
    #expect(try client.receiveChunk() == nil)
  }

  @Test func holdsWriterBackForSlowReaders() throws {
    let server = try TestServer { _, _ in
      HTTPResponse(
        body: .stream { writer in
          for _ in 0..<400 where !writer.write([UInt8](repeating: 0x78, count: 64 << 10)) { return }
        })
    }
    let client = try server.client()
    client.request("GET /")
    usleep(100_000)
    // 25 MiB are to be sent, of which only buffers' worth has been made.
    #expect(server.observer.exchanges.isEmpty)
    #expect(try client.receive().body.count == 400 * (64 << 10))
    #expect(eventually { server.observer.exchanges.first?.outcome == .completed })
  }

  @Test func tellsTheWriterThatNobodyReads() throws {
    let ended = Latch()
    let server = try TestServer { _, _ in
      HTTPResponse(
        body: .stream { writer in
          while writer.write([UInt8](repeating: 0x78, count: 4096)) { usleep(100) }
          ended.open()
        })
    }
    let client = try server.client()
    client.request("GET /")
    _ = try client.receive(through: Array("x".utf8))
    client.close()
    #expect(ended.wait())
    #expect(eventually { server.server.statistics.inFlight == 0 })
  }

  @Test func aHeadOfAStreamHasNoBody() throws {
    let server = try TestServer { _, _ in
      HTTPResponse(body: .stream { _ in Issue.record("a stream is made for HEAD") })
    }
    #expect(try server.ask("HEAD /").status == 200)
  }
}
