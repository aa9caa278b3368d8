/// Reads an object's members by name, keeps count of the names it was asked for, and so knows the
/// members that nobody asked for.
package struct JSONMemberReader {
  package let object: JSONValue
  package let log: JSONFaultLog
  private let isOpen: Bool
  private let faultsBefore: Int
  /// Every name that was asked for.
  private var names: [StaticString] = []
  /// Bit i stands for the object's member i, if that was asked for.
  private var readMembers: UInt64 = 0

  init(of object: JSONValue, _ log: JSONFaultLog, isOpen: Bool) {
    self.object = object
    self.log = log
    self.isOpen = isOpen
    faultsBefore = log.count
    names.reserveCapacity(isOpen ? 0 : 16)
  }

  /// No fault was noted since the reading of this object began.
  package var isSound: Bool { log.count == faultsBefore }

  /// The member as it is, if the object has it.
  package mutating func value(_ name: StaticString) -> JSONValue? {
    if !isOpen { names.append(name) }
    guard let (ordinal, value) = object.member(name.bytes) else { return nil }
    if ordinal < UInt64.bitWidth { readMembers |= 1 << UInt64(ordinal) }
    return isOpen && value.isNull ? nil : value
  }

  /// A member that must be there. `nil` after a fault was noted.
  package mutating func required<Rule: JSONRule>(
    _ name: StaticString, _ rule: Rule
  ) -> Rule.Value? {
    guard let value = value(name) else {
      note(name, JSONFaultSentence.missing(rule.expectation))
      return nil
    }
    return rule.read(value, log)
  }

  /// A member that may be left out. `nil` if it is, or after a fault was noted.
  package mutating func optional<Rule: JSONRule>(
    _ name: StaticString, _ rule: Rule
  ) -> Rule.Value? {
    value(name).flatMap { rule.read($0, log) }
  }

  /// A member that may be left out. `absent` if it is, or after a fault was noted.
  package mutating func optional<Rule: JSONRule>(
    _ name: StaticString, _ rule: Rule, absent: Rule.Value
  ) -> Rule.Value {
    optional(name, rule) ?? absent
  }

  /// Notes a fault of the whole object.
  package func note(_ detail: @autoclosure () -> String) {
    log.note(object, detail())
  }

  /// Notes a fault of one member, whether the object has it or not.
  package func note(_ name: StaticString, _ detail: @autoclosure () -> String) {
    if let (_, value) = object.member(name.bytes) {
      log.note(value, detail())
    } else {
      log.note(object, member: "\(name)", detail())
    }
  }

  /// Notes the members that were not asked for, unless the object is open.
  func noteUnreadMembers() {
    guard !isOpen, object.count > UInt64.bitWidth || readMembers.nonzeroBitCount < object.count
    else { return }
    var members = object.members
    while let index = members.nextIndex() {
      let isKnown = names.contains { name in
        object.document.isText(at: index, TextKey.of(name.bytes), name.bytes)
      }
      guard !isKnown else { continue }
      let name = object.document.text(at: index)
      log.note(
        JSONValue(document: object.document, index: index + 1),
        JSONFaultSentence.unknownMember(name, known: names.map { "\($0)" }))
    }
  }
}
