import Glibc

/// An answer written to the socket past libmicrohttpd, where the library gives no way to answer:
/// before it has a connection, in the middle of an upload, for its own faults and at a deadline.
/// The connection ends with it.
enum DirectReply {
  /// Sends a problem document in one go and closes the sending side. A client that does not even
  /// take a kilobyte goes without. Never waits.
  static func send(
    _ problem: HTTPProblem, document: [UInt8], retryAfter: UInt64, withoutBody: Bool,
    to descriptor: Int32
  ) {
    var head = "HTTP/1.1 \(problem.status) \(problem.title)\r\nConnection: close\r\n"
    head += "Content-Type: application/problem+json\r\nContent-Length: \(document.count)\r\n"
    if problem.refusal.isTemporary { head += "Retry-After: \(retryAfter)\r\n" }
    if let id = problem.requestID { head += "X-Request-Id: \(id)\r\n" }
    let bytes = Array((head + "\r\n").utf8) + (withoutBody ? [] : document)
    _ = Glibc.send(
      descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    shutdown(descriptor, Int32(SHUT_WR))
  }
}
