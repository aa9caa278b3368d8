/// A string's length and four of its bytes in one word: strings whose keys differ are different, and
/// those whose keys agree are compared byte by byte.
enum TextKey {
  static func of(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let count = text.count
    guard count > 0 else { return 0 }
    let first = UInt64(text[0])
    let middle = UInt64(text[count / 2])
    let last = UInt64(text[count - 1])
    let beforeLast = UInt64(text[max(0, count - 2)])
    let sample = first | middle << 8 | beforeLast << 16 | last << 24
    return sample << 32 | UInt64(count)
  }

  static func areEqual(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    for i in 0..<a.count where a[i] != b[i] { return false }
    return true
  }

  static func precedes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    a.lexicographicallyPrecedes(b)
  }
}

extension StaticString {
  var bytes: UnsafeBufferPointer<UInt8> {
    precondition(hasPointerRepresentation, "names are literals of whole strings")
    return UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}

extension String {
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}
