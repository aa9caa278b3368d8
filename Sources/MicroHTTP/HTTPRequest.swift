/// A request as the handler sees it: whole, checked, decoded.
package struct HTTPRequest: Sendable {
  /// All but the body. Copies of a request share it: it is handed on several times.
  private final class Head: Sendable {
    let id: String
    let method: HTTPMethod
    let path: String
    let query: String?
    let rawTarget: String
    let headers: HTTPHeaders
    let remoteAddress: String
    let traceparent: String?

    init(
      id: String, method: HTTPMethod, path: String, query: String?, rawTarget: String,
      headers: HTTPHeaders, remoteAddress: String, traceparent: String?
    ) {
      self.id = id
      self.method = method
      self.path = path
      self.query = query
      self.rawTarget = rawTarget
      self.headers = headers
      self.remoteAddress = remoteAddress
      self.traceparent = traceparent
    }
  }

  private let head: Head
  package var body: [UInt8]

  /// The caller's `X-Request-Id` where it was usable, else one made here. Returned with the answer.
  package var id: String { head.id }
  package var method: HTTPMethod { head.method }
  /// The path with its escapes decoded; it starts with `/` (or is `*` for `OPTIONS *`).
  package var path: String { head.path }
  /// What followed `?`, still escaped.
  package var query: String? { head.query }
  /// The request target as it was written.
  package var rawTarget: String { head.rawTarget }
  package var headers: HTTPHeaders { head.headers }
  /// The peer's numeric address, without its port.
  package var remoteAddress: String { head.remoteAddress }
  /// The caller's W3C trace context (`traceparent`), when it is well formed.
  package var traceparent: String? { head.traceparent }

  package init(
    id: String = "", method: HTTPMethod, path: String, query: String? = nil,
    rawTarget: String? = nil, headers: HTTPHeaders = [:], body: [UInt8] = [],
    remoteAddress: String = "", traceparent: String? = nil
  ) {
    head = Head(
      id: id, method: method, path: path, query: query,
      rawTarget: rawTarget ?? query.map { path + "?" + $0 } ?? path, headers: headers,
      remoteAddress: remoteAddress, traceparent: traceparent)
    self.body = body
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
