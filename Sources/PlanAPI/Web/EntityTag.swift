/// Names one state of a resource (RFC 9110, section 8.8.3).
enum EntityTag {
  /// A strong tag: the same bytes have the same tag.
  static func of(_ bytes: [UInt8]) -> String {
    tag(of: bytes[...])
  }

  /// The tag of a JSON answer, whatever its search took: equal plans have equal tags on every replica.
  static func ofAnswer(_ bytes: [UInt8]) -> String {
    guard let start = end(of: "\"search_seconds\":", in: bytes) else { return of(bytes) }
    let end = bytes[start...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") }
    return tag(of: bytes[..<start], bytes[(end ?? bytes.endIndex)...])
  }

  /// The index behind the first `text`. The standard library's `firstRange(of:)` takes longer than
  /// planning. Complexity: O(bytes) as long as the text's first byte seldom begins what resembles it.
  private static func end(of text: StaticString, in bytes: [UInt8]) -> Int? {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start + wanted.count <= bytes.count {
        if bytes[start] == wanted[0], bytes[start...].starts(with: wanted) {
          return start + wanted.count
        }
        start += 1
      }
      return nil
    }
  }

  /// Eight bytes at a time, each folded in by the halves of a product (as wyhash does, Wang Yi 2019).
  private static func tag(of parts: ArraySlice<UInt8>...) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func fold(_ word: UInt64) {
      let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
      hash = product.high ^ product.low
    }
    for part in parts {
      part.withUnsafeBytes { bytes in
        let whole = bytes.count / 8 * 8
        for start in stride(from: 0, to: whole, by: 8) {
          fold(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
        }
        fold(bytes[whole...].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        fold(UInt64(bytes.count))
      }
    }
    let digits = String(hash, radix: 16)
    return "\"" + String(repeating: "0", count: 16 - digits.count) + digits + "\""
  }

  /// One of the fields' tags is `tag`, or they say `*`. Weak comparison, as If-None-Match has it.
  static func matches(_ tag: String, ifNoneMatch fields: [String]) -> Bool {
    fields.contains { field in
      field.split(separator: ",").contains { item in
        let item = item.drop { $0 == " " || $0 == "\t" }
        let opaque = item.hasPrefix("W/") ? item.dropFirst(2) : item
        let end = opaque.lastIndex { $0 != " " && $0 != "\t" }.map { opaque.index(after: $0) }
        let trimmed = opaque[..<(end ?? opaque.startIndex)]
        return trimmed == "*" || trimmed == tag
      }
    }
  }
}
