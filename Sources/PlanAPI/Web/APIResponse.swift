import JSON

/// What a route answers.
package struct APIResponse: Sendable {
  /// Takes a piece of a body; false once nobody reads any more.
  package typealias Writer = @Sendable ([UInt8]) -> Bool

  package var status: Int
  package var headers: [HeaderField]
  /// For HEAD the body that GET would have: it is not sent, but its length is.
  package var body: [UInt8]
  /// Makes the body piece by piece, instead of `body`, after the answer's head has gone out.
  package var stream: (@Sendable (@escaping Writer) -> Void)?
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

  /// A body that `produce` makes piece by piece; nobody keeps it.
  package static func stream(
    _ media: MediaType, _ produce: @escaping @Sendable (@escaping Writer) -> Void
  ) -> APIResponse {
    var response = APIResponse(media, body: [])
    response.headers.append(HeaderField("Cache-Control", "no-store"))
    response.stream = produce
    return response
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
