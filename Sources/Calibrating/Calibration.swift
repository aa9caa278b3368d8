import Costing
import Hardware
import Planning
import Quantities

/// Fits a cost profile to one's own measurements.
package struct Calibration: Sendable {
  package var steps: [MeasuredStep]
  package var layers: [MeasuredLayer]
  /// Peak memory of the steps, where it was measured.
  package var peakMemories: [ByteCount?]
  /// What was measured before, which the new profile goes on from.
  package var earlier: CostProfile?
  /// What is fitted from: the published figures, or the earlier profile over these.
  let base: CostParameters

  package init(
    steps: [MeasuredStep], layers: [MeasuredLayer], peakMemories: [ByteCount?],
    base: CostParameters, earlier: CostProfile? = nil
  ) {
    precondition(steps.count == peakMemories.count, "one peak, or none, for each step")
    self.steps = steps
    self.layers = layers
    self.peakMemories = peakMemories
    self.earlier = earlier
    self.base = earlier?.parameters(over: base) ?? base
  }

  /// Why numbers cannot be fitted.
  package enum Obstacle: Error, Hashable, Sendable {
    /// More numbers than measurements.
    case tooMany(asked: Int, measurements: Int)
    /// No measurement depends on the number, or none apart from those before it in the list.
    case undetermined(index: Int)
  }

  package struct Outcome: Sendable {
    package var profile: CostProfile
    package var names: [String]
    /// ln(predicted / measured) of every measurement, steps first, before and after.
    package var before: [Double]
    package var after: [Double]
    /// Measurements so far off that they count linearly.
    package var outliers: [Int]
  }

  /// - Parameter places: what to fit; left out, what explains the measurements, at most one number for
  ///   two of them.
  package func outcome(
    fitting places: [CostParameterSlot.Place]? = nil
  ) -> Result<Outcome, Obstacle> {
    let observations = observations
    guard let places else {
      let (part, seen) = thinned(to: 128, observations)
      let slots = part.explanation(of: seen, standingFor: observations.count)
      return .success(fitted(slots, observations))
    }
    if places.count > observations.count {
      return .failure(.tooMany(asked: places.count, measurements: observations.count))
    }
    let slots = places.map(slot)
    let order = Sensitivity(slots, observations, base)
    if let index = order.firstUndetermined { return .failure(.undetermined(index: index)) }
    return .success(fitted(slots, observations))
  }

  /// Steps first, cut as is best at the start.
  var observations: [Observation] { costFit([]).observations(base) }

  static let huber = 0.05

  func costFit(_ slots: [CostParameterSlot]) -> CostFit {
    CostFit(
      slots, to: steps, layers: layers, base: base, huber: Self.huber, priorWeight: 0.001)
  }

  /// A machine may be far from the published ones, but not from what its numbers mean.
  func slot(_ place: CostParameterSlot.Place) -> CostParameterSlot {
    let usual = CostParameterSlot.usual(place)
    return CostParameterSlot(
      place, prior: place.value(in: base), spread: 3 * usual.spread, bounds: usual.bounds)
  }

  private func fitted(
    _ slots: [CostParameterSlot], _ observations: [Observation]
  ) -> Outcome {
    let fit = costFit(slots)
    let result = fit.fitted(rounds: 2, iterations: 20, from: observations)
    let parameters = fit.parameters(result.values)
    let before = observations.map { $0.residual(base) }
    let after = observations.map { $0.residual(parameters) }
    let deviation = Self.deviation(after, fitted: slots.count)
    let scale = deviation * deviation
    let covariance = result.inverseCurvature.map { $0.map { $0 * scale } }
    let memory = memoryFit(parameters)
    let profile = CostProfile(
      entries: zip(slots, result.values).map { CostProfile.Entry($0.place, $1) },
      covariance: covariance, stepDeviation: deviation, memoryDeviation: memory.deviation,
      runtimeMemory: memory.runtime)
    return Outcome(
      profile: earlier?.revised(by: profile) ?? profile,
      names: slots.map(\.name), before: before, after: after,
      outliers: after.indices.filter { abs(after[$0]) > max(0.05, 3 * deviation) })
  }

  /// Robust standard deviation, from the median of absolute residuals, widened by the numbers that
  /// were fitted; at least what repeated runs differ by, and no more than a profile can say.
  private static func deviation(_ residuals: [Double], fitted: Int) -> Double {
    let n = Double(residuals.count)
    let freedom = max(1, n - Double(fitted))
    let sizes = residuals.map(abs).sorted()
    guard !sizes.isEmpty else { return leastDeviation }
    let middle = sizes[sizes.count / 2]
    return min(10, max(leastDeviation, 1.4826 * middle * (n / freedom).squareRoot()))
  }

  static let leastDeviation = 0.01
  /// Of published rows whose memory the driver reported.
  private static let usualMemoryDeviation = 0.08

  /// The runtime's own memory as the median of what measured peaks hold beyond the model's parts.
  private func memoryFit(_ parameters: CostParameters) -> (runtime: ByteCount?, deviation: Double) {
    let pairs = zip(steps, peakMemories).compactMap { step, peak in
      peak.map { (step.plan(parameters).prediction.peakMemory, $0) }
    }
    guard !pairs.isEmpty else { return (nil, Self.usualMemoryDeviation) }
    let own = parameters.software.runtimeMemory
    let rests = pairs.map { ($0.1 - ($0.0 - own)).value }.sorted()
    let runtime = ByteCount(max(0, rests[rests.count / 2]))
    let residuals = pairs.map { logarithm(($0.0 - own + runtime) / $0.1) }
    let spread = Self.deviation(residuals, fitted: 1)
    return (runtime, pairs.count < 3 ? max(spread, Self.usualMemoryDeviation) : spread)
  }
}
