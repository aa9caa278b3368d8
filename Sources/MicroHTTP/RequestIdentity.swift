import Synchronization

/// Makes and checks what a request is known by.
enum RequestIdentity {
  /// An id that a caller sent, when it can stand in a header and a log line as it is:
  /// 1...128 letters, digits and `-_.:/+=@`.
  static func isUsable(_ id: String) -> Bool {
    (1...128).contains(id.utf8.count) && id.utf8.allSatisfy(isIdentityByte)
  }

  /// Thirteen digits in base 32 (RFC 4648, section 7, in lower case), never the same twice in a
  /// process: a mixed counter from a random start (the finaliser of SplitMix64, a bijection; Steele,
  /// Lea and Flood 2014). So few that the string needs no memory of its own.
  static func make() -> String {
    var word = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    word ^= word >> 31
    return String(unsafeUninitializedCapacity: 13) { digits in
      for position in 0..<13 {
        let digit = UInt8(truncatingIfNeeded: word >> (60 - 5 * UInt64(position))) & 31
        digits[position] = digit < 10 ? digit + UInt8(ascii: "0") : digit + UInt8(ascii: "a") - 10
      }
      return 13
    }
  }

  private static let counter = Atomic<UInt64>(.random(in: .min ... .max))

  private static func isIdentityByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"),
      UInt8(ascii: "="), UInt8(ascii: "@"):
      true
    default: false
    }
  }

  /// Whether a `traceparent` is well formed (W3C Trace Context, section 3.2): version `00` has four
  /// parts of 2, 32, 16 and 2 lower-case hexadecimal digits; later versions may go on; `ff`, an
  /// all-zero trace and an all-zero parent are invalid.
  static func isTraceparent(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      isLowerHexadecimal(bytes[0..<2]), isLowerHexadecimal(bytes[3..<35]),
      isLowerHexadecimal(bytes[36..<52]), isLowerHexadecimal(bytes[53..<55])
    else { return false }
    let isZeroVersion = bytes[0..<2].allSatisfy { $0 == zero }
    if bytes.count > 55, isZeroVersion || bytes[55] != dash || bytes.count > 256 { return false }
    return bytes[0..<2].contains { $0 != UInt8(ascii: "f") }
      && bytes[3..<35].contains { $0 != zero } && bytes[36..<52].contains { $0 != zero }
  }

  private static let dash = UInt8(ascii: "-")
  private static let zero = UInt8(ascii: "0")

  private static func isLowerHexadecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy {
      $0 &- UInt8(ascii: "0") < 10 || $0 &- UInt8(ascii: "a") < 6
    }
  }
}
