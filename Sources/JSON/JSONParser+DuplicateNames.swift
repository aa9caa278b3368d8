extension JSONParser {
  /// Objects of up to this many members are checked pair by pair.
  private static let pairwiseLimit = 16

  /// Holds the names of the object at `object`, whose entries are complete, against each other.
  ///
  /// Complexity: O(m log m) comparisons for m members; no choice of names makes it worse.
  func refuseDuplicateNames(ofObjectAt object: Int) throws(JSONSyntaxError) {
    let count = tape[object].count
    guard count > 1 else { return }
    let duplicate =
      count <= Self.pairwiseLimit
      ? duplicateByPairs(in: object) : duplicateBySorting(in: object, count: count)
    guard let duplicate else { return }
    let name = withText(at: duplicate) { String(decoding: $0.prefix(64), as: UTF8.self) }
    throw failure(
      "the object has two members named \"\(name)\"", at: sourceOffset(ofNameAt: duplicate))
  }

  private func duplicateByPairs(in object: Int) -> Int? {
    let end = tape[object].end
    var name = index(after: object + 2)
    while name < end {
      let key = tape[name].payload
      var earlier = object + 1
      while earlier < name {
        if tape[earlier].payload == key, areSameText(earlier, name) { return name }
        earlier = index(after: earlier + 1)
      }
      name = index(after: name + 1)
    }
    return nil
  }

  private func duplicateBySorting(in object: Int, count: Int) -> Int? {
    var names: [Int] = []
    names.reserveCapacity(count)
    var name = object + 1
    while name < tape[object].end {
      names.append(name)
      name = index(after: name + 1)
    }
    names.sort { a, b in
      let (keyA, keyB) = (tape[a].payload, tape[b].payload)
      guard keyA == keyB else { return keyA < keyB }
      return withText(at: a) { first in withText(at: b) { TextKey.precedes(first, $0) } }
    }
    var duplicate: Int?
    for (a, b) in zip(names, names.dropFirst())
    where tape[a].payload == tape[b].payload && areSameText(a, b) {
      duplicate = min(duplicate ?? Int.max, max(a, b))
    }
    return duplicate
  }

  private func areSameText(_ a: Int, _ b: Int) -> Bool {
    withText(at: a) { first in withText(at: b) { TextKey.areEqual(first, $0) } }
  }

  private func index(after index: Int) -> Int {
    let entry = tape[index]
    return entry.kind == .array || entry.kind == .object ? entry.end : index + 1
  }

  private func withText<Result>(
    at index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let entry = tape[index]
    let start = Int(entry.start)
    let range = start..<start + entry.textLength
    guard entry.kind == .unescapedString else { return body(slice(range)) }
    return unescaped.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// Where the name's opening quote is. An unescaped name does not say where it came from; its value,
  /// which follows it, does if it is not another of those, and the object's end is near enough else.
  private func sourceOffset(ofNameAt index: Int) -> Int {
    if tape[index].kind == .string { return Int(tape[index].start) - 1 }
    if tape[index + 1].kind != .unescapedString { return Int(tape[index + 1].start) }
    return max(0, position - 1)
  }
}
