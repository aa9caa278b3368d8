import JSON

extension PlanService {
  /// `GET /catalog/gpus`: written once, as it never changes.
  var acceleratorCatalogue: Route {
    let response = APIResponse.json(reserving: 1 << 16) { $0.catalogue(catalogue) }
    return .get("/catalog/gpus", .json) { _, _ throws(Problem) in response }
  }
}
