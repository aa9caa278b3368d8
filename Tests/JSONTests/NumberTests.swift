import Foundation
import JSON
import Testing

@Suite struct NumberTests {
  func value(_ text: String) throws -> JSONValue { try JSONDocument(parsing: text).root }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("9007199254740993", 9_007_199_254_740_993),
    ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
  ])
  func keepsIntegersExactly(text: String, integer: Int) throws {
    let value = try value(text)
    #expect(value.integer == integer)
    #expect(value.isIntegerLiteral)
    #expect(value.double == Double(integer))
    #expect(value.numberLiteral == text)
  }

  @Test(arguments: [
    ("2.0", 2), ("1e3", 1000), ("-25e-1", nil), ("0.0", 0), ("1e15", 1_000_000_000_000_000),
    ("9007199254740991.0", 9_007_199_254_740_991), ("9007199254740992.0", nil), ("1e300", nil),
  ])
  func readsWholeNumbersHoweverWritten(text: String, integer: Int?) throws {
    let value = try value(text)
    #expect(value.integer == integer)
    #expect(!value.isIntegerLiteral)
  }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890",
  ])
  func hugeIntegersBecomeDoubles(text: String) throws {
    let value = try value(text)
    #expect(value.integer == nil)
    #expect(value.isIntegerLiteral)
    #expect(value.double == Double(text))
  }

  @Test(arguments: [
    "0.1", "1e22", "1e23", "9007199254740993e0", "5e-324", "2.2250738585072014e-308", "1e-400",
    "1.7976931348623157e308", "179769313486231570000e288", "0.000000000000000000000000000000001",
    "123456789.123456789123456789", "-0.0", "0e999999", "8.5e-7", "3.0000000000000000000000001",
    "2.2250738585072011e-308", "1090544144181609348671888949248.5", "9007199254740992.5",
  ])
  func readsTheNearestDouble(text: String) throws {
    let expected = try #require(Double(text))
    #expect(try value(text).double?.bitPattern == expected.bitPattern)
  }

  @Test func readsWhatTheStandardLibraryPrints() throws {
    var random = SplitMix(state: 42)
    for _ in 0..<20_000 {
      let number = Double(bitPattern: random.next())
      guard number.isFinite else { continue }
      #expect(try value("\(number)").double?.bitPattern == number.bitPattern)
      let short = Double(Int(truncatingIfNeeded: random.next()) >> 20) / 1e4
      #expect(try value("\(short)").double == short)
    }
  }

  @Test func bindsTheLengthOfLiterals() throws {
    let long = "0." + String(repeating: "1", count: 1022)
    #expect(try value(long).double == 0.1111111111111111)
    #expect(throws: JSONSyntaxError.self) { try value(long + "1") }
    #expect(throws: JSONSyntaxError.self) { try value(String(repeating: "1", count: 310)) }
  }
}

/// Steele, Lea and Flood 2014: a seeded generator, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
