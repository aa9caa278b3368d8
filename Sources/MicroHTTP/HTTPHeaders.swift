/// Header fields in the order they were sent; names compare without regard to case, and a name may
/// stand more than once.
package struct HTTPHeaders: Sendable {
  package struct Field: Sendable {
    package var name: String
    package var value: String
  }

  package private(set) var fields: [Field]

  package init() { fields = [] }

  package init(_ pairs: KeyValuePairs<String, String>) {
    fields = pairs.map { Field(name: $0.key, value: $0.value) }
  }

  /// The first value of `name`; setting replaces all of them, or removes them with nil.
  /// Complexity: O(fields).
  package subscript(name: String) -> String? {
    get { fields.first { equalIgnoringCase($0.name, name) }?.value }
    set {
      fields.removeAll { equalIgnoringCase($0.name, name) }
      if let newValue { append(name, newValue) }
    }
  }

  /// Every value of `name`, in order.
  package func values(_ name: String) -> [String] {
    fields.compactMap { equalIgnoringCase($0.name, name) ? $0.value : nil }
  }

  /// Adds a field without removing others of its name.
  package mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  mutating func reserveCapacity(_ count: Int) { fields.reserveCapacity(count) }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }
}

/// Whether two field names or tokens are the same (ASCII letters without regard to case).
func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
  let (left, right) = (left.utf8, right.utf8)
  guard left.count == right.count else { return false }
  return zip(left, right).allSatisfy { lowercased($0) == lowercased($1) }
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
  byte &- 0x41 < 26 ? byte | 0x20 : byte
}
