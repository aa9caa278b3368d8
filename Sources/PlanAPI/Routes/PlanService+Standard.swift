import Importing

extension PlanService {
  /// The service as it ships: the catalogues of this build, the published costs, and models in every
  /// accepted form.
  package static func standard() -> PlanService {
    PlanService(model: .modelGraph, seedModel: ModelGraphRule(counting: .seed))
  }
}
