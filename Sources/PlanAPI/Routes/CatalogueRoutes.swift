import Hardware
import Importing
import JSON

extension PlanService {
  /// `GET /catalog/gpus`.
  var acceleratorCatalogue: Route {
    .get("/catalog/gpus", .json) { _, _ throws(Problem) in
      .json(reserving: 1 << 16) { $0.catalogue(catalogue) }
    }
  }
}

extension PlanService {
  /// `GET /catalog/machines`.
  var machineCatalogue: Route {
    .get("/catalog/machines", .json) { _, _ throws(Problem) in
      .json(reserving: 1 << 14) { $0.machines(MachineType.known) }
    }
  }
}

extension PlanService {
  /// `GET /catalog/models`.
  var modelCatalogue: Route {
    .get("/catalog/models", .json) { _, _ throws(Problem) in modelCatalogueResponse }
  }
}

/// Written when it is first asked for: every description is read and counted for it.
private let modelCatalogueResponse = APIResponse.json(reserving: 1 << 16) {
  $0.catalogue(ModelCatalogue.standard)
}
