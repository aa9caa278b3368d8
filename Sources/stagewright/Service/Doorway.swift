import MicroHTTP
import PlanAPI

/// Joins the router, which knows no sockets, to the server, which knows no plans.
struct Doorway: Sendable {
  let router: Router

  /// The answer to a request off the wire.
  func response(to request: HTTPRequest, _ cancellation: Cancellation) -> HTTPResponse {
    let answer = router.response(
      to: APIRequest(
        method: request.method.name, path: request.path, query: request.queryParameters,
        accept: request.headers.values("Accept"), host: request.headers["Host"],
        contentType: request.headers["Content-Type"],
        contentEncoding: request.headers["Content-Encoding"],
        ifNoneMatch: request.headers.values("If-None-Match"), body: request.body,
        isCancelled: { cancellation.isCancelled }))
    var response = HTTPResponse(status: answer.status, body: answer.body, route: answer.route)
    for field in answer.headers { response.headers.append(field.name, field.value) }
    return response
  }
}
