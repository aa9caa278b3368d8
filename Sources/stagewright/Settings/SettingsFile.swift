/// A settings file: YAML of one kind only, a mapping of names to plain or quoted values, a line
/// each, with comments. What else YAML can say means nothing here and is refused.
///
///     # The service behind the load balancer.
///     host: "::"
///     queue-limit: 128   # more than the default
struct SettingsFile {
  struct Entry: Equatable {
    var line: Int
    var name: String
    var value: String
  }

  struct Fault: Error, Equatable {
    var line: Int
    var detail: String
  }

  private(set) var entries: [Entry] = []
  private(set) var faults: [Fault] = []

  init(parsing text: String) {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() {
      do throws(Fault) {
        guard let entry = try Self.entry(line, number: index + 1) else { continue }
        if entries.contains(where: { $0.name == entry.name }) {
          throw Fault(line: entry.line, detail: "\(entry.name) is set twice")
        }
        entries.append(entry)
      } catch {
        faults.append(error)
      }
    }
  }

  /// nil for lines that say nothing.
  private static func entry(_ line: Substring, number: Int) throws(Fault) -> Entry? {
    let content = line.trimmed
    if content.isEmpty || content.first == "#" || content == "---" { return nil }
    guard let colon = content.firstIndex(of: ":"), colon > content.startIndex, line.first != " ",
      line.first != "\t"
    else { throw Fault(line: number, detail: "expected \"name: value\", not indented") }
    let name = content[..<colon].trimmed
    let rest = content[content.index(after: colon)...]
    guard rest.isEmpty || rest.first == " " || rest.first == "\t" else {
      throw Fault(line: number, detail: "expected a blank after \"\(name):\"")
    }
    guard let value = scalar(rest.trimmed) else {
      throw Fault(line: number, detail: "expected one plain or quoted value after \"\(name):\"")
    }
    return Entry(line: number, name: String(name), value: value)
  }

  /// The value without quotes and without a comment behind it; nil for anything but a scalar.
  private static func scalar(_ text: Substring) -> String? {
    if let quote = text.first, quote == "\"" || quote == "'" {
      guard let end = text.dropFirst().firstIndex(of: quote) else { return nil }
      let value = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.trimmed.first == "#" && rest.first != "#", !value.contains("\\")
      else { return nil }
      return String(value)
    }
    var value = text
    if text.first == "#" { value = "" }
    for mark in text.indices.dropFirst() where text[mark] == "#" {
      if text[text.index(before: mark)].isWhitespace {
        value = text[..<mark].trimmed
        break
      }
    }
    let special = "&*!|>%@`[]{},?-"
    guard let first = value.first, !special.contains(first) || Int(value) != nil,
      !value.contains(": "), value.last != ":"
    else { return nil }
    return String(value)
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let start = drop { $0.isWhitespace }
    return start[..<(start.lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? startIndex)]
  }
}
