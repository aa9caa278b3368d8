/// Guesses which known name someone meant.
package enum NearestNames {
  /// The known names near to `name`, nearest first: at most `limit` of them, and only those that are
  /// as near to containing it (or being contained) as the nearest is.
  ///
  /// Names are compared without case and punctuation. One is near if at most a third of the shorter
  /// one's characters must be edited to make it a part of the longer one: `h100-smx` is near to
  /// `h100-sxm5-80gb`. Names of one or two characters must be equal but for one edit.
  ///
  /// Complexity: O(known · length²), with names cut off at 64 characters.
  package static func to(
    _ name: String, among known: some Sequence<String>, limit: Int = 3
  ) -> [String] {
    let wanted = folded(name)
    guard !wanted.isEmpty else { return [] }
    var near: [(part: Int, whole: Int, name: String)] = []
    for candidate in known {
      if let (part, whole) = distance(wanted, folded(candidate)) {
        near.append((part, whole, candidate))
      }
    }
    near.sort { ($0.part, $0.whole, $0.name) < ($1.part, $1.whole, $1.name) }
    guard let best = near.first?.part else { return [] }
    return near.prefix(limit).prefix { $0.part == best }.map(\.name)
  }

  /// The edits that make the shorter name a part of the longer, and those that make them equal; nil
  /// if the names are not near.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> (part: Int, whole: Int)? {
    let (short, long) = a.count <= b.count ? (a, b) : (b, a)
    let whole = editDistance(short, long)
    guard short.count >= 3 else { return whole <= 1 ? (whole, whole) : nil }
    let part = editDistance(short, long, toAnyPart: true)
    return part * 3 <= short.count ? (part, whole) : nil
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

  /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) that
  /// turn `a` into `b`, or into the part of `b` that takes fewest.
  static func editDistance(_ a: [UInt8], _ b: [UInt8], toAnyPart: Bool = false) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = toAnyPart ? beforeLast : Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in b.indices {
        let substitution = last[j] + (a[i] == b[j] ? 0 : 1)
        var best = min(last[j + 1] + 1, row[j] + 1, substitution)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return toAnyPart ? last.min() ?? 0 : last[b.count]
  }
}
