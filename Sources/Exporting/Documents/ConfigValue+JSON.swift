import JSON

extension ConfigValue {
  /// JSON for people: indented by two spaces, lists of scalars on one line.
  var json: String {
    var text = ""
    writeJSON(to: &text, indent: "")
    return text + "\n"
  }

  private func writeJSON(to text: inout String, indent: String) {
    switch self {
    case .table(let members) where !members.isEmpty:
      text += "{\n"
      for (index, member) in members.enumerated() {
        text += "\(indent)  \(Self.quoted(member.name)): "
        member.value.writeJSON(to: &text, indent: indent + "  ")
        text += index < members.count - 1 ? ",\n" : "\n"
      }
      text += indent + "}"
    case .list(let elements) where elements.contains(where: { !$0.isScalar }):
      text += "[\n"
      for (index, element) in elements.enumerated() {
        text += indent + "  "
        element.writeJSON(to: &text, indent: indent + "  ")
        text += index < elements.count - 1 ? ",\n" : "\n"
      }
      text += indent + "]"
    case .table: text += "{}"
    case .list(let elements): text += "[\(elements.map(\.scalar).joined(separator: ", "))]"
    case .null, .boolean, .integer, .number, .text: text += scalar
    }
  }

  var isScalar: Bool {
    switch self {
    case .null, .boolean, .integer, .number, .text: true
    case .list, .table: false
    }
  }

  /// As JSON writes it, which is also what TOML takes.
  var scalar: String {
    switch self {
    case .null: "null"
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): JSONWriter.text(value)
    case .text(let value): Self.quoted(value)
    case .list, .table: preconditionFailure("not a scalar")
    }
  }

  private static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.value(text)
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
