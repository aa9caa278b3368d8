import COpenAPI
import PlanAPI

extension Route {
  /// `GET /openapi.yaml`: what all the others are.
  static let specification: Route = .get("/openapi.yaml", .yaml) { _, _ throws(Problem) in
    let bytes = UnsafeBufferPointer(start: openapi_bytes(), count: openapi_size())
    return APIResponse(.yaml, body: Array(bytes))
  }
}
