import JSON

/// A method and a path that are answered, and the forms the answer comes in.
package struct Route: Sendable {
  package enum Handler: Sendable {
    /// Answers GET and HEAD.
    case get(@Sendable (APIRequest, MediaType) throws(Problem) -> APIResponse)
    /// Answers POST; takes the body as it was parsed.
    case post(@Sendable (JSONValue, APIRequest, MediaType) throws(Problem) -> APIResponse)
  }

  package let path: String
  /// The first is given to who does not care.
  package let offers: [MediaType]
  package let handler: Handler

  package var methods: [String] {
    switch handler {
    case .get: ["GET", "HEAD"]
    case .post: ["POST"]
    }
  }

  package static func get(
    _ path: String, _ offers: MediaType...,
    handler: @escaping @Sendable (APIRequest, MediaType) throws(Problem) -> APIResponse
  ) -> Route {
    Route(path: path, offers: offers, handler: .get(handler))
  }

  package static func post(
    _ path: String, _ offers: MediaType...,
    handler: @escaping @Sendable (JSONValue, APIRequest, MediaType) throws(Problem) -> APIResponse
  ) -> Route {
    Route(path: path, offers: offers, handler: .post(handler))
  }
}
