/// A request target taken apart (RFC 9112, section 3.2).
struct RequestTarget {
  /// Escapes decoded.
  var path: String
  /// As written.
  var query: String?

  /// Accepts the origin form, the absolute form and, for OPTIONS, `*`.
  /// - Throws: what is wrong with it. NUL is refused written plainly or as `%00`, and so is any other
  ///   control character: a C string would end there, and a log line break.
  init(_ raw: String, method: HTTPMethod) throws(Refused) {
    if Self.isPlainPath(raw) {
      (path, query) = (raw, nil)
      return
    }
    let bytes = raw.utf8
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw Refused(.invalidTarget, "The request target holds a byte that no URI may hold.")
    }
    if raw == "*", method == .options {
      (path, query) = ("*", nil)
      return
    }
    let local = try Self.withoutAuthority(bytes[...])
    let mark = local.firstIndex(of: UInt8(ascii: "?")) ?? local.endIndex
    guard let decoded = percentDecoded(local[..<mark]) else {
      throw Refused(.invalidTarget, "The path holds a % without two hexadecimal digits.")
    }
    guard decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw Refused(.invalidTarget, "The path holds an escaped control character.")
    }
    guard let path = String(validating: decoded, as: UTF8.self) else {
      throw Refused(.invalidTarget, "The path's escapes are not UTF-8.")
    }
    self.path = path
    query = mark < local.endIndex ? String(local[local.index(after: mark)...]) : nil
  }

  /// Whether the target is a path in which nothing is escaped, and no more.
  private static func isPlainPath(_ raw: String) -> Bool {
    var raw = raw
    return raw.withUTF8 { bytes in
      bytes.first == UInt8(ascii: "/")
        && bytes.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: "?"): false
          default: byte > 0x20 && byte < 0x7F
          }
        }
    }
  }

  /// `http://host/path` -> `/path`.
  private static func withoutAuthority(
    _ target: Substring.UTF8View
  ) throws(Refused) -> Substring.UTF8View {
    if target.first == UInt8(ascii: "/") { return target }
    let text = Substring(target)
    for scheme in ["http://", "https://"]
    where equalIgnoringCase(String(text.prefix(scheme.count)), scheme) {
      let authority = text.dropFirst(scheme.count)
      guard let end = authority.firstIndex(where: { $0 == "/" || $0 == "?" }) else {
        return "/".utf8[...]
      }
      let rest = authority[end...]
      return rest.first == "/" ? rest.utf8 : ("/" + rest).utf8[...]
    }
    throw Refused(.invalidTarget, "The request target does not begin with /.")
  }
}

/// A refusal with its sentence.
struct Refused: Error {
  var refusal: HTTPRefusal
  var detail: String

  init(_ refusal: HTTPRefusal, _ detail: String) {
    self.refusal = refusal
    self.detail = detail
  }
}
