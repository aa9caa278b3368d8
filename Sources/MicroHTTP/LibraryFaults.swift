import CMicroHTTPD
import Glibc

/// libmicrohttpd answers what it cannot parse itself, with HTML, with no media type, and in places
/// with two heads. There is no option against that; but it queues those answers through its own
/// exported `MHD_queue_response`, and the dynamic linker lets the program's definition of a symbol
/// take the library's place, as it does for a replacement of `malloc`. So every answer of the
/// library's own comes by here and leaves as a problem document. Linked statically, or with a library
/// built with `-Bsymbolic`, this function is merely never called by it, and the HTML stays.
@c(MHD_queue_response)
public func queueLibraryFault(
  _ handle: OpaquePointer?, _ status: UInt32, _ response: OpaquePointer?
) -> MHD_Result {
  if let opaque = shim_socket_context(handle) {
    let connection = Unmanaged<Connection>.fromOpaque(opaque).takeUnretainedValue()
    connection.answerLibraryFault(status: Int(status))
  }
  // The library still has to believe in its own answer: some callers read on after a failure. The
  // socket's sending side is closed by now, so that nothing of it is sent.
  return queueResponse(handle!, status, response!)
}

/// libmicrohttpd's own function of that name.
func queueResponse(
  _ handle: OpaquePointer, _ status: UInt32, _ response: OpaquePointer
) -> MHD_Result {
  libraryQueueResponse(handle, status, response)
}

private typealias QueueResponse =
  @convention(c) (OpaquePointer?, UInt32, OpaquePointer?) -> MHD_Result

private let libraryQueueResponse: QueueResponse = {
  let next = UnsafeMutableRawPointer(bitPattern: -1)  // RTLD_NEXT, a macro
  guard let function = dlsym(next, "MHD_queue_response") else {
    preconditionFailure("libmicrohttpd has no MHD_queue_response")
  }
  return unsafeBitCast(function, to: QueueResponse.self)
}()
