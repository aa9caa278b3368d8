import Foundation
import JSON
import PlanAPI

/// `openapi.yaml`.
struct Specification {
  let document: JSONValue
  var schema: JSONSchema { JSONSchema(document: document) }

  static let path = "openapi.yaml"
  static let shared = Result { Specification(document: try Repository.yaml(path)[0]) }

  /// One method of one path.
  struct Operation {
    var path: String
    var method: String
    var content: JSONValue

    /// The media types that an answer of this status comes in.
    func mediaTypes(ofStatus status: String) -> Set<String> {
      Set(content["responses"]?[status]?["content"]?.members.map(\.name) ?? [])
    }
  }

  var operations: [Operation] {
    document["paths"]!.members.flatMap { path, item in
      item.members.map { Operation(path: path, method: $0.name.uppercased(), content: $0.value) }
    }
  }

  /// A request that is posted, and the answer that stands beside it.
  struct Exchange: CustomStringConvertible {
    var path: String
    var request: JSONValue
    var requestSchema: JSONValue
    var status: Int
    var mediaType: String
    var answer: JSONValue
    var answerSchema: JSONValue
    /// The answer's name under `components/examples`.
    var answerName: String

    var description: String { "\(path) \(answerName)" }
  }

  /// Every example of a request body with the answer of the same key.
  var exchanges: [Exchange] {
    operations.flatMap { operation -> [Exchange] in
      guard let body = operation.content["requestBody"]?["content"]?["application/json"] else {
        return []
      }
      return body["examples"]?.members.map { key, request in
        exchange(operation, body, key, request)
      } ?? []
    }
  }

  private func exchange(
    _ operation: Operation, _ body: JSONValue, _ key: String, _ request: JSONValue
  ) -> Exchange {
    for (status, response) in operation.content["responses"]!.members {
      for (mediaType, content) in response["content"]?.members ?? response.members {
        guard let answer = content["examples"]?[key] else { continue }
        return Exchange(
          path: operation.path, request: schema.resolve(request)["value"]!,
          requestSchema: body["schema"]!, status: Int(status)!, mediaType: mediaType,
          answer: schema.resolve(answer)["value"]!, answerSchema: content["schema"]!,
          answerName: String(answer["$ref"]!.string!.split(separator: "/").last!))
      }
    }
    preconditionFailure("\(operation.path): the example \(key) has no answer")
  }
}

extension Specification {
  /// The text of `openapi.yaml` with the value of an example replaced.
  ///
  /// Examples stand under `components`, four spaces in, their values six; a value ends where a line
  /// is no further in. What a clock measured is written as 0.01, as it would differ every time.
  static func replacing(
    exampleNamed name: String, by value: JSONValue, in text: String
  ) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let examples = lines.lastIndex(of: "  examples:")!
    let title = lines[examples...].firstIndex(of: "    \(name):")!
    let start = lines[title...].firstIndex { $0.hasPrefix("      value:") }!
    let end =
      lines[(start + 1)...].firstIndex { !$0.hasPrefix("        ") } ?? lines.endIndex
    let pretty = String(decoding: value.prettyBytes, as: UTF8.self)
      .replacing(#/"search_seconds": [0-9.e-]+/#, with: #""search_seconds": 0.01"#)
      .split(separator: "\n")
    lines.replaceSubrange(start..<end, with: ["      value:"] + pretty.map { "        \($0)" })
    return lines.joined(separator: "\n")
  }
}
