import Costing
import Planning
import Quantities

/// What measurements on one's own machines say about the cost model's numbers, and how sure.
package struct CostProfile: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var place: CostParameterSlot.Place
    package var value: Double

    package init(_ place: CostParameterSlot.Place, _ value: Double) {
      self.place = place
      self.value = value
    }
  }

  package var entries: [Entry]
  /// Of the logarithms of the entries' values.
  package var covariance: [[Double]]
  /// Standard deviation of ln(predicted / measured) of a step that the entries leave.
  package var stepDeviation: Double
  /// The same of memory.
  package var memoryDeviation: Double
  /// Instead of the published figure, where peaks of memory were measured.
  package var runtimeMemory: ByteCount?

  package init(
    entries: [Entry], covariance: [[Double]], stepDeviation: Double, memoryDeviation: Double,
    runtimeMemory: ByteCount? = nil
  ) {
    self.entries = entries
    self.covariance = covariance
    self.stepDeviation = stepDeviation
    self.memoryDeviation = memoryDeviation
    self.runtimeMemory = runtimeMemory
  }

  package func parameters(over base: CostParameters) -> CostParameters {
    var parameters = base
    for entry in entries { entry.place.set(entry.value, in: &parameters) }
    if let runtimeMemory { parameters.software.runtimeMemory = runtimeMemory }
    return parameters
  }

  /// What `newer` measurements say, and what these said of numbers that they do not speak of. The two err
  /// by themselves.
  package func revised(by newer: CostProfile) -> CostProfile {
    let kept = entries.indices.filter { index in
      !newer.entries.contains { $0.place == entries[index].place }
    }
    var profile = newer
    profile.entries += kept.map { entries[$0] }
    profile.covariance =
      newer.covariance.map { $0 + kept.map { _ in 0 } }
      + kept.map { row in newer.entries.map { _ in 0 } + kept.map { covariance[row][$0] } }
    profile.runtimeMemory = newer.runtimeMemory ?? runtimeMemory
    return profile
  }
}

/// How sure a prediction is.
package struct PredictionRange: Hashable, Sendable {
  /// Holds the step in nine cases of ten.
  package var step: ClosedRange<Seconds>
  /// Probability that every stage stays below its memory limit.
  package var fitsProbability: Double
}

extension CostProfile {
  /// The range of a plan that was predicted with the profile.
  ///
  /// σ² = residual variance + gᵀ·C·g with g = ∂ln(step)/∂ln(value) by differences; the interval is
  /// step·e^(±1.645σ). The stages' memories err together, so the fullest one decides.
  /// Complexity: one prediction an entry.
  package func range(
    of plan: Plan, base: CostParameters, predicted: (CostParameters) -> Seconds
  ) -> PredictionRange {
    let parameters = parameters(over: base)
    let change = 0.01
    let gradient = entries.map { entry in
      var moved = parameters
      entry.place.set(entry.value * (1 + change), in: &moved)
      return logarithm(predicted(moved) / plan.prediction.step) / logarithm(1 + change)
    }
    var variance = stepDeviation * stepDeviation
    for (row, left) in zip(covariance, gradient) {
      for (value, right) in zip(row, gradient) { variance += left * value * right }
    }
    let reach = exponential(
      min(10, NormalDistribution.ninetyPercent * max(0, variance).squareRoot()))
    let step = plan.prediction.step
    return PredictionRange(
      step: (step / reach)...(step * reach), fitsProbability: fitsProbability(of: plan))
  }

  package func fitsProbability(of plan: Plan) -> Double {
    let fullest = plan.stages.map { $0.memory.total / $0.memoryLimit }.max() ?? 0
    guard fullest > 0 else { return 1 }
    guard memoryDeviation > 0 else { return plan.fits ? 1 : 0 }
    return NormalDistribution.cumulative(-logarithm(fullest) / memoryDeviation)
  }
}
