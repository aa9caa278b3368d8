import Yams

extension ConfigValue {
  /// YAML in block style, with strings quoted where they would be read as something else.
  var yaml: String {
    do {
      return try Yams.serialize(node: node(), width: -1, allowUnicode: true)
    } catch {
      preconditionFailure("a tree of tables, lists and scalars has a YAML text: \(error)")
    }
  }

  private func node() throws -> Node {
    switch self {
    case .null: Node("null", Tag(.null))
    case .boolean(let value): try value.represented()
    case .integer(let value): try value.represented()
    case .number(let value): try value.represented()
    case .text(let value): try value.represented()
    case .list(let elements):
      Node(
        try elements.map { try $0.node() }, Tag(.seq),
        elements.allSatisfy(\.isScalar) ? .any : .block)
    case .table(let members):
      Node(try members.map { (try $0.name.represented(), try $0.value.node()) }, Tag(.map), .block)
    }
  }
}
