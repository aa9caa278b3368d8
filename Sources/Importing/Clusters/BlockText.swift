/// A node of a YAML text of the kind that configuration files are: lists and mappings, in blocks or in
/// brackets on one line, of plain or quoted scalars, with comments.
///
/// Anchors, tags, scalars of several lines and further documents are refused. A whole YAML reader would
/// bring all of Foundation into the program, several times the size of everything else.
struct BlockText {
  enum Content {
    case scalar(String)
    case list([BlockText])
    case table([(name: String, value: BlockText)])
  }

  /// Counted from 1.
  var line: Int
  var content: Content

  var text: String? {
    if case .scalar(let text) = content { text } else { nil }
  }

  var elements: [BlockText]? {
    if case .list(let elements) = content { elements } else { nil }
  }

  var isTrue: Bool { text.map { ["true", "yes", "on"].contains($0.lowercased()) } ?? false }

  subscript(name: String) -> BlockText? {
    guard case .table(let members) = content else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The first document of a text.
  static func parse(_ text: String) throws(TextFault) -> BlockText {
    var reader = BlockReader(text)
    return try reader.document()
  }
}

/// Reads blocks by their indentation.
///
/// A list's element is read as a block of its own that begins behind the hyphen. Complexity: O(n) in
/// the text, with at most `depthLimit` blocks within one another.
private struct BlockReader {
  private struct Line {
    var number: Int
    var indentation: Int
    var content: Substring
  }

  private static let depthLimit = 32
  private var lines: [Line] = []
  private var position = 0

  init(_ text: String) {
    let all = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in all.enumerated() {
      let indentation = line.prefix { $0 == " " }.count
      let content = Self.withoutComment(line.dropFirst(indentation)).trimmed
      if content.isEmpty || content == "---" && lines.isEmpty { continue }
      lines.append(Line(number: index + 1, indentation: indentation, content: content))
    }
  }

  /// A comment begins with a `#` at the start or after a blank, outside of quotes.
  private static func withoutComment(_ text: Substring) -> Substring {
    var quote: Character?
    var previous: Character = " "
    for (index, character) in zip(text.indices, text) {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "#", previous.isWhitespace {
        return text[..<index]
      } else if (character == "\"" || character == "'") && !previous.isLetter {
        quote = character
      }
      previous = character
    }
    return text
  }

  mutating func document() throws(TextFault) -> BlockText {
    guard let first = lines.first else { throw TextFault("the text is empty") }
    let root = try block(at: first.indentation, depth: 0)
    if position < lines.count { throw fault("is indented otherwise than what it belongs to") }
    return root
  }

  private func fault(_ detail: String) -> TextFault {
    TextFault(line: lines[position].number, detail)
  }

  private mutating func block(at indentation: Int, depth: Int) throws(TextFault) -> BlockText {
    if depth > Self.depthLimit { throw fault("is nested too deeply") }
    let line = lines[position]
    if Self.isElement(line.content) { return try list(at: indentation, depth) }
    if Self.colon(in: line.content) != nil { return try table(at: indentation, depth) }
    position += 1
    return try FlowReader.node(line.content, line: line.number)
  }

  private static func isElement(_ content: Substring) -> Bool {
    content == "-" || content.hasPrefix("- ")
  }

  private mutating func list(at indentation: Int, _ depth: Int) throws(TextFault) -> BlockText {
    let number = lines[position].number
    var elements: [BlockText] = []
    while position < lines.count, lines[position].indentation == indentation,
      Self.isElement(lines[position].content)
    {
      let content = lines[position].content.dropFirst()
      let rest = content.drop { $0 == " " }
      if rest.isEmpty {
        elements.append(try nested(under: indentation, depth))
      } else {
        let inner = indentation + 1 + (content.count - rest.count)
        lines[position].indentation = inner
        lines[position].content = rest
        elements.append(try block(at: inner, depth: depth + 1))
      }
    }
    return BlockText(line: number, content: .list(elements))
  }

  private mutating func table(at indentation: Int, _ depth: Int) throws(TextFault) -> BlockText {
    let number = lines[position].number
    var members: [(name: String, value: BlockText)] = []
    while position < lines.count, lines[position].indentation == indentation,
      !Self.isElement(lines[position].content)
    {
      let line = lines[position]
      guard let colon = Self.colon(in: line.content) else { throw fault("expected name: value") }
      let name = try FlowReader.node(line.content[..<colon].trimmed, line: line.number)
      let rest = line.content[line.content.index(after: colon)...].trimmed
      guard let name = name.text, !members.contains(where: { $0.name == name }) else {
        throw fault("expected a name that is not there yet")
      }
      if rest.isEmpty {
        members.append((name, try nested(under: indentation, depth, orAt: indentation)))
      } else {
        position += 1
        members.append((name, try FlowReader.node(rest, line: line.number)))
      }
    }
    return BlockText(line: number, content: .table(members))
  }

  /// What is further in than the line at `position`, or a list as far in (a name's value may be);
  /// nothing if neither follows.
  private mutating func nested(
    under indentation: Int, _ depth: Int, orAt listIndentation: Int? = nil
  ) throws(TextFault) -> BlockText {
    let number = lines[position].number
    position += 1
    guard position < lines.count else { return BlockText(line: number, content: .scalar("")) }
    let next = lines[position]
    let isList = next.indentation == listIndentation && Self.isElement(next.content)
    guard next.indentation > indentation || isList else {
      return BlockText(line: number, content: .scalar(""))
    }
    return try block(at: next.indentation, depth: depth + 1)
  }

  /// The colon between a name and its value, outside of quotes and brackets.
  private static func colon(in content: Substring) -> Substring.Index? {
    guard let first = content.first, first != "[", first != "{" else { return nil }
    var start = content.startIndex
    if first == "\"" || first == "'" {
      guard let end = content.dropFirst().firstIndex(of: first) else { return nil }
      start = content.index(after: end)
    }
    return content[start...].indices.first { index in
      guard content[index] == ":" else { return false }
      let next = content.index(after: index)
      return next == content.endIndex || content[next] == " "
    }
  }
}
