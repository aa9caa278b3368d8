/// The bytes of a JSON text under construction, and how scalars are written.
struct JSONOutput {
  var bytes: [UInt8] = []

  mutating func append(_ word: StaticString) { bytes.append(contentsOf: word.bytes) }

  /// A string that needs no escapes.
  mutating func appendPlain(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: text)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func append(quoting text: String) {
    text.withBytes { append(quoting: $0) }
  }

  mutating func append(quoting text: UnsafeBufferPointer<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for i in 0..<text.count where Self.needsEscape(text[i]) {
      bytes.append(contentsOf: text[start..<i])
      appendEscape(text[i])
      start = i + 1
    }
    bytes.append(contentsOf: text[start...])
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func appendEscape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case UInt8(ascii: "\n"): append("\\n")
    case UInt8(ascii: "\r"): append("\\r")
    case UInt8(ascii: "\t"): append("\\t")
    default:
      append(byte < 0x10 ? "\\u000" : "\\u001")
      let digit = byte & 0xF
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  mutating func append(_ number: Int) {
    // Twenty characters hold every 64-bit integer; the digits come out last first.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = digits.count
      var rest = number.magnitude
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if number < 0 {
        start -= 1
        digits[start] = UInt8(ascii: "-")
      }
      bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
    }
  }

  mutating func append(_ number: Double) {
    precondition(number.isFinite, "JSON has no numbers that are not finite")
    if let whole = JSONNumber.whole(number, below: 0x1p53) {
      append(whole)
    } else {
      number.write(to: &self)
    }
  }
}

/// Lets the standard library write a number's shortest digits without a string in between.
extension JSONOutput: TextOutputStream {
  mutating func write(_ string: String) { bytes.append(contentsOf: string.utf8) }

  /// The standard library's own way to hand over ASCII, where it uses it; `write` does the same.
  mutating func _writeASCII(_ buffer: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: buffer)
  }
}
