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
  package var base: CostParameters

  package init(
    steps: [MeasuredStep], layers: [MeasuredLayer], peakMemories: [ByteCount?],
    base: CostParameters
  ) {
    precondition(steps.count == peakMemories.count, "one peak, or none, for each step")
    self.steps = steps
    self.layers = layers
    self.peakMemories = peakMemories
    self.base = base
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

  /// - Parameter places: what to fit; left out, as much as the measurements determine, at most one
  ///   number for two of them.
  package func outcome(
    fitting places: [CostParameterSlot.Place]? = nil
  ) -> Result<Outcome, Obstacle> {
    let observations =
      steps.map { $0.observation(cutFor: base) } + layers.map(\.observation)
    let chosen: [CostParameterSlot.Place]
    if let places {
      if places.count > observations.count {
        return .failure(.tooMany(asked: places.count, measurements: observations.count))
      }
      let order = Sensitivity(places, observations, base)
      if let index = order.firstUndetermined { return .failure(.undetermined(index: index)) }
      chosen = places
    } else {
      chosen = Sensitivity(candidates, observations, base)
        .mostDetermined(atMost: max(1, observations.count / 2))
    }
    return .success(fitted(chosen, observations))
  }

  /// What a machine's own measurements can speak about, apart from the published figures.
  private var candidates: [CostParameterSlot.Place] {
    var places: [CostParameterSlot.Place] = []
    let seen = Set((steps.map(\.pool) + layers.map(\.pool)).map(\.accelerator.architecture))
    for architecture in Accelerator.Architecture.allCases where seen.contains(architecture) {
      places += CostParameterSlot.ChipField.allCases.map { .chip(architecture, $0) }
    }
    for field in [
      CostParameterSlot.SoftwareField.stepOverhead, .microBatchOverhead, .gradientOverlap,
      .weightGatherOverlap, .expertRate, .expertExposure, .expertNetworkExposure,
    ] {
      places.append(.software(field))
    }
    return places
  }

  private func fitted(
    _ places: [CostParameterSlot.Place], _ observations: [Observation]
  ) -> Outcome {
    let slots = places.map { place in
      // A machine may be far from the published ones, but not from what its numbers mean.
      let usual = CostParameterSlot.usual(place)
      return CostParameterSlot(
        place, prior: place.value(in: base), spread: 3 * usual.spread, bounds: usual.bounds)
    }
    let fit = CostFit(
      slots, to: steps, layers: layers, base: base, huber: 0.05, priorWeight: 0.0025)
    let result = fit.fitted(rounds: 2, iterations: 20)
    let parameters = fit.parameters(result.values)
    let before = observations.map { $0.residual(base) }
    let after = observations.map { $0.residual(parameters) }
    let deviation = Self.deviation(after, fitted: places.count)
    let scale = deviation * deviation
    let covariance = result.inverseCurvature.map { $0.map { $0 * scale } }
    let memory = memoryFit(parameters)
    return Outcome(
      profile: CostProfile(
        entries: zip(places, result.values).map { CostProfile.Entry($0, $1) },
        covariance: covariance, stepDeviation: deviation,
        memoryDeviation: memory.deviation, runtimeMemory: memory.runtime),
      names: slots.map(\.name), before: before, after: after,
      outliers: after.indices.filter { abs(after[$0]) > max(0.05, 3 * deviation) })
  }

  /// Robust standard deviation, from the median of absolute residuals, widened by the numbers that
  /// were fitted; at least what repeated runs differ by.
  private static func deviation(_ residuals: [Double], fitted: Int) -> Double {
    let n = Double(residuals.count)
    let freedom = max(1, n - Double(fitted))
    let sizes = residuals.map(abs).sorted()
    guard !sizes.isEmpty else { return leastDeviation }
    let middle = sizes[sizes.count / 2]
    return max(leastDeviation, 1.4826 * middle * (n / freedom).squareRoot())
  }

  private static let leastDeviation = 0.01
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
