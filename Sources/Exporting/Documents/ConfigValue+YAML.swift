extension ConfigValue {
  /// YAML in block style that versions 1.1 and 1.2 read alike.
  var yaml: String {
    if isBlock { return block(indentation: 0) }
    return yamlScalar + "\n"
  }

  /// Stands on lines of its own.
  private var isBlock: Bool {
    switch self {
    case .table(let members): !members.isEmpty
    case .list(let elements): !elements.isEmpty
    case .null, .boolean, .integer, .number, .text: false
    }
  }

  private func block(indentation: Int) -> String {
    let indent = String(repeating: " ", count: indentation)
    switch self {
    case .table(let members):
      return members.map { member in
        "\(indent)\(Self.yamlText(member.name)):\(member.value.behindName(indentation))"
      }.joined()
    case .list(let elements):
      return elements.map { element in
        guard element.isBlock else { return "\(indent)- \(element.yamlScalar)\n" }
        // The first line of the element stands behind the hyphen.
        return
          "\(indent)- \(element.block(indentation: indentation + 2).dropFirst(indentation + 2))"
      }.joined()
    case .null, .boolean, .integer, .number, .text:
      preconditionFailure("a scalar stands behind something")
    }
  }

  private func behindName(_ indentation: Int) -> String {
    isBlock ? "\n" + block(indentation: indentation + 2) : " \(yamlScalar)\n"
  }

  private var yamlScalar: String {
    switch self {
    case .table: "{}"
    case .list: "[]"
    case .text(let text): Self.yamlText(text)
    case .number: Self.yamlNumber(scalar)
    case .null, .boolean, .integer: scalar
    }
  }

  /// YAML 1.1 takes `1e-05` for a string: a number with an exponent has a point.
  private static func yamlNumber(_ digits: String) -> String {
    guard let exponent = digits.firstIndex(of: "e"), !digits.contains(".") else { return digits }
    return "\(digits[..<exponent]).0\(digits[exponent...])"
  }

  /// Plain where nothing else could be meant, else as JSON quotes it.
  private static func yamlText(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    let isWord = text.first.map { $0.isLetter || $0 == "_" || $0 == "/" } ?? false
    return isPlain && isWord && !reserved.contains(text.lowercased())
      ? text : ConfigValue.text(text).scalar
  }

  /// What YAML 1.1 or 1.2 takes for something else than a string.
  private static let reserved: Set<String> = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n",
  ]
}
