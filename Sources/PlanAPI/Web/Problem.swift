import JSON

/// Why a request gets no answer, as a problem document says it (RFC 9457).
///
/// The status says all about the kind of problem that a program needs, so `type` is `about:blank`
/// and `title` the status's phrase.
package struct Problem: Error, Hashable, Sendable {
  package static let mediaType = "application/problem+json"

  package var status: Int
  /// What is wrong with this request, for people.
  package var detail: String
  /// The path that was asked for; the beginning of a long one.
  package var instance: String?
  /// Where a text stops being JSON.
  package var syntaxError: JSONSyntaxError?
  /// What is wrong with a text that is JSON.
  package var faults: JSONFaults?
  /// Header fields that belong to the status, such as `Allow`.
  package var headers: [HeaderField] = []

  package init(status: Int, detail: String, headers: [HeaderField] = []) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  package var title: String { Self.phrase(ofStatus: status) }

  /// The problem document.
  package var document: [UInt8] {
    var writer = JSONWriter()
    writer.object { w in
      w.member("type", "about:blank")
      w.member("title", title)
      w.member("status", status)
      w.member("detail", detail)
      if let instance { w.member("instance", instance) }
      if let syntaxError {
        w.member("line", syntaxError.line)
        w.member("column", syntaxError.column)
        w.member("byte_offset", syntaxError.offset)
      }
      if let faults {
        w.array("errors", faults.list) { w, fault in
          w.object { w in
            w.member("pointer", fault.pointer)
            w.member("detail", fault.detail)
          }
        }
      }
    }
    return writer.finish() + [UInt8(ascii: "\n")]
  }

  package var response: APIResponse {
    APIResponse(
      status: status,
      headers: [HeaderField("Content-Type", Self.mediaType)] + headers, body: document)
  }

  /// The problem that a request for `path` has.
  func of(_ path: String) -> Problem {
    var problem = self
    problem.instance = instance ?? excerpt(path)
    return problem
  }

  /// The response of the route at `path`.
  package func response(to path: String) -> APIResponse {
    var response = of(path).response
    response.route = path
    return response
  }

  /// The phrases of RFC 9110 and RFC 6585 for the statuses that are sent here.
  private static func phrase(ofStatus status: Int) -> String {
    switch status {
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
  }
}
