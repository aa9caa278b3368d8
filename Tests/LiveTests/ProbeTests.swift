import Testing

@testable import stagewright

@Suite struct ProbeTests {
  @Test func livesAndIsReady() throws {
    let live = try LiveService()
    for path in ["/livez", "/readyz"] {
      let answer = try live.ask("GET \(path)")
      #expect(answer.status == 200 && answer.text == "ok\n")
      #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
      #expect(answer["Cache-Control"] == "no-store")
      let head = try live.ask("HEAD \(path)")
      #expect(head.status == 200 && head["Content-Length"] == "3")
    }
    let all = try live.ask("GET /readyz?verbose")
    #expect(all.status == 200)
    #expect(all.text.hasPrefix("[+]accepting ok\n[+]queue 0 of 64 waiting\n"))
    #expect(all.text.hasSuffix("readyz check passed\n"))
    live.service.server.beginDraining()
    #expect(try live.ask("GET /livez").status == 200)
    let gone = try live.ask("GET /readyz")
    #expect(gone.status == 503 && gone.text == "draining\n")
    #expect(try live.ask("GET /readyz?verbose").text.hasPrefix("[-]accepting draining\n"))
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }

  @Test(arguments: Probe.allCases.map(\.rawValue))
  func refusesOtherMethods(path: String) throws {
    let live = try LiveService()
    #expect(try live.ask("GET \(path)", body: "x").status == 400)
    for (method, body) in [("POST", "x"), ("POST", nil), ("DELETE", nil), ("BREW", nil)] {
      let answer = try live.ask("\(method) \(path)", body: body)
      #expect(answer.status == 405, "\(method) \(path)")
      #expect(answer["Allow"] == "GET, HEAD")
      #expect(answer["Content-Type"] == "application/problem+json")
      #expect(try answer.json()["instance"]?.string == path)
    }
  }

  @Test func countsWhatItDoes() throws {
    let live = try LiveService(["body-limit": "4KiB"])
    _ = try live.ask("POST /partition", body: smallJob)
    _ = try live.ask("POST /partition", body: "{}")
    _ = try live.ask("GET /nothing")
    _ = try live.ask("BREW /partition")
    _ = try live.ask("POST /partition", body: String(repeating: " ", count: 5000))
    _ = try live.ask("GET /livez")
    // Counted after the last byte is sent, which the client may see first.
    let isCounted = waits {
      (try? live.ask("GET /metrics").text)?.contains(#"{route="/livez",method="GET""#) ?? false
    }
    #expect(isCounted)
    let answer = try live.ask("GET /metrics")
    #expect(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    let samples = try MetricsPage(answer.text)
    #expect(
      samples[#"stagewright_http_requests_total{route="/partition",method="POST",status="200"}"#]
        == 1)
    #expect(
      samples[#"stagewright_http_requests_total{route="/partition",method="POST",status="422"}"#]
        == 1)
    #expect(
      samples[#"stagewright_http_requests_total{route="/partition",method="other",status="405"}"#]
        == 1)
    #expect(
      samples[#"stagewright_http_requests_total{route="none",method="GET",status="404"}"#] == 1)
    #expect(
      samples[#"stagewright_http_requests_total{route="none",method="POST",status="413"}"#] == 1)
    #expect(samples[#"stagewright_http_rejections_total{reason="body_too_large"}"#] == 1)
    #expect(samples[#"stagewright_http_rejections_total{reason="queue_full"}"#] == 0)
    #expect(samples[#"stagewright_http_request_duration_seconds_count{route="/livez"}"#] == 1)
    #expect(samples[#"stagewright_planning_duration_seconds_count{route="/partition"}"#] == 2)
    #expect(samples["stagewright_http_requests_in_flight"] == 0)
    #expect(samples["stagewright_queue_depth"] == 0)
    #expect(samples["stagewright_draining"] == 0)
    #expect(samples["process_resident_memory_bytes"] ?? 0 > 1e6)
    #expect(samples["process_start_time_seconds"] ?? 0 > 1.7e9)
    #expect(samples["process_open_fds"] ?? 0 > 3)
    #expect(samples.values.keys.contains { $0.hasPrefix("stagewright_build_info{version=") })
  }
}

/// The text format, read strictly.
struct MetricsPage {
  private(set) var values: [String: Double] = [:]

  struct Malformed: Error { var line: String }

  subscript(sample: String) -> Double? { values[sample] }

  init(_ text: String) throws {
    var types: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# TYPE ") {
        guard types[words[2]] == nil else { throw Malformed(line: String(line)) }
        types[words[2]] = words[3]
        continue
      }
      if line.hasPrefix("# HELP ") { continue }
      guard let cut = line.lastIndex(of: " "), let value = Double(line[line.index(after: cut)...])
      else { throw Malformed(line: String(line)) }
      let sample = line[..<cut]
      let name = sample.prefix { $0 != "{" }
      let family = ["_bucket", "_sum", "_count"].lazy
        .compactMap { name.hasSuffix($0) ? name.dropLast($0.count) : nil }
        .first { types[$0] == "histogram" }
      guard types[family ?? name] != nil, values[String(sample)] == nil else {
        throw Malformed(line: String(line))
      }
      values[String(sample)] = value
    }
  }
}
