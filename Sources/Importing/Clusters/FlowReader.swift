/// Reads the value on one line of a YAML text: a scalar, or lists and mappings in brackets.
struct FlowReader {
  private static let depthLimit = 32
  private let line: Int
  private var rest: Substring

  /// The node that is all of `text`.
  static func node(_ text: Substring, line: Int) throws(TextFault) -> BlockText {
    var reader = FlowReader(line: line, rest: text)
    let isBracketed = text.first == "[" || text.first == "{"
    let node = try reader.value(endingAt: isBracketed ? ",]}" : "", depth: 0)
    if !reader.rest.isEmpty { throw reader.fault }
    return node
  }

  private init(line: Int, rest: Substring) {
    self.line = line
    self.rest = rest
  }

  private var fault: TextFault { TextFault(line: line, "not YAML of the kind that is read here") }

  private func node(_ content: BlockText.Content) -> BlockText {
    BlockText(line: line, content: content)
  }

  private mutating func skipBlanks() { rest = rest.drop { $0 == " " } }

  private mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    skipBlanks()
    return true
  }

  private mutating func value(
    endingAt stops: String, depth: Int
  ) throws(TextFault) -> BlockText {
    if depth > Self.depthLimit { throw fault }
    if take("[") { return try list(depth) }
    if take("{") { return try table(depth) }
    let text = try scalar(endingAt: stops)
    skipBlanks()
    return node(.scalar(text))
  }

  private mutating func list(_ depth: Int) throws(TextFault) -> BlockText {
    var elements: [BlockText] = []
    while !take("]") {
      elements.append(try value(endingAt: ",]}", depth: depth + 1))
      guard take(",") || rest.first == "]" else { throw fault }
    }
    return node(.list(elements))
  }

  private mutating func table(_ depth: Int) throws(TextFault) -> BlockText {
    var members: [(name: String, value: BlockText)] = []
    while !take("}") {
      let name = try scalar(endingAt: ":,]}")
      skipBlanks()
      guard take(":"), !members.contains(where: { $0.name == name }) else { throw fault }
      members.append((name, try value(endingAt: ",]}", depth: depth + 1)))
      guard take(",") || rest.first == "}" else { throw fault }
    }
    return node(.table(members))
  }

  private mutating func scalar(endingAt stops: String) throws(TextFault) -> String {
    if let quote = rest.first, quote == "\"" || quote == "'" {
      rest.removeFirst()
      guard let end = rest.firstIndex(of: quote) else { throw fault }
      let text = rest[..<end]
      rest = rest[rest.index(after: end)...]
      // Escapes, and a quote within quotes.
      guard !text.contains("\\"), rest.first != quote else { throw fault }
      return String(text)
    }
    if let first = rest.first, "&*!|>%@`".contains(first) { throw fault }
    let text = rest.prefix { !stops.contains($0) }
    rest = rest[text.endIndex...]
    guard !text.contains(": ") else { throw fault }
    return String(text.trimmed)
  }
}
