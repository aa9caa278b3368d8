/// Reads a text once from left to right and writes the tape.
///
/// `text` is not bounds-checked in release builds: every read stands behind a comparison of
/// `position` with `text.count`. Containers recurse, so `depthLimit` bounds the stack.
struct JSONParser: ~Copyable {
  let text: UnsafeBufferPointer<UInt8>
  let depthLimit: Int
  var position = 0
  var depth = 0
  var tape: TapeBuilder
  var unescaped: [UInt8] = []

  init(text: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
    self.text = text
    self.depthLimit = depthLimit
    tape = TapeBuilder(capacity: min(text.count / 8, 1 << 16) + 16)
  }

  mutating func parseDocument() throws(JSONSyntaxError) {
    guard text.count <= Int(Int32.max) else {
      throw failure("the text is longer than 2 GiB", at: 0)
    }
    if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF {
      throw failure("the text starts with a byte order mark; send UTF-8 without one", at: 0)
    }
    skipWhitespace()
    guard position < text.count else { throw failure("the text is empty: a value is missing") }
    try parseValue()
    skipWhitespace()
    guard position == text.count else {
      throw failure("expected nothing more after the value, found \(found)")
    }
  }

  private mutating func parseValue() throws(JSONSyntaxError) {
    guard position < text.count else { throw failure("expected a value, found \(found)") }
    switch text[position] {
    case UInt8(ascii: "\""): try parseString()
    case UInt8(ascii: "{"): try parseObject()
    case UInt8(ascii: "["): try parseArray()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
    case UInt8(ascii: "t"): try parse("true", as: .true)
    case UInt8(ascii: "f"): try parse("false", as: .false)
    case UInt8(ascii: "n"): try parse("null", as: .null)
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      throw failure("expected a value, found \(found): is there a comma too many?")
    default: throw failure("expected a value, found \(found)")
    }
  }

  private mutating func parse(
    _ word: StaticString, as kind: TapeEntry.Kind
  ) throws(JSONSyntaxError) {
    let letters = word.bytes
    let end = position + letters.count
    guard end <= text.count, TextKey.areEqual(letters, slice(position..<end)) else {
      throw failure("expected a value, found \(found)")
    }
    tape.append(TapeEntry(kind, start: position))
    position = end
  }

  private mutating func parseArray() throws(JSONSyntaxError) {
    let index = try openContainer(.array)
    var count = 0
    if !pass(UInt8(ascii: "]")) {
      repeat {
        skipWhitespace()
        try parseValue()
        count += 1
        skipWhitespace()
      } while pass(UInt8(ascii: ","))
      guard pass(UInt8(ascii: "]")) else {
        throw failure("expected a comma or the end of the array, found \(found)")
      }
    }
    closeContainer(index, count: count)
  }

  private mutating func parseObject() throws(JSONSyntaxError) {
    let index = try openContainer(.object)
    var count = 0
    if !pass(UInt8(ascii: "}")) {
      repeat {
        skipWhitespace()
        try parseMember()
        count += 1
        skipWhitespace()
      } while pass(UInt8(ascii: ","))
      guard pass(UInt8(ascii: "}")) else {
        throw failure("expected a comma or the end of the object, found \(found)")
      }
    }
    closeContainer(index, count: count)
    try refuseDuplicateNames(ofObjectAt: index)
  }

  private mutating func parseMember() throws(JSONSyntaxError) {
    guard position < text.count, text[position] == UInt8(ascii: "\"") else {
      let hint = found == "}" ? ": is there a comma too many?" : ""
      throw failure("expected a member's name in double quotes, found \(found)\(hint)")
    }
    try parseString()
    skipWhitespace()
    guard pass(UInt8(ascii: ":")) else {
      throw failure("expected a colon after the member's name, found \(found)")
    }
    skipWhitespace()
    try parseValue()
  }

  private mutating func openContainer(
    _ kind: TapeEntry.Kind
  ) throws(JSONSyntaxError) -> Int {
    guard depth < depthLimit else {
      throw failure("nested deeper than \(depthLimit) levels")
    }
    depth += 1
    let index = tape.count
    tape.append(TapeEntry(kind, start: position))
    position += 1
    skipWhitespace()
    return index
  }

  private mutating func closeContainer(_ index: Int, count: Int) {
    depth -= 1
    tape[index].payload = UInt64(count) << 32 | UInt64(tape.count)
  }
}

extension JSONParser {
  @inline(__always)
  mutating func skipWhitespace() {
    guard position < text.count, text[position] <= UInt8(ascii: " ") else { return }
    skipMoreWhitespace()
  }

  private mutating func skipMoreWhitespace() {
    var next = position
    loop: while next < text.count {
      switch text[next] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): next += 1
      default: break loop
      }
    }
    position = next
  }

  /// Steps over `byte` if it comes next.
  @inline(__always)
  mutating func pass(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: text[range])
  }

  func failure(_ message: String, at offset: Int? = nil) -> JSONSyntaxError {
    JSONSyntaxError(message, at: offset ?? position, in: text)
  }

  /// What stands at `position`, for people.
  var found: String {
    guard position < text.count else { return "the end of the text" }
    let byte = text[position]
    guard byte > 0x20, byte < 0x7F else {
      let digits = String(byte, radix: 16, uppercase: true)
      return "the byte 0x" + (digits.count < 2 ? "0" : "") + digits
    }
    var end = position
    while end < text.count, end - position < 16, Self.isWordByte(text[end]) { end += 1 }
    let word = String(decoding: slice(position..<max(end, position + 1)), as: UTF8.self)
    switch word {
    case "NaN", "nan", "Infinity", "inf", "Inf": return word + " (JSON has finite numbers only)"
    default: return word
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
