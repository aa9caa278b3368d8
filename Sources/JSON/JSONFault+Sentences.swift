/// The wording of the faults that rules find. They stand after a pointer.
enum JSONFaultSentence {
  static func expected(_ expectation: String, found value: JSONValue) -> String {
    "expected \(expectation), found \(value.summary)"
  }

  static func missing(_ expectation: String) -> String {
    "missing: expected \(expectation)"
  }

  /// `known` are the names that the object may have.
  static func unknownMember(_ name: String, known: [String]) -> String {
    suggesting("unknown member", name, known, namedInFull: "known here")
  }

  static func unknownChoice(_ value: JSONValue, known: [String]) -> String {
    guard let name = value.string else {
      return expected(choice(of: known), found: value)
    }
    return suggesting("unknown value \(value.summary)", name, known, namedInFull: "one of")
  }

  static func choice(of known: [String]) -> String {
    guard known.count > 1 else { return known.first.map { "\"\($0)\"" } ?? "nothing" }
    return "one of " + listing(known)
  }

  /// The names near to `name`, or all of them if none is near and they are few.
  private static func suggesting(
    _ fault: String, _ name: String, _ known: [String], namedInFull: String
  ) -> String {
    let near = NearestNames.to(name, among: known)
    if !near.isEmpty {
      return fault + "; did you mean "
        + near.map { "\"\($0)\"" }.joined(separator: " or ") + "?"
    }
    return known.isEmpty ? fault : "\(fault); \(namedInFull): \(listing(known))"
  }

  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(24).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 24 ? shown + ", …" : shown
  }
}

extension JSONValue {
  /// The value in a few words, for messages: short scalars as they are, containers by their kind.
  package var summary: String {
    switch kind {
    case .null: return "null"
    case .boolean: return boolean! ? "true" : "false"
    case .number: return Self.shortened(numberLiteral!)
    case .string:
      let text = Self.shortened(string!)
      let controls = text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
      return controls ? "a string with control characters" : "\"\(text)\""
    case .array: return count == 0 ? "an empty array" : "an array"
    case .object: return count == 0 ? "an empty object" : "an object"
    }
  }

  private static func shortened(_ text: String) -> String {
    let head = text.unicodeScalars.prefix(48)
    return head.count == text.unicodeScalars.prefix(49).count ? text : String(head) + "…"
  }
}
