extension JSONValue {
  /// The value's one canonical form: compact, members sorted by the bytes of their names, strings
  /// with the fewest escapes, and every number by its value alone (`1`, `1.0` and `10e-1` alike).
  /// Values that say the same have the same canonical bytes: the key of a cache, the source of a tag.
  ///
  /// Complexity: O(n log n) in the bytes.
  package var canonicalBytes: [UInt8] {
    var output = JSONOutput()
    output.bytes.reserveCapacity(document.source.count)
    appendCanonical(to: &output)
    return output.bytes
  }

  /// The value for people: two spaces a level, arrays of scalars on one line where they fit it, and
  /// numbers as they were written. Ends with a line feed.
  package var prettyBytes: [UInt8] {
    var output = JSONOutput()
    appendPretty(to: &output, indentation: 0)
    output.append("\n")
    return output.bytes
  }

  private func appendCanonical(to output: inout JSONOutput) {
    switch entry.kind {
    case .null, .false, .true, .string, .unescapedString: appendScalar(to: &output)
    case .integer: output.append(integer!)
    case .double, .decimal:
      let number = double!
      if let whole = JSONNumber.whole(number, below: 0x1p63) {
        output.append(whole)
      } else {
        output.append(number)
      }
    case .array:
      appendList(elements, "[", "]", to: &output) { $1.appendCanonical(to: &$0) }
    case .object:
      appendList(sortedMembers, "{", "}", to: &output) { output, member in
        output.append(quoting: member.name)
        output.append(":")
        member.value.appendCanonical(to: &output)
      }
    }
  }

  private var sortedMembers: [(name: String, value: JSONValue)] {
    members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func appendList<Items: Sequence>(
    _ items: Items, _ open: StaticString, _ close: StaticString, to output: inout JSONOutput,
    _ append: (inout JSONOutput, Items.Element) -> Void
  ) {
    output.append(open)
    var isFirst = true
    for item in items {
      if !isFirst { output.append(",") }
      isFirst = false
      append(&output, item)
    }
    output.append(close)
  }

  /// A scalar as it was written, but for the escapes of strings.
  private func appendScalar(to output: inout JSONOutput) {
    switch entry.kind {
    case .null: output.append("null")
    case .false: output.append("false")
    case .true: output.append("true")
    case .integer, .double, .decimal:
      withLiteral { output.bytes.append(contentsOf: $0) }
    case .string, .unescapedString:
      document.withText(at: index) { output.append(quoting: $0) }
    case .array, .object: preconditionFailure("a container is not a scalar")
    }
  }

  private static let lineLength = 100

  private func appendPretty(to output: inout JSONOutput, indentation: Int) {
    guard kind == .array || kind == .object else { return appendScalar(to: &output) }
    guard !appendOnOneLine(to: &output, indentation: indentation) else { return }
    let (open, close): (StaticString, StaticString) = kind == .array ? ("[", "]") : ("{", "}")
    output.append(open)
    var isFirst = true
    var child = index + 1
    while child < entry.end {
      output.append(isFirst ? "\n" : ",\n")
      isFirst = false
      output.bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation + 2))
      if kind == .object {
        document.withText(at: child) { output.append(quoting: $0) }
        output.append(": ")
        child += 1
      }
      let value = JSONValue(document: document, index: child)
      value.appendPretty(to: &output, indentation: indentation + 2)
      child = document.index(after: child)
    }
    output.append("\n")
    output.bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
    output.append(close)
  }

  /// Writes an empty container, or an array of scalars that fits the line; else nothing.
  private func appendOnOneLine(to output: inout JSONOutput, indentation: Int) -> Bool {
    guard count > 0 else {
      output.append(kind == .array ? "[]" : "{}")
      return true
    }
    // Each scalar takes one entry, and two bytes at least.
    guard kind == .array, entry.end - index - 1 == count,
      elements.allSatisfy({ $0.kind != .array && $0.kind != .object }),
      count <= Self.lineLength / 2
    else { return false }
    var line = JSONOutput()
    line.append("[")
    var isFirst = true
    for element in elements {
      if !isFirst { line.append(", ") }
      isFirst = false
      element.appendScalar(to: &line)
    }
    line.append("]")
    guard indentation + line.bytes.count <= Self.lineLength else { return false }
    output.bytes.append(contentsOf: line.bytes)
    return true
  }
}
