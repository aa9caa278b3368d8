import JSON

/// Names of hosts as Slurm compresses them: `gpu[001-004,010],dgx-a[1-2]`.
///
/// Each name is a row of texts and bracketed lists; ranges keep the width of their first number, and
/// several brackets of one name multiply (`scontrol show hostnames`).
package enum Hostlist {
  /// The names, in order. Complexity: O(names).
  package static func names(_ text: some StringProtocol, limit: Int) throws(TextFault)
    -> [String]
  {
    var names: [String] = []
    for pattern in try patterns(Substring(text)) {
      try expand(pattern, limit: limit - names.count, into: &names)
    }
    if names.isEmpty { throw TextFault("the list \"\(excerpt(text))\" names no host") }
    return names
  }

  /// Splits at the commas outside brackets.
  private static func patterns(_ text: Substring) throws(TextFault) -> [Substring] {
    var patterns: [Substring] = []
    var start = text.startIndex
    var isInside = false
    for index in text.indices {
      switch text[index] {
      case "[" where !isInside: isInside = true
      case "]" where isInside: isInside = false
      case "[", "]": throw TextFault("\"\(excerpt(text))\" has a bracket out of place")
      case "," where !isInside:
        patterns.append(text[start..<index].trimmed)
        start = text.index(after: index)
      default: break
      }
    }
    if isInside { throw TextFault("\"\(excerpt(text))\" has a bracket that is not closed") }
    patterns.append(text[start...].trimmed)
    return patterns.filter { !$0.isEmpty }
  }

  private static func expand(
    _ pattern: Substring, limit: Int, into names: inout [String]
  ) throws(TextFault) {
    var grown = [""]
    var rest = pattern
    while let open = rest.firstIndex(of: "["), let close = rest.firstIndex(of: "]") {
      let head = rest[..<open]
      let numbers = try numbers(rest[rest.index(after: open)..<close], limit: limit)
      guard grown.count <= limit / max(1, numbers.count) else { throw tooMany(pattern) }
      grown = grown.flatMap { prefix in numbers.map { prefix + head + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    guard grown.count <= limit else { throw tooMany(pattern) }
    names += grown.map { $0 + rest }
  }

  private static func numbers(_ list: Substring, limit: Int) throws(TextFault) -> [String] {
    var numbers: [String] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = number(ends[0]), let last = number(ends.last!), first <= last else {
        throw TextFault("\"\(excerpt(part))\" is no number or range such as 001-004")
      }
      guard last - first < limit, numbers.count + last - first < limit else {
        throw tooMany(list)
      }
      let width = ends[0].count
      for value in first...last {
        let digits = String(value)
        numbers.append(String(repeating: "0", count: max(0, width - digits.count)) + digits)
      }
    }
    return numbers
  }

  private static func number(_ digits: Substring) -> Int? {
    guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(digits)
  }

  private static func tooMany(_ text: Substring) -> TextFault {
    TextFault("\"\(excerpt(text))\" names more hosts than are planned for")
  }
}
