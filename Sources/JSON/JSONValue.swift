/// A value within a parsed document.
///
/// Accessors answer `nil`, or a sequence without elements, for a value of another kind: they suit
/// texts whose odd parts do not matter. Where each must be told apart, and said to whoever sent the
/// text, a `JSONRule` reads the value.
package struct JSONValue: Sendable {
  package let document: JSONDocument
  /// Where the value stands on the document's tape.
  let index: Int

  package enum Kind: String, Hashable, Sendable {
    case null, boolean, number, string, array, object
  }

  package var kind: Kind {
    switch entry.kind {
    case .null: .null
    case .false, .true: .boolean
    case .integer, .double, .decimal: .number
    case .string, .unescapedString: .string
    case .array: .array
    case .object: .object
    }
  }

  package var isNull: Bool { entry.kind == .null }

  package var boolean: Bool? {
    switch entry.kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The number if it is whole, however it is written (`2`, `2.0`, `2e0`): exactly if it is written
  /// without fraction and exponent and fits an `Int`, and below 2^53 if not.
  package var integer: Int? {
    switch entry.kind {
    case .integer: return Int(Int64(bitPattern: entry.payload))
    case .double, .decimal: return JSONNumber.whole(double!, below: 0x1p53)
    default: return nil
    }
  }

  /// The nearest `Double`.
  package var double: Double? {
    switch entry.kind {
    case .integer: Double(Int64(bitPattern: entry.payload))
    case .double: Double(bitPattern: entry.payload)
    case .decimal: withLiteral(JSONNumber.double)
    default: nil
    }
  }

  /// The number is written without fraction and exponent.
  package var isIntegerLiteral: Bool {
    switch entry.kind {
    case .integer: true
    case .decimal:
      withLiteral { $0.allSatisfy { $0 == UInt8(ascii: "-") || $0 &- UInt8(ascii: "0") < 10 } }
    default: false
    }
  }

  package var string: String? { isString ? document.text(at: index) : nil }

  package func isString(_ text: String) -> Bool {
    isString && text.withBytes { document.isText(at: index, TextKey.of($0), $0) }
  }

  /// Elements of an array, members of an object; 0 for other kinds.
  package var count: Int {
    entry.kind == .array || entry.kind == .object ? entry.count : 0
  }

  /// The number as it is written.
  package var numberLiteral: String? {
    kind == .number ? withLiteral { String(decoding: $0, as: UTF8.self) } : nil
  }
}

extension JSONValue {
  var entry: TapeEntry { document.tape[index] }

  var isString: Bool { entry.kind == .string || entry.kind == .unescapedString }

  /// The characters of a number.
  func withLiteral<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let start = Int(entry.start)
    return document.source.withUnsafeBufferPointer { source in
      var end = start
      while end < source.count, JSONNumber.isDigitOrSign(source[end]) { end += 1 }
      return body(UnsafeBufferPointer(rebasing: source[start..<end]))
    }
  }
}
