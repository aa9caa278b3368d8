/// What a handler answers.
package struct HTTPResponse: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    /// A body made piece by piece: after the handler has returned, `produce` runs on the same worker
    /// and writes; each piece goes out as soon as the client takes it (chunked on HTTP/1.1). It holds
    /// its worker until it returns.
    case stream(produce: @Sendable (HTTPBodyWriter) -> Void)
  }

  package var status: Int
  package var headers: HTTPHeaders
  package var body: Body
  /// What metrics and logs call the thing that answered (a route's pattern, never a caller's text).
  package var route: String?
  /// Where the same answer, of bytes, is given again and again.
  package var kept: KeptForms?

  package init(
    status: Int = 200, headers: HTTPHeaders = [:], body: [UInt8] = [], route: String? = nil
  ) {
    self.init(status: status, headers: headers, body: .bytes(body), route: route)
  }

  package init(status: Int = 200, headers: HTTPHeaders = [:], body: Body, route: String? = nil) {
    self.status = status
    self.headers = headers
    self.body = body
    self.route = route
  }
}
