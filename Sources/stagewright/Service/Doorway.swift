import MicroHTTP
import PlanAPI

/// Joins the router, which knows no sockets, to the server, which knows no plans.
struct Doorway: Sendable {
  let router: Router

  /// The answer to a request off the wire.
  func response(to request: HTTPRequest, _ cancellation: Cancellation) -> HTTPResponse {
    // Only with a body does a request to a probe come here.
    if let refusal = Probes.refusal(of: request) { return refusal }
    return Self.httpResponse(
      router.response(
        to: APIRequest(
          method: request.method.name, path: request.path, query: request.queryParameters,
          accept: request.headers.values("Accept"), host: request.headers["Host"],
          contentType: request.headers["Content-Type"],
          contentEncoding: request.headers["Content-Encoding"],
          ifNoneMatch: request.headers.values("If-None-Match"), body: request.body,
          isCancelled: { cancellation.isCancelled })))
  }

  static func httpResponse(_ answer: APIResponse) -> HTTPResponse {
    var response = HTTPResponse(status: answer.status, body: answer.body, route: answer.route)
    for field in answer.headers { response.headers.append(field.name, field.value) }
    if let produce = answer.stream {
      response.body = .stream { writer in produce { writer.write($0) } }
    }
    return response
  }
}
