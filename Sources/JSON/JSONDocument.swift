/// A parsed JSON text: the text itself, and a flat tape with one entry a value.
///
/// A container's entry is followed by those of its content, and knows where they end; a member is
/// the entry of its name followed by those of its value. Nothing is copied out of the text but
/// strings with escapes. What is accepted is RFC 8259 in UTF-8 and no more, and of what the RFC
/// leaves open: names within an object differ, surrogates come in pairs, numbers are finite.
///
/// Memory: the text, at most 8 bytes of tape for each of its bytes, and its escaped strings.
package final class JSONDocument: Sendable {
  /// How deep containers may nest, where the caller does not say.
  package static let usualDepthLimit = 128

  package let source: [UInt8]
  /// The content of strings that were written with escapes, one after the other.
  let unescaped: [UInt8]
  let tape: [TapeEntry]

  /// Complexity: O(n log n) in the bytes for objects of many members, else O(n).
  package init(
    parsing source: [UInt8], depthLimit: Int = JSONDocument.usualDepthLimit
  ) throws(JSONSyntaxError) {
    let (tape, unescaped) = try Self.parse(source, depthLimit: depthLimit)
    self.source = source
    self.tape = tape
    self.unescaped = unescaped
  }

  package convenience init(
    parsing text: UnsafeBufferPointer<UInt8>, depthLimit: Int = JSONDocument.usualDepthLimit
  ) throws(JSONSyntaxError) {
    try self.init(parsing: Array(text), depthLimit: depthLimit)
  }

  package convenience init(parsing text: String) throws(JSONSyntaxError) {
    try self.init(parsing: Array(text.utf8))
  }

  package var root: JSONValue { JSONValue(document: self, index: 0) }

  private static func parse(
    _ source: [UInt8], depthLimit: Int
  ) throws(JSONSyntaxError) -> (tape: [TapeEntry], unescaped: [UInt8]) {
    let result = source.withUnsafeBufferPointer { text in
      Result { () throws(JSONSyntaxError) in
        var parser = JSONParser(text: text, depthLimit: depthLimit)
        try parser.parseDocument()
        return (parser.tape.tape, parser.unescaped)
      }
    }
    return try result.get()
  }
}

/// One value, or one member's name, on the tape: 16 bytes.
struct TapeEntry {
  enum Kind: UInt8 {
    case null
    case `false`
    case `true`
    /// `payload` is the value, an `Int`.
    case integer
    /// `payload` is the value's bit pattern.
    case double
    /// A finite number whose nearest `Double` is only computed when asked for.
    case decimal
    /// `start` is in the source; `payload` is a `TextKey`.
    case string
    /// `start` is in `unescaped`; `payload` is a `TextKey`.
    case unescapedString
    /// `payload` holds the count in its upper half and the index after the content in its lower.
    case array
    case object
  }

  var payload: UInt64
  /// Where the value starts in the source; for strings, where their content starts.
  var start: UInt32
  var kind: Kind

  init(_ kind: Kind, start: Int, payload: UInt64 = 0) {
    self.kind = kind
    self.start = UInt32(truncatingIfNeeded: start)
    self.payload = payload
  }

  var count: Int { Int(payload >> 32) }
  var end: Int { Int(payload & 0xffff_ffff) }
  var textLength: Int { Int(payload & 0xffff_ffff) }
}

extension JSONDocument {
  /// The index after the value at `index`, past all it contains.
  func index(after index: Int) -> Int {
    let entry = tape[index]
    return entry.kind == .array || entry.kind == .object ? entry.end : index + 1
  }

  /// The bytes of the string at `index`.
  func withText<Result>(at index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let entry = tape[index]
    let store = entry.kind == .unescapedString ? unescaped : source
    let start = Int(entry.start)
    return store.withUnsafeBufferPointer { text in
      body(UnsafeBufferPointer(rebasing: text[start..<start + entry.textLength]))
    }
  }

  func text(at index: Int) -> String {
    withText(at: index) { String(decoding: $0, as: UTF8.self) }
  }

  func isText(at index: Int, _ key: UInt64, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    tape[index].payload == key && withText(at: index) { TextKey.areEqual($0, bytes) }
  }
}
