extension JSONValue {
  /// An array's elements, in order.
  package struct Elements: Sequence, IteratorProtocol, Sendable {
    let document: JSONDocument
    var index: Int
    let end: Int
    package let underestimatedCount: Int

    package mutating func next() -> JSONValue? {
      guard index < end else { return nil }
      defer { index = document.index(after: index) }
      return JSONValue(document: document, index: index)
    }
  }

  /// An object's members, in the order they are written.
  package struct Members: Sequence, IteratorProtocol, Sendable {
    let document: JSONDocument
    var index: Int
    let end: Int
    package let underestimatedCount: Int

    package mutating func next() -> (name: String, value: JSONValue)? {
      guard let member = nextIndex() else { return nil }
      let value = JSONValue(document: document, index: member + 1)
      return (document.text(at: member), value)
    }

    /// Where the next member's name is; its value follows.
    mutating func nextIndex() -> Int? {
      guard index < end else { return nil }
      defer { index = document.index(after: index + 1) }
      return index
    }
  }

  package var elements: Elements {
    let isArray = entry.kind == .array
    return Elements(
      document: document, index: index + 1, end: isArray ? entry.end : index,
      underestimatedCount: isArray ? entry.count : 0)
  }

  package var members: Members {
    let isObject = entry.kind == .object
    return Members(
      document: document, index: index + 1, end: isObject ? entry.end : index,
      underestimatedCount: isObject ? entry.count : 0)
  }

  /// The member of an object by its name. Complexity: O(members).
  package subscript(name: String) -> JSONValue? {
    name.withBytes { member($0)?.value }
  }

  /// The element of an array by its position. Complexity: O(`position`).
  package subscript(position: Int) -> JSONValue? {
    guard position >= 0, position < elements.underestimatedCount else { return nil }
    return elements.dropFirst(position).first { _ in true }
  }

  /// The value of the member of that name, and which of the members it is.
  func member(_ name: UnsafeBufferPointer<UInt8>) -> (ordinal: Int, value: JSONValue)? {
    let key = TextKey.of(name)
    var members = self.members
    var ordinal = 0
    while let index = members.nextIndex() {
      if document.isText(at: index, key, name) {
        return (ordinal, JSONValue(document: document, index: index + 1))
      }
      ordinal += 1
    }
    return nil
  }
}
