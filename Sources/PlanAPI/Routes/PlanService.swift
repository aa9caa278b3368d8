import Calibrating
import Costing
import Hardware
import JSON
import Planning
import Reporting
import Workload

/// What the routes know beside their requests.
package struct PlanService: Sendable {
  package var catalogue: AcceleratorCatalogue
  package var parameters: CostParameters
  /// What measurements on the machines at hand say, for requests that bring no profile.
  package var profile: CostProfile?
  /// Reads `model`.
  package var model: any JSONRule<LayerGraph>
  /// Reads `model` as the first analyser counted its weights.
  package var seedModel: any JSONRule<LayerGraph>
  /// Measured profiles that requests may name.
  package var profiles = ProfileStore()
  /// Reports may use a terminal's emphasis.
  package var terminalStyle = TerminalStyle.plain
  /// How the requests of a batch, and parts of a search over several pools, share the cores.
  package var parallel = ParallelMap.sequential
  /// Recent plans; none are kept without it.
  package var answers: AnswerCache?
  /// Problems of recent requests; none are kept without it.
  package var problems: RecentProblems?
  /// Told of searches that take longer than a second.
  package var onProgress: (@Sendable (PlanningProgress) -> Void)?

  /// - Parameter seedModel: left out, weights are counted alike either way.
  package init(
    catalogue: AcceleratorCatalogue = .standard, parameters: CostParameters = .published,
    model: any JSONRule<LayerGraph>, seedModel: (any JSONRule<LayerGraph>)? = nil
  ) {
    self.catalogue = catalogue
    self.parameters = parameters
    self.model = model
    self.seedModel = seedModel ?? model
  }

  /// All routes that need nothing but this.
  package var routes: [Route] {
    [
      page, acceleratorCatalogue, machineCatalogue, modelCatalogue,
      .post("/graph", .json, .graphviz) { body, _, media throws(Problem) in
        try graph(body, media)
      },
      .post("/analyze", .json, .text) { body, request, media throws(Problem) in
        try analyze(body, request, media)
      },
      .post("/partition", .json, .text, .svg, .events) { body, request, media throws(Problem) in
        media == .json && body["requests"] != nil
          ? try partitionBatch(body, request) : try cachedPartition(body, request, media)
      },
      .post("/simulate", .json, .text, .svg) { body, _, media throws(Problem) in
        try simulate(body, media)
      },
      .post("/replan", .json, .text) { body, request, media throws(Problem) in
        try replan(body, request, media)
      },
      .post("/calibrate", .json) { body, _, _ throws(Problem) in try calibrate(body) },
      .post("/cluster", .json, .graphviz) { body, _, media throws(Problem) in
        try cluster(body, media)
      },
    ]
  }
}
