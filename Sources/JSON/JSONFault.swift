/// What is wrong with one value, as RFC 9457's `errors` members commonly say it.
package struct JSONFault: Hashable, Sendable, CustomStringConvertible {
  /// Where (RFC 6901). For a member that is missing, where it should be.
  package let pointer: String
  package let detail: String

  package init(pointer: String, detail: String) {
    self.pointer = pointer
    self.detail = detail
  }

  package var description: String { (pointer.isEmpty ? "(the whole)" : pointer) + ": " + detail }
}

/// All that is wrong with a document that is JSON.
package struct JSONFaults: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the document's order; never empty.
  package let list: [JSONFault]
  /// How many more there were than the log keeps.
  package let omitted: Int

  package init(_ list: [JSONFault], omitted: Int = 0) {
    precondition(!list.isEmpty, "a document without faults has no faults to report")
    self.list = list
    self.omitted = omitted
  }

  package var description: String { list.map(\.description).joined(separator: "\n") }
}

/// Collects the faults of one document while it is read.
///
/// Faults are noted by place and only given their pointers at the end, so that a document without
/// faults pays nothing for them.
package final class JSONFaultLog {
  package static let usualLimit = 1000
  /// All pointers of an answer take no more than this together.
  private static let pointerBytesLimit = 1 << 18

  package let document: JSONDocument
  private let limit: Int
  private var notes: [(place: Int, member: String?, detail: String)] = []
  private var omitted = 0

  package init(for document: JSONDocument, limit: Int = JSONFaultLog.usualLimit) {
    self.document = document
    self.limit = limit
  }

  package var count: Int { notes.count + omitted }
  package var isEmpty: Bool { notes.isEmpty }

  /// Notes that `value` is wrong; `detail` is a phrase that stands after the pointer.
  package func note(_ value: JSONValue, _ detail: @autoclosure () -> String) {
    note(value, member: nil, detail())
  }

  /// Notes that `member`, which `object` need not have, is wrong.
  package func note(
    _ object: JSONValue, member: String?, _ detail: @autoclosure () -> String
  ) {
    precondition(object.document === document, "a fault belongs to the document being read")
    guard notes.count < limit else {
      omitted += 1
      return
    }
    notes.append((object.index, member, detail()))
  }

  /// What was noted, or `nil` if nothing was.
  package var faults: JSONFaults? {
    guard !notes.isEmpty else { return nil }
    let ordered = notes.enumerated().sorted { a, b in
      (a.element.place, a.offset) < (b.element.place, b.offset)
    }.map(\.element)
    let pointers = document.pointers(to: ordered.map(\.place), limit: Self.pointerBytesLimit)
    let list = zip(ordered, pointers).map { note, pointer in
      JSONFault(
        pointer: pointer + (note.member.map { JSONPointer.token($0) } ?? ""), detail: note.detail)
    }
    return JSONFaults(list, omitted: count - list.count)
  }
}
