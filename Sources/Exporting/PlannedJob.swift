import Costing
import Hardware
import Planning
import Workload

/// A plan with what it was made for: all that an export is written from.
package struct PlannedJob: Sendable {
  package var plan: Plan
  package var graph: LayerGraph
  /// The model by its shapes; nil for a graph of the sender's own.
  package var model: TransformerModel?
  package var job: TrainingJob
  package var pools: [Pool]

  package init(
    plan: Plan, graph: LayerGraph, model: TransformerModel?, job: TrainingJob, pools: [Pool]
  ) {
    self.plan = plan
    self.graph = graph
    self.model = model
    self.job = job
    self.pools = pools
  }

  var strategy: ParallelStrategy { plan.strategy }

  /// Bytes of one weight's gradient, as replicas exchange it.
  var exchangedGradientBytes: Double {
    strategy.zeroStage == .weights ? job.scatteredGradientBytes : job.gradientBytes
  }
}

/// Fields that notes are about.
enum Field {
  static let model = "/model"
  static let optimizer = "/training/optimizer"
  static let precision = "/training/precision"
  static let gradientPrecision = "/training/gradient_precision"
  static let sequenceLength = "/training/sequence_length"
  static let stages = "/plan/stages"

  static func strategy(_ name: String) -> String { "/plan/strategy/" + name }
  static func stage(_ stage: Int, _ name: String) -> String { "/plan/stages/\(stage)/\(name)" }
}
