import Hardware

/// A plan with what it was predicted from.
package struct MixedPlan: Hashable, Sendable {
  package var strategy: MixedStrategy
  package var split: PipelineSplit
  package var plan: Plan

  /// - Parameter devices: Left out, those of `MixedStrategy.devices(on:)`.
  package init(
    _ problem: ClusterProblem, _ strategy: MixedStrategy, _ split: PipelineSplit,
    devices: [[DeviceGroup]]? = nil
  ) {
    self.init(problem, strategy, split, devices: devices, tables: nil)
  }

  init(
    _ problem: ClusterProblem, _ strategy: MixedStrategy, _ split: PipelineSplit,
    devices: [[DeviceGroup]]? = nil, tables: SeatTables?
  ) {
    self.strategy = strategy
    self.split = split
    let model = MixedModel(problem, strategy, tables: tables)
    plan = model.plan(split, devices: devices ?? strategy.devices(on: problem.cluster))
  }
}

extension MixedPlan {
  /// Seconds of a step.
  var step: Double { plan.prediction.step.value }

  /// With its devices.
  func placed(on cluster: Cluster) -> MixedPlan {
    var placed = self
    for (stage, devices) in strategy.devices(on: cluster).enumerated() {
      placed.plan.stages[stage].devices = devices
    }
    return placed
  }
}
