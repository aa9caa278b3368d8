/// A request as the handler sees it: whole, checked, decoded.
package struct HTTPRequest: Sendable {
  /// The caller's `X-Request-Id` where it was usable, else one made here. Returned with the answer.
  package var id: String
  package var method: HTTPMethod
  /// The path with its escapes decoded; it starts with `/` (or is `*` for `OPTIONS *`).
  package var path: String
  /// What followed `?`, still escaped.
  package var query: String?
  /// The request target as it was written.
  package var rawTarget: String
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// The peer's numeric address, without its port.
  package var remoteAddress: String
  /// The caller's W3C trace context (`traceparent`), when it is well formed.
  package var traceparent: String?

  package init(
    id: String = "", method: HTTPMethod, path: String, query: String? = nil,
    rawTarget: String? = nil, headers: HTTPHeaders = [:], body: [UInt8] = [],
    remoteAddress: String = "", traceparent: String? = nil
  ) {
    self.id = id
    self.method = method
    self.path = path
    self.query = query
    self.rawTarget = rawTarget ?? query.map { path + "?" + $0 } ?? path
    self.headers = headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.traceparent = traceparent
  }

  /// The query as names and values (`a=1&verbose`), decoded as forms are: `+` is a space.
  /// A pair whose escapes are broken keeps them as written.
  package var queryParameters: [(name: String, value: String?)] {
    guard let query else { return [] }
    return query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
      let parts = pair.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      return (decodedFormText(parts[0]), parts.count > 1 ? decodedFormText(parts[1]) : nil)
    }
  }
}

private func decodedFormText(_ text: Substring.UTF8View) -> String {
  let spaced = text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
  return String(decoding: percentDecoded(spaced) ?? spaced, as: UTF8.self)
}
