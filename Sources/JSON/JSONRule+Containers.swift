/// An array whose elements all meet one rule.
package struct JSONListRule<Element: JSONRule>: JSONRule {
  package let element: Element
  package let counts: ClosedRange<Int>

  package var expectation: String {
    switch (counts.lowerBound, counts.upperBound) {
    case (0, .max): "an array, each element \(element.expectation)"
    case (let low, let high) where low == high:
      "an array of \(low), each \(element.expectation)"
    case (let low, .max): "an array of at least \(low), each \(element.expectation)"
    case (let low, let high): "an array of \(low) to \(high), each \(element.expectation)"
    }
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> [Element.Value]? {
    guard value.kind == .array, counts.contains(value.count) else { return refuse(value, log) }
    var list: [Element.Value] = []
    list.reserveCapacity(min(value.count, 1024))
    var isSound = true
    for item in value.elements {
      if let read = element.read(item, log) { list.append(read) } else { isSound = false }
    }
    return isSound ? list : nil
  }
}

/// A value, or an array of at least one such value.
package struct JSONOneOrMoreRule<Element: JSONRule>: JSONRule {
  package let element: Element
  package let maximumCount: Int

  package var expectation: String { element.expectation + ", or an array of such" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> [Element.Value]? {
    guard value.kind == .array else { return element.read(value, log).map { [$0] } }
    return JSONListRule(element: element, counts: 1...maximumCount).read(value, log)
  }
}

/// An object with names of the sender's choosing, whose values all meet one rule.
package struct JSONMapRule<Element: JSONRule>: JSONRule {
  package let element: Element

  package var expectation: String { "an object, each member \(element.expectation)" }

  package func read(
    _ value: JSONValue, _ log: JSONFaultLog
  ) -> [(name: String, value: Element.Value)]? {
    guard value.kind == .object else { return refuse(value, log) }
    var map: [(name: String, value: Element.Value)] = []
    var isSound = true
    for (name, member) in value.members {
      if let read = element.read(member, log) {
        map.append((name, read))
      } else {
        isSound = false
      }
    }
    return isSound ? map : nil
  }
}

/// An object whose members are known by name.
package struct JSONObjectRule<Object>: JSONRule {
  /// Members that are not read are no faults, and a member that is `null` counts as absent.
  package let isOpen: Bool
  package let content: @Sendable (inout JSONMemberReader) -> Object?

  package var expectation: String { "an object" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> Object? {
    guard value.kind == .object else { return refuse(value, log) }
    var members = JSONMemberReader(of: value, log, isOpen: isOpen)
    let object = content(&members)
    members.noteUnreadMembers()
    return object
  }
}

extension JSONRule {
  package static func list<Element>(
    of element: Element, counts: ClosedRange<Int> = 0...Int.max
  ) -> Self where Self == JSONListRule<Element> {
    Self(element: element, counts: counts)
  }

  package static func oneOrMore<Element>(
    of element: Element, max: Int = .max
  ) -> Self where Self == JSONOneOrMoreRule<Element> {
    Self(element: element, maximumCount: max)
  }

  package static func map<Element>(of element: Element) -> Self
  where Self == JSONMapRule<Element> {
    Self(element: element)
  }

  /// An object with the members that `content` reads and no others. `content` answers `nil` only
  /// after a fault was noted.
  package static func object<Object>(
    _ content: @escaping @Sendable (inout JSONMemberReader) -> Object?
  ) -> Self where Self == JSONObjectRule<Object> {
    Self(isOpen: false, content: content)
  }

  /// An object that may have members we do not know: a file of someone else's.
  package static func openObject<Object>(
    _ content: @escaping @Sendable (inout JSONMemberReader) -> Object?
  ) -> Self where Self == JSONObjectRule<Object> {
    Self(isOpen: true, content: content)
  }
}
