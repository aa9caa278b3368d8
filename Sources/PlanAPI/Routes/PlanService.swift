import Costing
import Hardware
import JSON
import Workload

/// What the routes know beside their requests.
package struct PlanService: Sendable {
  package var catalogue: AcceleratorCatalogue
  package var parameters: CostParameters
  /// Reads `model`.
  package var model: any JSONRule<LayerGraph>

  package init(
    catalogue: AcceleratorCatalogue = .standard, parameters: CostParameters = .published,
    model: any JSONRule<LayerGraph>
  ) {
    self.catalogue = catalogue
    self.parameters = parameters
    self.model = model
  }

  /// All routes that need nothing but this.
  package var routes: [Route] {
    [
      acceleratorCatalogue,
      .post("/partition", .json) { body, request, _ throws(Problem) in
        try partition(body, request)
      },
      .post("/cluster", .json, .graphviz) { body, _, media throws(Problem) in
        try cluster(body, media)
      },
      .post("/simulate", .json) { body, _, _ throws(Problem) in try simulate(body) },
    ]
  }
}
