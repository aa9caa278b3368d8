extension ConfigValue {
  /// TOML 1.0 of a table of tables, as torchtitan has it: each member is a section, whose members are
  /// scalars or lists.
  var toml: String {
    guard case .table(let sections) = self else { preconditionFailure("a TOML file is a table") }
    return sections.map { section in
      guard case .table(let members) = section.value else {
        preconditionFailure("a section is a table")
      }
      return "[\(section.name)]\n"
        + members.map { "\($0.name) = \($0.value.tomlValue)\n" }.joined()
    }.joined(separator: "\n")
  }

  private var tomlValue: String {
    switch self {
    case .list(let elements) where elements.contains(where: { !$0.isScalar }):
      "[\n\(elements.map { "  \($0.tomlValue),\n" }.joined())]"
    case .list(let elements): "[\(elements.map(\.scalar).joined(separator: ", "))]"
    case .table, .null: preconditionFailure("sections hold scalars and lists")
    case .number(let value) where value == value.rounded() && abs(value) < 0x1p53:
      "\(Int(value)).0"
    case .boolean, .integer, .number, .text: scalar
    }
  }
}
