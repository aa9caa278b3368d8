import CMicroHTTPD
import Glibc

/// The head of a request, checked for what libmicrohttpd lets through.
struct RequestHead {
  /// Without its body.
  var request: HTTPRequest
  /// What the body's length is declared to be; nil for a chunked body.
  var contentLength: UInt64?
  var isChunked: Bool { contentLength == nil }

  /// Reads what the library hands to the access handler's first call.
  /// - Parameter rawTarget: the target as the request line had it.
  /// - Throws: the first fault found.
  init(
    connection: OpaquePointer, rawTarget: String, method: UnsafePointer<CChar>,
    url: UnsafePointer<CChar>, version: UnsafePointer<CChar>, remoteAddress: String
  ) throws(Refused) {
    var lines = HeaderLines(
      after: version, checkingLayout: HeadLayout.isKnown)
    withUnsafeMutablePointer(to: &lines) { lines in
      _ = MHD_get_connection_values_n(connection, .HEADER_KIND, readHeaderLine, lines)
    }
    let layout = HeadLayout(
      method: method, url: url, version: version, targetLength: rawTarget.utf8.count,
      size: shim_head_size(connection))
    guard lines.fault == nil, !HeadLayout.isKnown || layout.fits(lastLine: lines.expected) else {
      throw Refused(.malformedHead, (lines.fault ?? .lineEnd).rawValue)
    }
    let name = UnsafeBufferPointer(start: method, count: strlen(method))
    guard !name.isEmpty, name.allSatisfy({ isTokenByte(UInt8(bitPattern: $0)) }) else {
      throw Refused(.malformedHead, HeaderLines.Fault.name.rawValue)
    }
    let method = HTTPMethod(cString: method)
    let isHTTP11 = strcmp(version, "HTTP/1.0") != 0
    contentLength = try lines.bodyLength(isHTTP11: isHTTP11)
    try lines.checkHost(isHTTP11: isHTTP11)
    try lines.checkExpectation()
    let target = try RequestTarget(rawTarget, method: method)
    let (id, trace) = (lines.headers["X-Request-Id"], lines.headers["traceparent"])
    request = HTTPRequest(
      id: id.flatMap { RequestIdentity.isUsable($0) ? $0 : nil } ?? RequestIdentity.make(),
      method: method, path: target.path, query: target.query, rawTarget: rawTarget,
      headers: lines.headers, remoteAddress: remoteAddress,
      traceparent: trace.flatMap { RequestIdentity.isTraceparent($0) ? $0 : nil })
  }
}

/// Where the parts of a head lie in libmicrohttpd's buffer. Its 0.9.75 parser writes zeros over the
/// separators and otherwise leaves the bytes where they came, so that every byte can be accounted
/// for: a line that ended in a bare LF, was folded, or held a NUL leaves a gap.
struct HeadLayout {
  var method: UnsafePointer<CChar>
  var url: UnsafePointer<CChar>
  var version: UnsafePointer<CChar>
  var targetLength: Int
  /// From the method to the end of the blank line.
  var size: Int

  /// Whether the library at run time is one whose buffer was studied. Later ones (1.0 and on)
  /// refuse these heads themselves.
  static let isKnown = String(cString: MHD_get_version()).hasPrefix("0.9.7")

  /// Whether the head is its request line, the header lines up to `lastLine`, a CR LF, and nothing
  /// else.
  func fits(lastLine: UnsafePointer<CChar>) -> Bool {
    url == method + strlen(method) + 1
      && version == url + targetLength + 1
      && lastLine + 2 == method + size
  }
}

/// The header lines of a request, gathered one by one.
struct HeaderLines {
  enum Fault: String {
    case lineEnd = "A line of the head is folded, holds a NUL, or does not end in CR LF."
    case name = "A name in the head is not a token."
    case value = "A header value holds a control character."
  }

  private(set) var headers = HTTPHeaders()
  private(set) var fault: Fault?
  /// Where the next line has to begin.
  private(set) var expected: UnsafePointer<CChar>
  private let isCheckingLayout: Bool
  private var lengths = Values()
  private var encodings = Values()
  private var hosts = 0
  private var isHostValid = true
  private var isExpectationKnown = true

  /// The values of one name: the first, and how many there are.
  private struct Values {
    private(set) var first: String?
    private(set) var count = 0

    mutating func append(_ value: String) {
      if count == 0 { first = value }
      count += 1
    }
  }

  init(after version: UnsafePointer<CChar>, checkingLayout: Bool) {
    expected = version + strlen(version) + 2
    isCheckingLayout = checkingLayout
    headers.reserveCapacity(8)
  }

  mutating func append(name: UnsafeBufferPointer<CChar>, value: UnsafeBufferPointer<CChar>) {
    guard let nameStart = name.baseAddress, let valueStart = value.baseAddress else {
      fault = fault ?? .name
      return
    }
    if isCheckingLayout {
      guard isInPlace(nameStart, name.count, valueStart) else {
        fault = fault ?? .lineEnd
        return
      }
      expected = valueStart + value.count + 2
      if valueStart[value.count] != 0 || valueStart[value.count + 1] != 0 {
        fault = fault ?? .lineEnd
      }
    }
    if name.isEmpty || !name.allSatisfy({ isTokenByte(UInt8(bitPattern: $0)) }) {
      fault = fault ?? .name
    }
    if !value.allSatisfy({ isFieldByte(UInt8(bitPattern: $0)) }) { fault = fault ?? .value }
    keep(name, value)
  }

  private func isInPlace(
    _ name: UnsafePointer<CChar>, _ length: Int, _ value: UnsafePointer<CChar>
  ) -> Bool {
    guard name == expected, value > name + length else { return false }
    var position = name + length + 1
    while position < value, position.pointee == 0x20 || position.pointee == 0x09 { position += 1 }
    return position == value
  }

  private mutating func keep(
    _ name: UnsafeBufferPointer<CChar>, _ value: UnsafeBufferPointer<CChar>
  ) {
    let whole = UnsafeRawBufferPointer(value)
    let bytes = trimmed(whole)
    let text = String(decoding: bytes, as: UTF8.self)
    headers.append(String(decoding: UnsafeRawBufferPointer(name), as: UTF8.self), text)
    switch name.count {
    case 4 where isNamed(name, "host"):
      hosts += 1
      isHostValid = isHostValid && bytes.allSatisfy(isHostByte)
    case 6 where isNamed(name, "expect"):
      isExpectationKnown = isExpectationKnown && equalIgnoringCase(text, "100-continue")
    // These two untrimmed: the library compares them so, and must come to the same length as we do.
    case 14 where isNamed(name, "content-length"):
      lengths.append(String(decoding: whole, as: UTF8.self))
    case 17 where isNamed(name, "transfer-encoding"):
      encodings.append(String(decoding: whole, as: UTF8.self))
    default: break
    }
  }

  /// The one length that head and library agree on; nil for a chunked body.
  func bodyLength(isHTTP11: Bool) throws(Refused) -> UInt64? {
    if let encoding = encodings.first {
      guard lengths.count == 0 else {
        throw Refused(
          .ambiguousLength, "The request has both Content-Length and Transfer-Encoding.")
      }
      guard encodings.count == 1, isHTTP11, equalIgnoringCase(encoding, "chunked") else {
        throw Refused(
          .ambiguousLength, "The only transfer coding understood is a single chunked, in HTTP/1.1.")
      }
      return nil
    }
    guard lengths.count <= 1 else {
      throw Refused(.ambiguousLength, "The request has more than one Content-Length.")
    }
    guard let length = lengths.first else { return 0 }
    guard !length.isEmpty, length.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      let length = UInt64(length)
    else { throw Refused(.ambiguousLength, "Content-Length is not a decimal number.") }
    return length
  }

  /// One Host, which HTTP/1.0 may leave out, and nothing in it that a host and port cannot have.
  func checkHost(isHTTP11: Bool) throws(Refused) {
    guard hosts <= 1 else {
      throw Refused(.invalidHost, "The request has more than one Host.")
    }
    guard hosts == 1 || !isHTTP11 else {
      throw Refused(.invalidHost, "An HTTP/1.1 request needs a Host.")
    }
    guard isHostValid else {
      throw Refused(.invalidHost, "Host is not a host with an optional port.")
    }
  }

  func checkExpectation() throws(Refused) {
    guard isExpectationKnown else {
      throw Refused(.unknownExpectation, "The only expectation understood is 100-continue.")
    }
  }
}

/// libmicrohttpd calls this for each header line, in order.
private func readHeaderLine(
  lines: UnsafeMutableRawPointer?, kind: MHD_ValueKind, name: UnsafePointer<CChar>?, nameSize: Int,
  value: UnsafePointer<CChar>?, valueSize: Int
) -> MHD_Result {
  lines!.assumingMemoryBound(to: HeaderLines.self).pointee.append(
    name: UnsafeBufferPointer(start: name, count: nameSize),
    value: UnsafeBufferPointer(start: value, count: valueSize))
  return .YES
}

/// RFC 9110, section 5.6.2: `tchar`.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
    UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
    UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
    UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"),
    UInt8(ascii: "~"):
    true
  default: false
  }
}

/// What may stand in a host with its port (RFC 3986, section 3.2), and a little more.
private func isHostByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: ","), UInt8(ascii: "/"),
    UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "?"), UInt8(ascii: "@"),
    UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"),
    UInt8(ascii: "|"), UInt8(ascii: "}"):
    false
  default: byte > 0x20 && byte < 0x7F
  }
}

/// RFC 9110, section 5.5: what a field value may hold.
private func isFieldByte(_ byte: UInt8) -> Bool {
  byte >= 0x20 && byte != 0x7F || byte == 0x09
}

/// Whether a name of as many bytes is `lowercase`.
private func isNamed(_ name: UnsafeBufferPointer<CChar>, _ lowercase: StaticString) -> Bool {
  strncasecmp(name.baseAddress!, lowercase.utf8Start, name.count) == 0
}

private func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
  var (start, end) = (0, bytes.count)
  while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
  while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
  return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
}
