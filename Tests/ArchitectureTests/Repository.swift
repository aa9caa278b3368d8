import Foundation
import JSON
import Yams

/// The files of this repository that tests read.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func url(_ path: String) -> URL { root.appending(path: path) }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: url(path), encoding: .utf8)
  }

  /// The documents of a YAML file, as JSON.
  static func yaml(_ path: String) throws -> [JSONValue] {
    try Yams.compose_all(yaml: text(path)).map { node in
      try JSONDocument(parsing: node.json).root
    }
  }

  static func json(_ path: String) throws -> JSONValue {
    try JSONDocument(parsing: text(path)).root
  }
}

extension Node {
  /// The same as JSON; numbers keep their digits.
  fileprivate var json: String {
    switch self {
    case .mapping(let mapping):
      let members = mapping.map { name, value in
        "\(Self.quoted(name.scalar?.string ?? "")):\(value.json)"
      }
      return "{" + members.joined(separator: ",") + "}"
    case .sequence(let sequence):
      return "[" + sequence.map(\.json).joined(separator: ",") + "]"
    case .scalar(let scalar):
      let isLiteral = bool != nil || int != nil || float != nil
      if scalar.style == .plain, isLiteral { return scalar.string }
      return scalar.style == .plain && null != nil ? "null" : Self.quoted(scalar.string)
    case .alias:
      return "null"
    }
  }

  private static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.value(text)
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
