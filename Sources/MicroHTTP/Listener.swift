import Glibc

/// The listening socket. It is ours and not libmicrohttpd's, so that connections over a limit get an
/// answer, and so that closing it ends accepting at once: after `MHD_quiesce_daemon` the kernel would
/// go on accepting.
struct Listener {
  let descriptor: Int32
  let address: HTTPServer.Address

  /// Binds the first usable address that `host` stands for, and listens.
  init(host: String, port: UInt16) throws(HTTPServer.StartError) {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found)
    guard code == 0 else {
      throw .cannotResolve(host: host, reason: String(cString: gai_strerror(code)))
    }
    defer { freeaddrinfo(found) }
    var reason = "no address"
    var candidate = found
    while let current = candidate {
      if let descriptor = Self.listen(on: current.pointee) {
        self.descriptor = descriptor
        address = Self.boundAddress(descriptor)
        return
      }
      reason = String(cString: strerror(errno))
      candidate = current.pointee.ai_next
    }
    throw .cannotListen(host: host, port: port, reason: reason)
  }

  private static func listen(on info: addrinfo) -> Int32? {
    let kind = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(info.ai_family, kind, info.ai_protocol)
    guard descriptor >= 0 else { return nil }
    set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if info.ai_family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 4096) == 0
    else {
      let reason = errno
      Glibc.close(descriptor)
      errno = reason
      return nil
    }
    return descriptor
  }

  private static func boundAddress(_ descriptor: Int32) -> HTTPServer.Address {
    let bound = SocketAddress { storage, size in getsockname(descriptor, storage, size) }
    return HTTPServer.Address(host: bound?.text ?? "", port: bound?.port ?? 0)
  }

  /// The next connection, or nil with `errno` set. libmicrohttpd makes it non-blocking.
  func accept() -> (descriptor: Int32, peer: SocketAddress)? {
    var descriptor: Int32 = -1
    let peer = SocketAddress { storage, size in
      descriptor = Glibc.accept(self.descriptor, storage, size)
      return descriptor
    }
    if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return peer.map { (descriptor, $0) }
  }
}

/// A socket's address as the kernel gives it.
struct SocketAddress {
  var storage = sockaddr_storage()
  var size = socklen_t(MemoryLayout<sockaddr_storage>.size)

  /// nil when `fill` returns a negative number.
  init?(_ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
    var size = self.size
    let code = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { fill($0, &size) }
    }
    if code < 0 { return nil }
    self.size = size
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
  }

  /// The numeric address; an IPv4 caller of an IPv6 socket is written as IPv4.
  var text: String {
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = withPointer {
      getnameinfo($0, $1, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
    }
    guard code == 0 else { return "unknown" }
    let text = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let mapped = "::ffff:"
    return text.hasPrefix(mapped) && text.contains(".")
      ? String(text.dropFirst(mapped.count)) : text
  }

  var port: UInt16 {
    withPointer { pointer, _ in
      switch Int32(pointer.pointee.sa_family) {
      case AF_INET:
        pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          UInt16(bigEndian: $0.pointee.sin_port)
        }
      case AF_INET6:
        pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          UInt16(bigEndian: $0.pointee.sin6_port)
        }
      default: 0
      }
    }
  }
}

/// Sets an integer option of a socket; a kernel that does not know it is left alone.
func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
  var value = value
  setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}
