/// Reads the structure that header values share (RFC 9110, section 5.6): tokens, quoted strings,
/// parameters and optional whitespace.
struct HeaderReader {
  private let text: [UInt8]
  private var position = 0

  init(_ value: String) {
    text = Array(value.utf8)
    skipWhitespace()
  }

  var isAtEnd: Bool { position == text.count }

  /// Steps over a delimiter and the whitespace around it, if it comes next.
  mutating func pass(_ delimiter: Unicode.Scalar) -> Bool {
    guard position < text.count, text[position] == UInt8(ascii: delimiter) else { return false }
    position += 1
    skipWhitespace()
    return true
  }

  mutating func token() -> String? {
    let start = position
    while position < text.count, Self.isTokenByte(text[position]) { position += 1 }
    guard position > start else { return nil }
    let token = String(decoding: text[start..<position], as: UTF8.self)
    skipWhitespace()
    return token
  }

  /// `type/subtype` in lower case, either of which may be `*`.
  mutating func mediaRange() -> (type: String, subtype: String)? {
    guard let type = token(), pass("/"), let subtype = token() else { return nil }
    return (type.lowercased(), subtype.lowercased())
  }

  /// `name=value`, the name in lower case and the value without quotes.
  mutating func parameter() -> (name: String, value: String)? {
    guard let name = token(), pass("="), let value = token() ?? quotedString() else { return nil }
    return (name.lowercased(), value)
  }

  /// Goes to the next comma that is not within a quoted string.
  mutating func skipToComma() {
    while position < text.count, text[position] != UInt8(ascii: ",") {
      if quotedString() == nil { position += 1 }
    }
  }

  private mutating func quotedString() -> String? {
    guard position < text.count, text[position] == UInt8(ascii: "\"") else { return nil }
    var end = position + 1
    var content: [UInt8] = []
    while end < text.count, text[end] != UInt8(ascii: "\"") {
      if text[end] == UInt8(ascii: "\\"), end + 1 < text.count { end += 1 }
      content.append(text[end])
      end += 1
    }
    guard end < text.count else { return nil }
    position = end + 1
    skipWhitespace()
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func skipWhitespace() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x09 {
      position += 1
    }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
