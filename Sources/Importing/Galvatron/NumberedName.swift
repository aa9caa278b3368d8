/// Names with numbers in them, such as `allreduce_size_8_consec_1`.
struct NumberedName {
  /// The fixed parts: a number stands between each two of them.
  private let parts: [String]

  /// - Parameter pattern: the name with `#` for each number.
  init(_ pattern: String) {
    parts = pattern.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
  }

  /// The numbers, if the name follows the pattern. Numbers of more than nine digits follow none.
  func numbers(in name: String) -> [Int]? {
    var rest = Substring(name)
    guard rest.hasPrefix(parts[0]) else { return nil }
    rest = rest.dropFirst(parts[0].count)
    var numbers: [Int] = []
    for part in parts.dropFirst() {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard (1...9).contains(digits.count), let number = Int(digits) else { return nil }
      numbers.append(number)
      rest = rest.dropFirst(digits.count)
      guard rest.hasPrefix(part) else { return nil }
      rest = rest.dropFirst(part.count)
    }
    return rest.isEmpty ? numbers : nil
  }
}
