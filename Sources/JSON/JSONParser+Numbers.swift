extension JSONParser {
  /// Longer literals are refused: no number needs them, and converting one takes time.
  static let numberLengthLimit = 1024

  /// A number's digits as they were read.
  private struct Digits {
    /// The first 19 significant digits.
    var mantissa: UInt64 = 0
    /// Digits from the first that is not zero.
    var significant = 0
    /// Digits after the point.
    var scale = 0

    mutating func append(_ digit: UInt8) {
      guard significant > 0 || digit > 0 else { return }
      significant += 1
      if significant <= 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
    }
  }

  /// Reads the number at `position`. Integers that fit `Int` are kept exactly; other numbers whose
  /// nearest `Double` one rounded operation finds (Clinger 1990) are converted now, and the rest when
  /// they are asked for.
  mutating func parseNumber() throws(JSONSyntaxError) {
    if !parseShortInteger() { try parseAnyNumber() }
  }

  /// Reads a whole number of up to 18 digits, which most numbers are; else stays where it is.
  private mutating func parseShortInteger() -> Bool {
    let start = position
    let isNegative = text[start] == UInt8(ascii: "-")
    let first = isNegative ? start + 1 : start
    let limit = min(text.count, first + 18)
    var next = first
    var value = 0
    while next < limit {
      let digit = text[next] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      value = value &* 10 &+ Int(digit)
      next += 1
    }
    guard next > first, next == first + 1 || text[first] != UInt8(ascii: "0"),
      next == text.count || !JSONNumber.isDigitOrSign(text[next])
    else { return false }
    let bits = UInt64(bitPattern: Int64(isNegative ? -value : value))
    tape.append(TapeEntry(.integer, start: start, payload: bits))
    position = next
    return true
  }

  private mutating func parseAnyNumber() throws(JSONSyntaxError) {
    let start = position
    let isNegative = pass(UInt8(ascii: "-"))
    var digits = Digits()
    let leadsWithZero = position < text.count && text[position] == UInt8(ascii: "0")
    let whole = try parseDigits(into: &digits)
    guard !leadsWithZero || whole == 1 else {
      throw failure("numbers do not start with 0 and a digit", at: start)
    }
    var isInteger = true
    if pass(UInt8(ascii: ".")) {
      digits.scale = try parseDigits(into: &digits)
      isInteger = false
    }
    var exponent = 0
    if pass(UInt8(ascii: "e")) || pass(UInt8(ascii: "E")) {
      exponent = try parseExponent()
      isInteger = false
    }
    guard position - start <= Self.numberLengthLimit else {
      throw failure(
        "a number is written with more than \(Self.numberLengthLimit) characters", at: start)
    }
    if isInteger, let value = Self.integer(digits, isNegative: isNegative) {
      let bits = UInt64(bitPattern: Int64(value))
      tape.append(TapeEntry(.integer, start: start, payload: bits))
    } else {
      try appendDouble(digits, exponent: exponent, isNegative: isNegative, start: start)
    }
  }

  @inline(__always)
  private mutating func parseDigits(into digits: inout Digits) throws(JSONSyntaxError) -> Int {
    var next = position
    while next < text.count {
      let digit = text[next] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      digits.append(digit)
      next += 1
    }
    guard next > position else { throw failure("expected a digit, found \(found)") }
    defer { position = next }
    return next - position
  }

  /// The exponent after its letter, no further from zero than what decides any number.
  private mutating func parseExponent() throws(JSONSyntaxError) -> Int {
    let isNegative = pass(UInt8(ascii: "-"))
    if !isNegative { _ = pass(UInt8(ascii: "+")) }
    let start = position
    var exponent = 0
    while position < text.count {
      let digit = text[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      exponent = min(exponent * 10 + Int(digit), 1_000_000)
      position += 1
    }
    guard position > start else { throw failure("expected a digit, found \(found)") }
    return isNegative ? -exponent : exponent
  }

  private static func integer(_ digits: Digits, isNegative: Bool) -> Int? {
    guard digits.significant <= 19 else { return nil }
    if digits.mantissa <= UInt64(Int.max) {
      let magnitude = Int(digits.mantissa)
      return isNegative ? -magnitude : magnitude
    }
    return isNegative && digits.mantissa == UInt64(Int.max) + 1 ? Int.min : nil
  }

  private mutating func appendDouble(
    _ digits: Digits, exponent: Int, isNegative: Bool, start: Int
  ) throws(JSONSyntaxError) {
    let power = exponent - digits.scale
    if digits.significant <= 19, digits.mantissa <= 1 << 53,
      digits.mantissa == 0 || abs(power) < Self.powersOfTen.count
    {
      var value = Double(digits.mantissa)
      if digits.mantissa > 0 {
        let scale = Self.powersOfTen[abs(power)]
        value = power < 0 ? value / scale : value * scale
      }
      if isNegative { value.negate() }
      tape.append(TapeEntry(.double, start: start, payload: value.bitPattern))
      return
    }
    // The decimal exponent of the leading digit decides all but the numbers near the largest.
    let magnitude = digits.significant - 1 + power
    let literal = slice(start..<position)
    guard magnitude < 308 || magnitude == 308 && JSONNumber.double(literal).isFinite else {
      throw failure("the number is too large: numbers reach 1.797e308", at: start)
    }
    tape.append(TapeEntry(.decimal, start: start, payload: UInt64(literal.count)))
  }

  /// The powers of ten that a `Double` holds exactly.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}

enum JSONNumber {
  /// The `Double` nearest to a valid literal.
  static func double(_ literal: UnsafeBufferPointer<UInt8>) -> Double {
    guard let value = Double(String(decoding: literal, as: UTF8.self)) else {
      preconditionFailure("every JSON number is a Swift number")
    }
    return value
  }

  /// The number as an `Int`, if it is whole and within `limit`, itself at most 2^63, of zero.
  static func whole(_ number: Double, below limit: Double) -> Int? {
    guard abs(number) < limit else { return nil }
    let whole = Int(number)
    return Double(whole) == number ? whole : nil
  }

  static func isDigitOrSign(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}
