extension ConfigValue {
  /// As an expression of Python; a table as keyword arguments.
  var python: String {
    switch self {
    case .null: "None"
    case .boolean(let value): value ? "True" : "False"
    case .integer, .number, .text: scalar
    case .list(let elements) where elements.contains(where: { !$0.isScalar }):
      "[\n\(elements.map { "        \($0.python),\n" }.joined())    ]"
    case .list(let elements): "[\(elements.map(\.python).joined(separator: ", "))]"
    case .table(let members):
      members.map { "    \($0.name)=\($0.value.python),\n" }.joined()
    }
  }
}
