import JSON
import PlanAPI
import Synchronization
import Testing

private let router = Router(PlanService(model: PlainModelRule()).routes)

/// An event as it was sent.
private struct Event {
  var name: String
  var data: JSONValue
}

/// Takes the pieces of a stream until there are `limit` of them.
private final class Reader: Sendable {
  private let pieces = Mutex<[[UInt8]]>([])
  private let limit: Int

  init(limit: Int = .max) { self.limit = limit }

  func take(_ bytes: [UInt8]) -> Bool {
    pieces.withLock { pieces in
      pieces.append(bytes)
      return pieces.count < limit
    }
  }

  /// By the rules for event streams: a field a line, an empty line ends the event.
  func events() throws -> [Event] {
    let text = pieces.withLock { String(decoding: $0.joined(), as: UTF8.self) }
    #expect(text.hasSuffix("\n\n"))
    return try text.split(separator: "\n\n").map { block in
      let lines = block.split(separator: "\n")
      #expect(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
      return Event(
        name: String(lines[0].dropFirst(7)),
        data: try JSONDocument(parsing: String(lines[1].dropFirst(6))).root)
    }
  }
}

private func body(_ search: String = "{}", cluster: String = #""4x8xh100""#) -> [UInt8] {
  Array(
    """
    {"model": 24, "cluster": \(cluster), "search": \(search),
     "training": {"global_batch_size": 256, "sequence_length": 1024}}
    """.utf8)
}

private func post(_ body: [UInt8], accept: String = "text/event-stream") -> APIResponse {
  router.response(
    to: APIRequest(method: "POST", path: "/partition", accept: [accept], body: body))
}

@Suite struct EventStreamTests {
  private static let priced =
    #"{"pools": ["#
    + #"{"gpu": "h100", "gpus_per_node": 2, "nodes": 1, "price_per_gpu_hour": 4},"#
    + #"{"gpu": "a100", "gpus_per_node": 2, "nodes": 1, "price_per_gpu_hour": 1}]}"#

  @Test(arguments: [
    (#""4x8xh100""#, "{}", "seconds"), (#""4x8xh100""#, #"{"objective": "cost"}"#, "gpu_seconds"),
    (#""1x2xh100+1x2xa100""#, "{}", "seconds"),
    (#""1x2xh100+1x2xa100""#, #"{"objective": "memory"}"#, "seconds"),
    (#""1x2xh100+1x2xa100""#, #"{"objective": "cost"}"#, "gpu_seconds"),
    (priced, #"{"objective": "cost"}"#, "cost"),
  ])
  func aSearchCanBeFollowed(cluster: String, search: String, unit: String) throws {
    let body = body(search, cluster: cluster)
    let response = post(body)
    #expect(response.status == 200)
    #expect(response[header: "Content-Type"] == "text/event-stream")
    #expect(response[header: "Cache-Control"] == "no-store")
    let reader = Reader()
    let produce = try #require(response.stream)
    produce { reader.take($0) }
    let events = try reader.events()
    #expect(events.last?.name == "result")
    #expect(events.dropLast().allSatisfy { $0.name == "progress" })
    var bound = 0.0
    for event in events.dropLast() {
      #expect(event.data["elapsed_seconds"]?.double ?? -1 >= 0)
      let gap = try #require(event.data["gap_fraction"]?.double)
      #expect((0...1).contains(gap))
      // Best-first: the bound only rises.
      let next = try #require(event.data["lower_bound_" + unit]?.double)
      #expect(next >= bound)
      bound = next
    }
    #expect(!events.dropLast().isEmpty)
    let result = try #require(events.last?.data)
    let plain = try JSONDocument(parsing: post(body, accept: "*/*").body).root
    #expect(result["plan"]?.canonicalBytes == plain["plan"]?.canonicalBytes)
    #expect(result.members.map(\.name) == plain.members.map(\.name))
  }

  @Test func faultsAreProblemsAndNotEvents() throws {
    let response = post(Array("{}".utf8))
    #expect(response.status == 422 && response.stream == nil)
    #expect(response[header: "Content-Type"] == "application/problem+json")
  }

  /// Who leaves stops the search: what it had is all that was written.
  @Test func aSearchEndsWithItsReader() throws {
    let reader = Reader(limit: 1)
    let produce = try #require(post(body()).stream)
    produce { reader.take($0) }
    let events = try reader.events()
    #expect(events.first?.name == "progress")
  }
}
