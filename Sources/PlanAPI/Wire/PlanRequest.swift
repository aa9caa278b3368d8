import Costing
import JSON
import Hardware
import Planning
import Scheduling

/// `plan`: a strategy that the sender chose, with its stages or without. An answer's plan is one too:
/// the figures that were predicted for it may stay in, and are not looked at.
struct PlanRequest: Sendable {
  var strategy: StrategyRequest
  /// `nil` where `cut` says where stages end.
  var stages: [StageRequest]?
  var cut = Cut.best
  /// The whole, for faults that show later.
  let value: JSONValue

  /// Where stages end that are not given.
  enum Cut: String, Sendable, CaseIterable {
    /// Where a step takes least.
    case best
    /// After equally many blocks each, as launchers do that are not told where.
    case uniform
  }
}

/// A strategy as far as it was given.
struct StrategyRequest: Sendable {
  var pipeline: Int?
  var tensor: Int?
  var data: Int?
  var context: Int?
  var expert: Int?
  var virtualStages: Int?
  var microBatchSize: Int?
  var microBatches: Int?
  var zeroStage: ZeroStage?
  var sequenceParallel: Bool?
  var recompute: RecomputePolicy?
  var schedule: PipelineSchedule?
  var rankOrder = DeviceMesh.Order.tensorContextDataPipeline
  let value: JSONValue
}

/// One stage as far as it was given.
struct StageRequest: Sendable {
  /// Nodes of the layer graph, one range a model chunk.
  var layerRanges: [ClosedRange<Int>]
  /// The nodes by name, where they are named.
  var layers: [String]?
  /// `nil` where the strategy's recompute policy decides.
  var recomputedLayers: Int?
  /// `nil` where the placement is left to us.
  var devices: [DeviceGroup]?
  /// The stage's own degrees, which hold over the strategy's.
  var tensor: Int?
  var data: Int?
  var microBatchShares: [Int]?
  let value: JSONValue
}
