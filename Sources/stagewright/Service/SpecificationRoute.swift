import COpenAPI
import PlanAPI

extension Route {
  /// `GET /openapi.yaml`: what all the others are.
  static let specification: Route = {
    let bytes = UnsafeBufferPointer(start: openapi_bytes(), count: openapi_size())
    let response = APIResponse(.yaml, body: Array(bytes))
    return .get("/openapi.yaml", .yaml) { _, _ throws(Problem) in response }
  }()
}
