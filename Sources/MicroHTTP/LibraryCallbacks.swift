import CMicroHTTPD
import Glibc

/// The functions that libmicrohttpd calls, and its start. File-scope functions and never closures: a
/// closure may inherit the isolation of the place where it is written and trap on the library's
/// thread.

extension HTTPServer {
  /// The library without a listening socket of its own: the doorman hands connections over.
  /// `MHD_stop_daemon` ends it.
  func startLibrary() -> OpaquePointer? {
    let context = Unmanaged.passUnretained(self).toOpaque()
    // Room for a head at the limit, the library's records of its fields and the answer's head; the
    // library clears all of it after every request.
    let memory = max(8 << 10, configuration.headerLimit * 3 / 2)
    let sending = (configuration.sendDeadline.milliseconds + 999) / 1000
    let idling = (configuration.idleTimeout.milliseconds + 999) / 1000
    var options = [
      option(.CONNECTION_MEMORY_LIMIT, memory),
      option(.CONNECTION_LIMIT, Int(Int32.max)),
      // Ours come first; this one catches what they might miss.
      option(.CONNECTION_TIMEOUT, Int(min(max(sending, idling) + 1, 1 << 30))),
      option(.NOTIFY_CONNECTION, Int(bitPattern: connectionNotice), context),
      option(.NOTIFY_COMPLETED, Int(bitPattern: completionNotice), context),
      option(.URI_LOG_CALLBACK, Int(bitPattern: requestLineNotice), context),
      option(.UNESCAPE_CALLBACK, Int(bitPattern: unescaping), context),
      option(.END, 0),
    ]
    let flags =
      MHD_USE_POLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
      | MHD_USE_NO_LISTEN_SOCKET.rawValue | MHD_USE_ERROR_LOG.rawValue
    return shim_start_daemon(flags, accessHandler, reportMessage, context, &options)
  }
}

private func option(
  _ option: MHD_OPTION, _ value: Int, _ pointer: UnsafeMutableRawPointer? = nil
) -> MHD_OptionItem {
  MHD_OptionItem(option: option, value: value, ptr_value: pointer)
}

// Function pointers as the integers that `MHD_OptionItem` wants.
private let connectionNotice: MHD_NotifyConnectionCallback = noticeConnection
private let completionNotice: MHD_RequestCompletedCallback = noticeCompletion
private let requestLineNotice:
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
  ) -> UnsafeMutableRawPointer? = noticeRequestLine
private let unescaping:
  @convention(c) (
    UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?
  ) -> Int = keepEscapes

extension Int {
  fileprivate init<Function>(bitPattern function: Function) {
    self = unsafeBitCast(function, to: Int.self)
  }
}

private func server(_ context: UnsafeMutableRawPointer?) -> HTTPServer {
  Unmanaged<HTTPServer>.fromOpaque(context!).takeUnretainedValue()
}

/// A connection begins to be served, or is about to be closed.
private func noticeConnection(
  context: UnsafeMutableRawPointer?, handle: OpaquePointer?,
  socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  code: MHD_ConnectionNotificationCode
) {
  let server = server(context)
  if code == .CONNECTION_NOTIFY_STARTED {
    guard let connection = server.table[shim_descriptor(handle)] else { return }
    socketContext!.pointee = Unmanaged.passRetained(connection).toOpaque()
  } else if let opaque = socketContext!.pointee {
    socketContext!.pointee = nil
    let connection = Unmanaged<Connection>.fromOpaque(opaque).takeRetainedValue()
    server.connectionCloses(connection)
  }
}

/// The request line is read; the target still stands as it was written. What is returned comes back
/// as the request's context.
private func noticeRequestLine(
  context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
  guard let target, let opaque = shim_socket_context(handle) else { return nil }
  let connection = Unmanaged<Connection>.fromOpaque(opaque).takeUnretainedValue()
  let exchange = server(context).begin(rawTarget: String(cString: target), on: connection)
  // The library is about to split the query in place, one record from its pool for each `&`; when
  // the pool runs out it answers and reads on, confused. It finds an empty query instead: the buffer
  // is its own and writable, and the query is kept in `rawTarget`.
  if let mark = strchr(target, Int32(UInt8(ascii: "?"))) { mark[1] = 0 }
  return Unmanaged.passRetained(exchange).toOpaque()
}

/// Leaves the path as it was written, where the library would decode `%00` to an end of string.
private func keepEscapes(
  context: UnsafeMutableRawPointer?, handle: OpaquePointer?, text: UnsafeMutablePointer<CChar>?
) -> Int {
  strlen(text!)
}

/// Called with the head, with each piece of the body, at its end, and after each resumption.
private func accessHandler(
  context: UnsafeMutableRawPointer?, handle: OpaquePointer?, url: UnsafePointer<CChar>?,
  method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, piece: UnsafePointer<CChar>?,
  size: UnsafeMutablePointer<Int>?, requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let opaque = requestContext!.pointee else { return .NO }
  let server = server(context)
  let exchange = Unmanaged<Exchange>.fromOpaque(opaque).takeUnretainedValue()
  switch exchange.stage {
  case .head:
    return server.receiveHead(
      of: exchange, handle: handle!, method: method!, url: url!, version: version!)
  case .body where size!.pointee > 0:
    let bytes = UnsafeRawBufferPointer(start: piece, count: size!.pointee)
    size!.pointee = 0
    return server.receiveBody(of: exchange, bytes)
  case .body:
    return server.receiveEnd(of: exchange, handle: handle!)
  case .working:
    return server.receiveAnswer(to: exchange, handle: handle!)
  case .answered:
    return .YES
  }
}

private func noticeCompletion(
  context: UnsafeMutableRawPointer?, handle: OpaquePointer?,
  requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  code: MHD_RequestTerminationCode
) {
  guard let opaque = requestContext!.pointee else { return }
  requestContext!.pointee = nil
  server(context).end(Unmanaged<Exchange>.fromOpaque(opaque).takeRetainedValue(), as: code)
}

private func reportMessage(
  context: UnsafeMutableRawPointer?, format: UnsafePointer<CChar>?, arguments: CVaListPointer?
) {
  var text = [CChar](repeating: 0, count: 512)
  vsnprintf(&text, text.count, format!, arguments!)
  let message = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  server(context).observer.serverReported(
    "libmicrohttpd: " + (message.hasSuffix("\n") ? String(message.dropLast()) : message))
}
