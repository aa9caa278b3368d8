import Glibc
import JSON
import Testing

/// Bodies that no caller should send, and what each is told. Afterwards the service goes on.
@Suite struct BadInputTests {
  struct Bad: CustomTestStringConvertible, Sendable {
    var name: String
    var body: String
    var status = 422
    /// All faults, by their pointers.
    var pointers: [String] = []
    /// What the answer must contain.
    var says: String?
    var testDescription: String { name }
  }

  private static func job(
    model: String = "\"gpt-0.3b\"", cluster: String = "\"1x4xh100\"",
    training: String = #"{"global_batch_size": 16, "sequence_length": 1024}"#, more: String = ""
  ) -> String {
    "{\"model\": \(model), \"cluster\": \(cluster), \"training\": \(training)\(more)}"
  }

  private static func transformer(_ members: String) -> String {
    job(model: "{\"transformer\": {\"vocab_size\": 50257, \(members)}}")
  }

  static let all: [Bad] = [
    Bad(name: "nothing", body: "", status: 400, says: "line 1, column 1"),
    Bad(name: "blanks", body: " \n ", status: 400, says: "line 2"),
    Bad(name: "no JSON", body: "hello", status: 400, says: "expected a value"),
    Bad(
      name: "a truncated text", body: String(job().dropLast(20)), status: 400, says: "ends within"),
    Bad(name: "text behind the end", body: job() + "x", status: 400, says: "column"),
    Bad(
      name: "200 levels",
      body: job(model: String(repeating: "[", count: 200) + String(repeating: "]", count: 200)),
      status: 400, says: "nested deeper"),
    Bad(
      name: "a million levels", body: String(repeating: "[", count: 1_000_000), status: 400,
      says: "nested deeper"),
    Bad(
      name: "a doubled member", body: job(more: ", \"model\": 1"), status: 400,
      says: "two members named"),
    Bad(name: "NaN", body: job(model: "NaN"), status: 400, says: "NaN"),
    Bad(name: "Infinity", body: job(model: "-Infinity"), status: 400, says: "finite"),
    Bad(
      name: "1e400", body: job(training: #"{"global_batch_size": 1e400}"#), status: 400,
      says: "too large"),
    Bad(
      name: "huge integers",
      body: job(
        training: """
          {"global_batch_size": 99999999999999999999999999999999999999,
           "sequence_length": 9223372036854775808}
          """),
      pointers: ["/training/global_batch_size", "/training/sequence_length"]),
    Bad(
      name: "integers that are none",
      body: job(training: #"{"global_batch_size": 1.5, "sequence_length": 1e-3}"#),
      pointers: ["/training/global_batch_size", "/training/sequence_length"]),
    Bad(
      name: "wrong types", body: job(model: "3", cluster: "[]", training: "true"),
      pointers: ["/model", "/cluster", "/training"]),
    Bad(
      name: "unknown members",
      body: job(
        training: #"{"global_batch_size": 1, "sequence_length": 1, "batch": 2}"#,
        more: ", \"serach\": {}"),
      pointers: ["/training/batch", "/serach"], says: "search"),
    Bad(
      name: "sizes below one",
      body: transformer(#""layers": 0, "hidden_size": -1600, "heads": 0"#),
      pointers: [
        "/model/transformer/layers", "/model/transformer/hidden_size", "/model/transformer/heads",
      ]),
    Bad(
      name: "a batch of none",
      body: job(training: #"{"global_batch_size": 0, "sequence_length": -1}"#),
      pointers: ["/training/global_batch_size", "/training/sequence_length"]),
    Bad(
      name: "heads that do not divide the hidden size",
      body: transformer(#""layers": 2, "hidden_size": 1600, "heads": 7"#),
      pointers: ["/model/transformer/heads"], says: "divisor"),
    Bad(
      name: "a thousand million layers",
      body: transformer(#""layers": 1000000000, "hidden_size": 1600, "heads": 32"#),
      pointers: ["/model/transformer/layers"]),
    Bad(
      name: "sizes whose product overflows",
      body: transformer(
        #""layers": 10000, "hidden_size": 1048576, "heads": 1, "ffn_hidden_size": 16777216"#),
      pointers: ["/model/transformer"]),
    Bad(
      name: "an unknown model", body: job(model: "\"gtp-1.5b\""), pointers: ["/model"],
      says: "gpt-1.5b"),
    Bad(
      name: "an unknown GPU", body: job(cluster: "\"1x8xh1000\""), pointers: ["/cluster"],
      says: "h100-sxm5-80gb"),
    Bad(
      name: "a cluster of thousands of millions", body: job(cluster: "\"1000000000x8xh100\""),
      pointers: ["/cluster"]),
    Bad(
      name: "a cluster that counts past every integer",
      body: job(cluster: "\"99999999999999999999x8xh100\""), pointers: ["/cluster"]),
  ]

  @Test(arguments: all)
  func isRefused(bad: Bad) throws {
    let live = try LiveService()
    let clock = ContinuousClock()
    let start = clock.now
    let answer = try live.ask(
      "POST /partition", ["Content-Type: application/json"], body: bad.body)
    #expect(clock.now - start < .seconds(5))
    #expect(answer.status == bad.status)
    #expect(answer["Content-Type"] == "application/problem+json")
    let problem = try answer.json()
    #expect(problem["status"]?.integer == bad.status)
    #expect(problem["instance"]?.string == "/partition")
    let pointers = problem["errors"]?.elements.map { $0["pointer"]!.string! } ?? []
    #expect(pointers == bad.pointers)
    if let says = bad.says { #expect(answer.text.contains(says), "\(answer.text)") }
    #expect(answer.body.count < 8192)
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }

  @Test func bytesThatAreNoText() throws {
    let live = try LiveService()
    var generator = SystemRandomNumberGenerator()
    for length in [1, 3, 64, 4096, 100_000] {
      var body = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      body[0] |= 0x80
      let client = try live.client()
      client.send("POST /partition HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
      client.send(body)
      let answer = try client.receive()
      #expect(answer.status == 400)
      #expect(try answer.json()["line"]?.integer == 1)
    }
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }

  @Test func aBodyOfAGigabyte() throws {
    let live = try LiveService()
    let client = try live.client()
    client.request("POST /partition", ["Content-Length: 1073741824"])
    // Refused before a byte of it is sent.
    let answer = try client.receive()
    #expect(answer.status == 413)
    #expect(try answer.json()["detail"]?.string?.contains("8388608") == true)
    #expect(client.seesEnd())
    // Invited, it would be refused too.
    let polite = try live.client()
    polite.request("POST /partition", ["Content-Length: 1073741824", "Expect: 100-continue"])
    #expect(try polite.receive().status == 413)
  }

  @Test func aBodyWithoutEnd() throws {
    let live = try LiveService()
    let client = try live.client()
    client.request("POST /partition", ["Transfer-Encoding: chunked"])
    let chunk = "100000\r\n" + String(repeating: " ", count: 1 << 20) + "\r\n"
    var taken = 0
    while taken < 1024, client.send(chunk) { taken += 1 }
    // What the kernel buffers, and what is read away so that the answer survives.
    #expect(taken < 200, "it takes in \(taken) MiB")
    #expect(try client.receive().status == 413)
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }

  @Test func aRequestThatNeverEnds() throws {
    let live = try LiveService(["receive-timeout": "400ms", "head-timeout": "300ms"])
    let clock = ContinuousClock()
    for part in [
      "POST /partition HTTP/1.1\r\nHost: a\r\nX: ",
      "POST /partition HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{",
    ] {
      let client = try live.client()
      let start = clock.now
      client.send(part)
      // A byte now and then does not help.
      while clock.now - start < .seconds(5), client.send(" ") {
        usleep(50_000)
        if client.hasSomethingToRead { break }
      }
      #expect(clock.now - start < .seconds(2))
      let answer = try client.receive()
      #expect(answer.status == 408)
      #expect(answer["Content-Type"] == "application/problem+json")
      #expect(client.seesEnd())
    }
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }

  @Test func aContentLengthThatIsWrong() throws {
    let live = try LiveService(["receive-timeout": "400ms"])
    let short = try live.client()
    // Too small: the rest is no request of its own.
    short.send("POST /partition HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n" + smallJob)
    #expect(try short.receive().status == 400)
    #expect(try short.receive().status == 400)
    #expect(short.seesEnd())
    // Too large: the rest never comes.
    let long = try live.client()
    long.send("POST /partition HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n" + smallJob)
    #expect(try long.receive().status == 408)
    for length in ["-1", "0x10", "1, 1", "", "1e3", "99999999999999999999"] {
      let client = try live.client()
      client.request("POST /partition", ["Content-Length: \(length)"])
      #expect([400, 413].contains(try client.receive().status), "\(length)")
    }
    #expect(try live.ask("POST /partition", body: smallJob).status == 200)
  }
}
