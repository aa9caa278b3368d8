import Foundation
import JSON
import MicroHTTP

@testable import stagewright

/// The whole service in this process, on a free port; it stops with its scope.
final class LiveService {
  let service: Service
  let port: UInt16

  init(_ flags: [String: String] = [:]) throws {
    // Nothing is written to the test's own output.
    let silent = ["port": "0", "log-level": "critical"]
    service = try Service(EffectiveSettings(flags: silent.merging(flags) { $1 }))
    port = try service.server.start().port
  }

  deinit { service.server.stop() }

  func client() throws -> RawClient { try RawClient(port: port) }

  /// One request over its own connection.
  func ask(
    _ line: String, _ headers: [String] = [], body: String? = nil
  ) throws -> RawClient.Answer {
    let client = try client()
    client.request(line, headers, body: body)
    return try client.receive(toHead: line.hasPrefix("HEAD"))
  }
}

extension RawClient.Answer {
  func json() throws -> JSONValue { try JSONDocument(parsing: body).root }
}

/// A request for a plan that is found at once.
let smallJob = """
  {"model": "gpt-0.3b", "cluster": "1x4xh100-sxm5-80gb",
   "training": {"global_batch_size": 16, "sequence_length": 1024}}
  """
