import Glibc
import JSON
import Logging
import Testing

@testable import stagewright

@Suite struct LogTests {
  @Test func writesALineARequest() throws {
    let service = try ServiceProcess(["--log-format", "json", "--log-level", "debug"])
    let client = try service.client()
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    client.request(
      "POST /partition?a=1", ["X-Request-Id: r1", "traceparent: \(trace)"], body: smallJob)
    let answer = try client.receive()
    client.request("GET /livez", ["X-Request-Id: r2"])
    _ = try client.receive()
    client.send("GET /\"<%00 HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = try client.receive()
    #expect(waits { service.log.split(separator: "\n").count >= 4 })
    service.signal(SIGTERM)
    #expect(service.exitStatus() == 0)
    #expect(waits { service.log.contains("stopped") && service.log.hasSuffix("\n") })
    let lines = try service.log.split(separator: "\n").map {
      try JSONDocument(parsing: Array($0.utf8)).root
    }
    #expect(lines[0]["message"]?.string == "listening on http://127.0.0.1:\(service.port)")
    let requests = lines.filter { $0["message"]!.isString("request") }
    #expect(requests.count == 3)
    let plan = requests[0]
    #expect(plan["level"]?.string == "info")
    #expect(plan["request_id"]?.string == "r1")
    #expect(plan["traceparent"]?.string == trace)
    #expect(plan["method"]?.string == "POST" && plan["path"]?.string == "/partition")
    #expect(plan["status"]?.integer == 200 && plan["remote"]?.string == "127.0.0.1")
    #expect(plan["received_bytes"]?.integer == smallJob.utf8.count)
    #expect(plan["sent_bytes"]?.integer == answer.body.count)
    let work = try #require(plan["work_ms"]?.double)
    #expect(work > 0 && work <= plan["duration_ms"]?.double ?? 0)
    #expect(requests[1]["request_id"]?.string == "r2" && requests[1]["level"]!.isString("debug"))
    #expect(requests[2]["refusal"]?.string == "invalid_target")
    #expect(requests[2]["status"]?.integer == 400)
  }

  @Test func keepsSuccessfulProbesOut() throws {
    let service = try ServiceProcess()
    let client = try service.client()
    for path in ["/livez", "/readyz", "/metrics", "/catalog/gpus"] {
      client.request("GET \(path)")
      #expect(try client.receive().status == 200)
    }
    #expect(waits { service.log.contains("path=/catalog/gpus") })
    #expect(!service.log.contains("path=/livez") && !service.log.contains("path=/metrics"))
    let first = try #require(service.log.split(separator: "\n").first)
    #expect(
      first.wholeMatch(of: /\S+T\S+Z NOTICE +listening on http:\/\/127.0.0.1:\d+ version=\S+/)
        != nil)
  }

  @Test func whoStoppedReadingKeepsNobody() {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let writer = LogWriter(descriptor: ends[1])
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 300_000)
    writer.write(line)
    #expect(!writer.flush())
    var left = line.count
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while left > 0 { left -= max(0, read(ends[0], &bytes, bytes.count)) }
    #expect(writer.flush())
    close(ends[0])
    close(ends[1])
  }

  @Test func aLineIsALine() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let writer = LogWriter(descriptor: ends[1])
    for format in LogFormat.allCases {
      let logger = Logger(label: "t") { _ in
        LineLogHandler(level: .info, format: format, writer: writer)
      }
      logger.debug("not written")
      logger.info("two\nlines", metadata: ["a": "b c", "n": .stringConvertible(1.5), "q": "\"\n"])
    }
    writer.flush()
    close(ends[1])
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(ends[0], &bytes, bytes.count)
    close(ends[0])
    let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasSuffix(#" INFO    two lines a="b c" n=1.5 q="\"\n""#))
    let object = try JSONDocument(parsing: Array(lines[1].utf8)).root
    #expect(object["message"]?.string == "two\nlines" && object["n"]?.double == 1.5)
  }

  @Test func neverWaitsForItsReader() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let writer = LogWriter(descriptor: ends[1])
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
    // A pipe holds 64 KiB; nobody reads it.
    for _ in 0..<3000 { writer.write(line) }
    #expect(writer.dropped > 500)
    signal(SIGPIPE, SIG_IGN)
    close(ends[0])
    writer.flush()
    close(ends[1])
  }

  @Test(arguments: [
    (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 999_999_999, "2000-02-29T00:00:00.999Z"),
    (1_767_323_045, 7_000_000, "2026-01-02T03:04:05.007Z"),
  ])
  func writesMoments(seconds: Int, nanoseconds: Int, text: String) {
    #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds).text == text)
  }
}
