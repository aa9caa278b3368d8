/// JSON Pointers (RFC 6901): where a value stands in its document.
enum JSONPointer {
  /// One step of a pointer, with `~` and `/` escaped.
  static func token(_ name: some StringProtocol) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
      return "/" + name
    }
    var token = "/"
    for scalar in name.unicodeScalars {
      switch scalar {
      case "~": token += "~0"
      case "/": token += "~1"
      default: token.unicodeScalars.append(scalar)
      }
    }
    return token
  }
}

extension JSONValue {
  /// The value's pointer from the document's root, which is "". Complexity: O(tape).
  package var pointer: String { document.pointers(to: [index])[0] }

  /// The value that a pointer leads to, if there is one. (Bytes are compared: to a `String`, a slash
  /// and an accent after it are one character, and two spellings of an accented letter are equal.)
  package func value(at pointer: String) -> JSONValue? {
    var value = self
    let slash = UInt8(ascii: "/")
    guard pointer.utf8.first ?? slash == slash else { return nil }
    let tokens = pointer.utf8.split(separator: slash, omittingEmptySubsequences: false)
    for token in tokens.dropFirst() {
      guard let next = value.child(Substring(token)) else { return nil }
      value = next
    }
    return value
  }

  private func child(_ token: Substring) -> JSONValue? {
    switch kind {
    case .object:
      return members.first {
        JSONPointer.token($0.name).utf8.dropFirst().elementsEqual(token.utf8)
      }?.value
    case .array:
      guard let position = Int(token), String(position) == token else { return nil }
      return self[position]
    case .null, .boolean, .number, .string: return nil
    }
  }
}

extension JSONDocument {
  /// The pointers to values, which are given by their places on the tape in ascending order: to all
  /// of them, or to as many as do not take more than `limit` bytes together, and one at least. (A
  /// value within many long names has a pointer longer than itself.)
  ///
  /// Complexity: O(tape + pointers), whatever the nesting.
  func pointers(to targets: [Int], limit: Int = .max) -> [String] {
    var pointers: [String] = []
    pointers.reserveCapacity(targets.count)
    var next = 0
    var room = limit
    describe(0, "", targets, &next, &room, &pointers)
    return pointers
  }

  /// Appends the pointers of the targets at `index` and within it; `next` is the first left.
  private func describe(
    _ index: Int, _ pointer: String, _ targets: [Int], _ next: inout Int, _ room: inout Int,
    _ pointers: inout [String]
  ) {
    while next < targets.count, targets[next] == index {
      room -= pointer.utf8.count
      guard room >= 0 || pointers.isEmpty else {
        next = targets.count
        return
      }
      pointers.append(pointer)
      next += 1
    }
    let entry = tape[index]
    guard entry.kind == .array || entry.kind == .object else { return }
    let isObject = entry.kind == .object
    var child = index + 1
    var position = 0
    while child < entry.end, next < targets.count, targets[next] < entry.end {
      let value = isObject ? child + 1 : child
      let after = self.index(after: value)
      if targets[next] < after {
        let token = isObject ? JSONPointer.token(text(at: child)) : "/\(position)"
        describe(value, pointer + token, targets, &next, &room, &pointers)
      }
      child = after
      position += 1
    }
  }
}
