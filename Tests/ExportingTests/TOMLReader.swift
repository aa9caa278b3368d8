/// Reads the TOML that torchtitan's exports are made of: sections of integers, booleans, strings and
/// lists of strings, one value a line but for lists of lists.
struct TOMLReader {
  enum Value: Equatable {
    case integer(Int)
    case boolean(Bool)
    case text(String)
    case texts([String])
    case lists([[String]])
  }

  private(set) var sections: [String: [String: Value]] = [:]

  init?(_ text: String) {
    var section = ""
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true).makeIterator()
    while let line = lines.next() {
      if let match = line.wholeMatch(of: /\[(\w+)\]/) {
        section = String(match.output.1)
        guard sections.updateValue([:], forKey: section) == nil else { return nil }
      } else if let match = line.wholeMatch(of: /(\w+) = \[/) {
        var lists: [[String]] = []
        while let item = lines.next(), item != "]" {
          guard item.hasSuffix(","), let texts = Self.texts(item.dropLast()) else { return nil }
          lists.append(texts)
        }
        sections[section]?[String(match.output.1)] = .lists(lists)
      } else {
        guard let match = line.wholeMatch(of: /(\w+) = (.+)/),
          let value = Self.value(match.output.2)
        else { return nil }
        sections[section]?[String(match.output.1)] = value
      }
    }
  }

  private static func value(_ text: Substring) -> Value? {
    if let number = Int(text) { return .integer(number) }
    if let truth = Bool(String(text)) { return .boolean(truth) }
    if let match = text.wholeMatch(of: /"([^"\\]*)"/) { return .text(String(match.output.1)) }
    return texts(text).map(Value.texts)
  }

  private static func texts(_ text: Substring) -> [String]? {
    guard let match = text.wholeMatch(of: /\s*\[(.*)\]/) else { return nil }
    return match.output.1.matches(of: /"([^"\\]*)"/).map { String($0.output.1) }
  }

  func integer(_ section: String, _ name: String) -> Int? {
    if case .integer(let value) = sections[section]?[name] { value } else { nil }
  }

  func text(_ section: String, _ name: String) -> String? {
    if case .text(let value) = sections[section]?[name] { value } else { nil }
  }
}
