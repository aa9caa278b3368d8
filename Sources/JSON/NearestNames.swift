/// Guesses which known name someone meant.
package enum NearestNames {
  /// The known names near to `name`, nearest first, at most `limit` of them and only those as near
  /// as the nearest, within one step.
  ///
  /// Near is: the same but for case and punctuation; beginning with the other, or containing it, from
  /// three characters on; or an edit distance of at most a third of the length.
  ///
  /// Complexity: O(known · length²), with names cut off at 64 characters.
  package static func to(
    _ name: String, among known: some Sequence<String>, limit: Int = 3
  ) -> [String] {
    let wanted = folded(name)
    guard !wanted.isEmpty else { return [] }
    var near: [(distance: Int, name: String)] = []
    for candidate in known {
      if let distance = distance(wanted, folded(candidate)) { near.append((distance, candidate)) }
    }
    near.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let best = near.first?.distance else { return [] }
    return near.prefix(limit).prefix { $0.distance <= best + 1 }.map(\.name)
  }

  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int? {
    if a == b { return 0 }
    if min(a.count, b.count) >= 3, contains(a, b) || contains(b, a) { return 1 }
    let edits = editDistance(a, b)
    return edits <= max(1, min(max(a.count, b.count) / 3, a.count - 1)) ? 1 + edits : nil
  }

  /// Letters in lower case and digits; other ASCII characters left out.
  private static func folded(_ name: String) -> [UInt8] {
    var result: [UInt8] = []
    for byte in name.utf8.prefix(64) {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): result.append(byte | 0x20)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
        result.append(byte)
      default: break
      }
    }
    return result
  }

  private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    guard part.count <= text.count else { return false }
    return (0...text.count - part.count).contains { text[$0...].starts(with: part) }
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`
  /// (optimal string alignment).
  static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var best = min(last[j] + 1, row[j - 1] + 1, substitution)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, beforeLast[j - 2] + 1)
        }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
