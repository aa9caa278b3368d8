import JSON

/// Leads requests to routes, and answers those that no route takes.
package struct Router: Sendable {
  package let routes: [Route]
  private let routesByPath: [String: [Route]]
  /// Every path, for guesses at a misspelt one.
  private let paths: [String]

  package init(_ routes: [Route]) {
    self.routes = routes
    routesByPath = Dictionary(grouping: routes, by: \.path)
    paths = routesByPath.keys.sorted()
    for (path, routes) in routesByPath {
      let methods = routes.flatMap(\.methods)
      precondition(Set(methods).count == methods.count, "\(path) takes a method twice")
    }
  }

  /// The answer to a request: a route's, or a problem document.
  package func response(to request: APIRequest) -> APIResponse {
    guard let routes = routesByPath[request.path] else {
      return Problem.notFound(request.path, known: paths).of(request.path).response
    }
    var response: APIResponse
    do throws(Problem) {
      response = try self.response(to: request, among: routes)
    } catch {
      response = error.of(request.path).response
    }
    response.route = request.path
    return response
  }

  private func response(
    to request: APIRequest, among routes: [Route]
  ) throws(Problem) -> APIResponse {
    guard let route = routes.first(where: { $0.methods.contains(request.method) }) else {
      throw .methodNotAllowed(
        request.method, request.path, allowed: routes.flatMap(\.methods).sorted())
    }
    guard let media = AcceptHeader(request.accept).choice(among: route.offers) else {
      throw .notAcceptable(offers: route.offers)
    }
    var response: APIResponse
    switch route.handler {
    case .get(let handle): response = tagged(try handle(request, media), request)
    case .post(let handle):
      response = try handle(try Self.json(of: request).root, request, media)
    }
    if route.offers.count > 1 { response.headers.append(HeaderField("Vary", "Accept")) }
    return response
  }

  /// The body as JSON, if it is declared to be.
  private static func json(of request: APIRequest) throws(Problem) -> JSONDocument {
    guard MediaType.isJSON(contentType: request.contentType) else {
      throw .unsupportedContent(request.contentType ?? "")
    }
    if let encoding = request.contentEncoding, encoding.lowercased() != "identity" {
      throw .unsupportedEncoding(encoding)
    }
    do throws(JSONSyntaxError) {
      return try JSONDocument(parsing: request.body)
    } catch {
      throw .notJSON(error)
    }
  }

  /// What is fetched has a tag, and is not sent again to who has it.
  private func tagged(_ response: APIResponse, _ request: APIRequest) -> APIResponse {
    guard response.status == 200 else { return response }
    let tag = EntityTag.of(response.body)
    var response = response
    if EntityTag.matches(tag, ifNoneMatch: request.ifNoneMatch) {
      response = APIResponse(status: 304)
    }
    response.headers.append(HeaderField("ETag", tag))
    return response
  }
}
