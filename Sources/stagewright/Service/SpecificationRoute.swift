import PlanAPI

extension Route {
  /// `GET /openapi.yaml`: what all the others are.
  static let specification: Route = {
    let response = APIResponse(.yaml, body: PackageResources.openapi_yaml)
    return .get("/openapi.yaml", .yaml) { _, _ throws(Problem) in response }
  }()
}
