import JSON

/// Writes server-sent events (WHATWG HTML, section 9.2) to whoever carries the body.
struct EventStream {
  /// False once nobody reads any more.
  let write: APIResponse.Writer

  /// An event of one line of JSON. False once nobody reads any more.
  @discardableResult
  func send(_ event: StaticString, _ json: (inout JSONWriter) -> Void) -> Bool {
    var writer = JSONWriter()
    json(&writer)
    return send(event, writer.finish())
  }

  /// - Parameter json: a compact JSON text: no line of it would be taken for a field.
  @discardableResult
  func send(_ event: StaticString, _ json: some Sequence<UInt8>) -> Bool {
    var text = Array("event: \(event)\ndata: ".utf8)
    text += json
    text += Array("\n\n".utf8)
    return write(text)
  }
}
