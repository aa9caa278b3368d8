extension AcceleratorCatalogue {
  /// Ids that someone may have meant by an unknown name, likeliest first.
  ///
  /// The fewest edits that turn the shorter name into a part of the longer one, then the fewest that
  /// make them equal; names of which more than a third would have to be rewritten are left out.
  package func suggestions(for name: String, limit: Int = 3) -> [String] {
    // Names come from requests: a long one is not worth a long comparison.
    let wanted = Array(Self.withoutBrands(Self.normalised(String(name.prefix(64)))).utf8)
    guard !wanted.isEmpty else { return [] }
    var ranked: [(part: Int, whole: Int, id: String)] = []
    for entry in entries {
      for candidate in [entry.id] + entry.aliases {
        let known = Array(Self.normalised(candidate).utf8)
        let (short, long) = wanted.count <= known.count ? (wanted, known) : (known, wanted)
        let part = editDistance(short, long, anywhere: true)
        guard part * 3 <= short.count else { continue }
        ranked.append((part, editDistance(short, long, anywhere: false), entry.id))
      }
    }
    var seen = Set<String>()
    return ranked.sorted { $0 < $1 }.map(\.id).filter { seen.insert($0).inserted }.prefix(limit)
      .map(\.self)
  }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (Damerau's
/// distance, restricted), or into some part of `b`. O(|a|·|b|) time, O(|b|) memory.
func editDistance(_ a: [UInt8], _ b: [UInt8], anywhere: Bool) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = anywhere ? beforeLast : Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in b.indices {
      var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      row.append(cost)
    }
    beforeLast = last
    last = row
  }
  return anywhere ? last.min()! : last[b.count]
}
