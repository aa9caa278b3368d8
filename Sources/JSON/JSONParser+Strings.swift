extension JSONParser {
  /// Reads the string whose opening quote is at `position`.
  mutating func parseString() throws(JSONSyntaxError) {
    position += 1
    let start = position
    try passPlainText()
    if text[position] == UInt8(ascii: "\"") {
      let key = TextKey.of(slice(start..<position))
      tape.append(TapeEntry(.string, start: start, payload: key))
      position += 1
    } else {
      try parseEscapedString(from: start)
    }
  }

  /// Reads on from the first backslash of a string, writing its content to `unescaped`.
  private mutating func parseEscapedString(from start: Int) throws(JSONSyntaxError) {
    let home = unescaped.count
    unescaped.append(contentsOf: slice(start..<position))
    while !pass(UInt8(ascii: "\"")) {
      try parseEscape()
      let plain = position
      try passPlainText()
      unescaped.append(contentsOf: slice(plain..<position))
    }
    let key = unescaped.withUnsafeBufferPointer {
      TextKey.of(UnsafeBufferPointer(rebasing: $0[home...]))
    }
    tape.append(TapeEntry(.unescapedString, start: home, payload: key))
  }

  /// Advances to the string's next quote or backslash over valid UTF-8 without control characters.
  private mutating func passPlainText() throws(JSONSyntaxError) {
    while true {
      while position + 8 <= text.count {
        let special = specialBytes(at: position)
        guard special == 0 else {
          position += special.trailingZeroBitCount / 8
          break
        }
        position += 8
      }
      guard position < text.count else { throw failure("the text ends within a string") }
      switch text[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
      case 0..<0x20:
        throw failure("control characters in strings must be escaped, found \(found)")
      case 0x20..<0x80: position += 1
      default: try passMultibyteScalar()
      }
    }
  }

  /// For the eight bytes at `offset`: zero if none is a quote, a backslash, a control character or
  /// past ASCII; else the lowest bit set lies in the first of those. (Each term finds its own first
  /// byte exactly; borrows can only mark bytes after it.)
  private func specialBytes(at offset: Int) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let word = UInt64(
      littleEndian: UnsafeRawPointer(text.baseAddress! + offset).loadUnaligned(as: UInt64.self))
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let control = (word &- (ones &* 0x20)) & ~word
    let marks =
      ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | control | word
    return marks & (ones &* 0x80)
  }

  /// Steps over one scalar of two to four bytes (The Unicode Standard, table 3-7).
  private mutating func passMultibyteScalar() throws(JSONSyntaxError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch text[position] {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw failure("the text is not UTF-8: found \(found)")
    }
    guard position + length <= text.count, second.contains(text[position + 1]),
      (2..<length).allSatisfy({ text[position + $0] & 0xC0 == 0x80 })
    else { throw failure("the text is not UTF-8: a character of several bytes is broken off") }
    position += length
  }

  private mutating func parseEscape() throws(JSONSyntaxError) {
    let start = position
    position += 1
    guard position < text.count else { throw failure("the text ends within a string") }
    let letter = text[position]
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"): try parseUnicodeEscape(from: start)
    default:
      throw failure("no such escape; a backslash itself is written \\\\", at: start)
    }
  }

  /// Reads the digits after `\u`, and the second half of a surrogate pair.
  private mutating func parseUnicodeEscape(from start: Int) throws(JSONSyntaxError) {
    var code = try parseHexadecimalDigits(from: start)
    if (0xD800..<0xDC00).contains(code), position + 2 <= text.count,
      text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try parseHexadecimalDigits(from: position - 2)
      guard (0xDC00..<0xE000).contains(low) else {
        throw failure("half of a surrogate pair does not stand for a character", at: start)
      }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw failure("half of a surrogate pair does not stand for a character", at: start)
    }
    unescaped.append(contentsOf: UTF8.encode(scalar)!)
  }

  private mutating func parseHexadecimalDigits(
    from start: Int
  ) throws(JSONSyntaxError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard position < text.count else { throw failure("the text ends within a string") }
      let digit: UInt8
      switch text[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[position] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[position] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[position] - UInt8(ascii: "A") + 10
      default: throw failure("\\u takes four hexadecimal digits", at: start)
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
