import JSON
import Workload

/// How a user's graph names a node: as Python does, 1 and "1" differ.
enum NodeIdentifier: Hashable, CustomStringConvertible {
  case text(String)
  case number(Int)

  var name: String {
    switch self {
    case .text(let text): text
    case .number(let number): "\(number)"
    }
  }

  var description: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .number(let number): "\(number)"
    }
  }
}

struct NodeIdentifierRule: JSONRule {
  var expectation: String { "a string of 1 to 256 bytes or an integer" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> NodeIdentifier? {
    if let text = value.string, (1...256).contains(text.utf8.count) { return .text(text) }
    return value.integer.map(NodeIdentifier.number) ?? refuse(value, log)
  }
}

/// A node as it is written.
struct GivenNode {
  var id: NodeIdentifier
  var idValue: JSONValue
  var node: UserGraph.Node
}

/// The largest figures that a node or an edge may carry.
private enum FigureLimits {
  static let parameters = TransformerModel.parameterLimit
  static let operations = 1e30
  /// A petabyte; beyond 2^53 a number and its neighbour could not be told apart.
  static let bytes = 1e15
  static let seconds = 1e9
}

struct GivenNodeRule: JSONRule {
  var expectation: String { "a node, an object" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> GivenNode? { Self.members.read(value, log) }

  private static let members: JSONObjectRule<GivenNode> = .object { node in
    let id = node.required("id", NodeIdentifierRule())
    let parameters = node.required("parameters", .integer(in: 0...FigureLimits.parameters))
    let operations = node.required(
      "forward_flops", .nonNegativeNumber(max: FigureLimits.operations))
    let bytes = node.required("activation_bytes", .nonNegativeNumber(max: FigureLimits.bytes))
    let forward = node.optional("forward_seconds", .nonNegativeNumber(max: FigureLimits.seconds))
    let backward = node.optional("backward_seconds", .nonNegativeNumber(max: FigureLimits.seconds))
    node.pass([
      "name", "kind", "type", "label", "layer_type", "index", "active_parameters", "memory_bytes",
      "memory_mb", "weight_bytes", "forward_gflops", "output_bytes",
    ])
    guard let id, let idValue = node.value("id"), let parameters, let operations, let bytes else {
      return nil
    }
    return GivenNode(
      id: id, idValue: idValue,
      node: UserGraph.Node(
        name: id.name, parameters: parameters,
        figures: .init(
          forwardFLOPs: operations, savedBytes: bytes, forwardSeconds: forward,
          backwardSeconds: backward)))
  }
}

/// An edge as it is written.
struct GivenEdge {
  var value: JSONValue
  var source: NodeIdentifier
  var sourceValue: JSONValue
  var target: NodeIdentifier
  var targetValue: JSONValue
  var bytes: Double?
}

struct GivenEdgeRule: JSONRule {
  var expectation: String { "an edge, an object" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> GivenEdge? { Self.members.read(value, log) }

  private static let members: JSONObjectRule<GivenEdge> = .object { edge in
    let source = edge.required("source", NodeIdentifierRule())
    let target = edge.required("target", NodeIdentifierRule())
    let bytes = edge.optional("bytes", .nonNegativeNumber(max: FigureLimits.bytes))
    edge.pass(["key", "name", "kind", "type", "label", "weight", "tensor", "communication_mb"])
    guard let source, let target, let sourceValue = edge.value("source"),
      let targetValue = edge.value("target")
    else { return nil }
    return GivenEdge(
      value: edge.object, source: source, sourceValue: sourceValue, target: target,
      targetValue: targetValue, bytes: bytes)
  }
}

extension JSONMemberReader {
  /// Takes members that may be there and mean nothing here.
  mutating func pass(_ names: [StaticString]) {
    for name in names { _ = value(name) }
  }
}
