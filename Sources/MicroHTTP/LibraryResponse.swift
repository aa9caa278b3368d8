import CMicroHTTPD

/// An answer in libmicrohttpd's own form, released with `MHD_destroy_response`.
struct LibraryResponse {
  let handle: OpaquePointer
  /// Header fields that the library would not take.
  private(set) var rejected: [String] = []

  init?(bytes: [UInt8]) {
    let made = bytes.withUnsafeBytes {
      MHD_create_response_from_buffer(
        $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made else { return nil }
    handle = made
  }

  /// One that was made before.
  init(kept handle: OpaquePointer) { self.handle = handle }

  /// A body of unknown length, read from `exchange`'s pipe as the client takes it.
  init?(streaming exchange: Exchange, on connection: OpaquePointer) {
    let stream = Unmanaged.passRetained(StreamedBody(exchange: exchange, connection: connection))
    let unknownSize = UInt64.max
    let made = MHD_create_response_from_callback(
      unknownSize, 32 << 10, readStreamedBody, stream.toOpaque(), releaseStreamedBody)
    guard let made else {
      stream.release()
      return nil
    }
    handle = made
  }

  mutating func add(_ name: String, _ value: String) {
    // A string passed as a C string is copied to the heap; not so with `withCString`.
    let result = name.withCString { name in
      value.withCString { MHD_add_response_header(handle, name, $0) }
    }
    if result != .YES { rejected.append(name) }
  }

  mutating func add(_ headers: HTTPHeaders) {
    for field in headers.fields { add(field.name, field.value) }
  }
}

/// What the callbacks of a streamed body need. The handle is valid whenever the library reads.
private final class StreamedBody {
  let exchange: Exchange
  let connection: OpaquePointer

  init(exchange: Exchange, connection: OpaquePointer) {
    self.exchange = exchange
    self.connection = connection
  }
}

private func readStreamedBody(
  context: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?,
  size: Int
) -> Int {
  let stream = Unmanaged<StreamedBody>.fromOpaque(context!).takeUnretainedValue()
  guard let pipe = stream.exchange.work?.pipe else { return endWithError }
  let count = pipe.read(
    into: UnsafeMutableRawBufferPointer(start: buffer, count: size), suspending: stream.connection)
  if count > 0 { stream.exchange.sentBytes += count }
  return count
}

private func releaseStreamedBody(context: UnsafeMutableRawPointer?) {
  Unmanaged<StreamedBody>.fromOpaque(context!).release()
}
