import JSON

/// What a route answers.
package struct APIResponse: Hashable, Sendable {
  package var status: Int
  package var headers: [HeaderField]
  /// For HEAD the body that GET would have: it is not sent, but its length is.
  package var body: [UInt8]
  /// The path of the route that answered; nil if none did. Never a caller's text.
  package var route: String?
  /// The request was valid and nature says no. The command's exit status tells it in every form.
  package var isInfeasible = false

  package init(status: Int = 200, headers: [HeaderField] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  package init(status: Int = 200, _ media: MediaType, body: [UInt8]) {
    self.init(
      status: status, headers: [HeaderField("Content-Type", media.headerValue)], body: body)
  }

  /// JSON that `write` writes, ended by a line feed.
  package static func json(
    reserving capacity: Int = 4096, _ write: (inout JSONWriter) -> Void
  ) -> APIResponse {
    var writer = JSONWriter(reserving: capacity)
    write(&writer)
    var body = writer.finish()
    body.append(UInt8(ascii: "\n"))
    return APIResponse(.json, body: body)
  }

  /// The first value of a field, by its name in any case.
  package subscript(header name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
