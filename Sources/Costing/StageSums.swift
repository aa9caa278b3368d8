import Quantities

/// Figures of several layers together: seconds of one micro-batch, parameters, and bytes that it keeps.
///
/// All in one structure, so that a table of them is one allocation, and what one stage is asked for lies
/// next to each other.
package struct StageSums: Hashable, Sendable {
  package private(set) var forward = 0.0
  package private(set) var backward = 0.0
  package private(set) var weightGradient = 0.0
  /// What selective recomputation adds.
  package private(set) var selective = 0.0
  package private(set) var parameters = 0.0
  package private(set) var expertParameters = 0.0
  package private(set) var activations = 0.0
  package private(set) var selectiveActivations = 0.0
  /// Of layers that can recompute: what full recomputation adds, and what it saves of `activations`.
  package private(set) var fullTime = 0.0
  package private(set) var fullSaving = 0.0

  package init() {}

  init(_ cost: LayerCost) {
    forward = cost.forward.total.value
    backward = cost.backward.total.value
    weightGradient = cost.weightGradient.value
    selective = cost.selectiveRecompute.total.value
    parameters = cost.parameters
    expertParameters = cost.expertParameters
    activations = cost.activations.value
    selectiveActivations = cost.selectiveActivations.value
    if cost.canRecompute {
      fullTime = cost.fullRecompute.total.value
      fullSaving = (cost.activations - cost.fullActivations).value
    }
  }

  static func += (sum: inout StageSums, other: StageSums) {
    sum.forward += other.forward
    sum.backward += other.backward
    sum.weightGradient += other.weightGradient
    sum.selective += other.selective
    sum.parameters += other.parameters
    sum.expertParameters += other.expertParameters
    sum.activations += other.activations
    sum.selectiveActivations += other.selectiveActivations
    sum.fullTime += other.fullTime
    sum.fullSaving += other.fullSaving
  }
}
