import Glibc

/// A socket that says exactly what a test wants said.
final class RawClient {
  private(set) var descriptor: Int32
  private var unread: [UInt8] = []

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// An answer as it came.
  struct Answer {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    subscript(name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  init(port: UInt16, patience seconds: Int = 10) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "socket: \(errno)") }
    var patience = timeval(tv_sec: seconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      let reason = errno
      close()
      throw Failure(description: "connect: \(String(cString: strerror(reason)))")
    }
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Closes with a reset instead of an orderly end.
  func reset() {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close()
  }

  func closeSendingSide() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Sends all of it; false once the peer does not take it any more.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Whether a read would return at once.
  var hasSomethingToRead: Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return !unread.isEmpty || poll(&watched, 1, 0) > 0
  }

  /// One read: bytes, empty at the end of the stream, nil when nothing comes in time or on a reset.
  func receiveSome() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count < 0 ? nil : Array(buffer[..<count])
  }

  /// Whether the peer ends the stream (or resets it) before saying anything more.
  func seesEnd() -> Bool {
    if !unread.isEmpty { return false }
    let more = receiveSome()
    return more?.isEmpty ?? (errno == ECONNRESET)
  }

  /// Reads one answer; those to HEAD have no body.
  func receive(toHead: Bool = false) throws -> Answer {
    let head = try receive(through: Array("\r\n\r\n".utf8))
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
      let status = Int(first.dropFirst(9).prefix(3))
    else { throw Failure(description: "no status line: \(lines)") }
    let headers = lines.dropFirst().map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
    }
    var answer = Answer(status: status, headers: headers, body: [])
    if toHead || status == 204 || status == 100 { return answer }
    if let length = answer["Content-Length"].flatMap({ Int($0) }) {
      answer.body = try take(length)
    } else if answer["Transfer-Encoding"] == "chunked" {
      while let piece = try receiveChunk() { answer.body += piece }
    } else {
      while let more = receiveSome(), !more.isEmpty { unread += more }
      answer.body = unread
      unread = []
    }
    return answer
  }

  func receive(through mark: [UInt8]) throws -> [UInt8] {
    var searched = 0
    while true {
      while searched + mark.count <= unread.count {
        if Array(unread[searched..<searched + mark.count]) == mark {
          return try take(searched + mark.count)
        }
        searched += 1
      }
      try receiveMore()
    }
  }

  /// One chunk's payload; nil for the last one.
  func receiveChunk() throws -> [UInt8]? {
    let line = String(decoding: try receive(through: Array("\r\n".utf8)).dropLast(2), as: UTF8.self)
    guard let length = Int(line, radix: 16) else {
      throw Failure(description: "chunk size \(line)")
    }
    let payload = try take(length)
    _ = try take(2)
    return length == 0 ? nil : payload
  }

  private func take(_ count: Int) throws -> [UInt8] {
    while unread.count < count { try receiveMore() }
    defer { unread.removeFirst(count) }
    return Array(unread[..<count])
  }

  private func receiveMore() throws {
    guard let more = receiveSome() else {
      throw Failure(description: "nothing came: \(String(cString: strerror(errno)))")
    }
    guard !more.isEmpty else {
      let text = String(decoding: unread, as: UTF8.self)
      throw Failure(description: "the stream ended after \"\(text)\"")
    }
    unread += more
  }

  /// A request with a Host and the head's end.
  @discardableResult
  func request(
    _ line: String, _ headers: [String] = [], body: String? = nil, version: String = "HTTP/1.1"
  ) -> Bool {
    var text = "\(line) \(version)\r\nHost: localhost\r\n"
    for header in headers { text += header + "\r\n" }
    if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
    return send(text + "\r\n" + (body ?? ""))
  }
}
