import Costing
import Planning
import Quantities

/// Fits numbers of the cost model to timed steps.
///
/// Residuals are logarithms of predicted over measured time, so that an error of a factor counts the
/// same either way and on any scale.
package struct CostFit: Sendable {
  package var slots: [CostParameterSlot]
  package var steps: [MeasuredStep]
  package var layers: [MeasuredLayer]
  /// What the numbers that are not fitted are taken from.
  package var base: CostParameters
  package var huber: Double
  package var priorWeight: Double

  package init(
    _ slots: [CostParameterSlot], to steps: [MeasuredStep], layers: [MeasuredLayer] = [],
    base: CostParameters, huber: Double = 0.05, priorWeight: Double = 0.0025
  ) {
    self.slots = slots
    self.steps = steps
    self.layers = layers
    self.base = base
    self.huber = huber
    self.priorWeight = priorWeight
  }

  package func parameters(_ values: [Double]) -> CostParameters {
    var parameters = base
    for (slot, value) in zip(slots, values) { slot.set(value, in: &parameters) }
    return parameters
  }

  /// Fits from `start`, or from the base's values. Stages are cut as is best for the values at the
  /// start of each of `rounds`.
  ///
  /// Complexity: each of `rounds` · `iterations` predicts, once for every slot, the steps that it
  /// concerns.
  ///
  /// - Parameter observations: Those that stages cut for the base make, for the first round, if they are
  ///   at hand.
  package func fitted(
    rounds: Int = 2, iterations: Int = 8, from observations: [Observation]? = nil
  ) -> LeastSquares.Fit {
    let squares = LeastSquares(
      parameters: slots.map {
        LeastSquares.Parameter(
          $0.name, prior: $0.prior, spread: $0.spread, bounds: $0.bounds)
      }, huber: huber, priorWeight: priorWeight)
    var values = slots.map {
      min(max($0.value(in: base), $0.bounds.lowerBound), $0.bounds.upperBound)
    }
    let weights = steps.map(\.weight) + layers.map(\.weight)
    var fit: LeastSquares.Fit?
    for round in 0..<max(1, rounds) {
      let known = round == 0 ? observations : nil
      let evaluator = Evaluator(self, known ?? self.observations(parameters(values)))
      let result = squares.fit(from: values, weights: weights, iterations: iterations) {
        evaluator.residuals($0, changed: $1)
      }
      values = result.values
      fit = result
    }
    guard let fit else { preconditionFailure("at least one round") }
    return fit
  }

  package func observations(_ parameters: CostParameters) -> [Observation] {
    steps.map { $0.observation(cutFor: parameters) } + layers.map(\.observation)
  }

  /// Remembers the last whole evaluation, so that moving one number predicts only what it concerns.
  private final class Evaluator {
    let fit: CostFit
    let observations: [Observation]
    let concerned: [[Int]]
    var last: [Double] = []

    init(_ fit: CostFit, _ observations: [Observation]) {
      self.fit = fit
      self.observations = observations
      concerned = fit.slots.map { slot in
        observations.indices.filter {
          slot.concerns(observations[$0].architecture, observations[$0].stack)
        }
      }
    }

    func residuals(_ values: [Double], changed slot: Int?) -> [Double] {
      let parameters = fit.parameters(values)
      guard let slot, last.count == observations.count else {
        last = observations.map { $0.residual(parameters) }
        return last
      }
      var moved = last
      for index in concerned[slot] { moved[index] = observations[index].residual(parameters) }
      return moved
    }
  }
}

extension Observation {
  /// ln(predicted / measured)
  package func residual(_ parameters: CostParameters) -> Double {
    logarithm(predicted(parameters) / measured)
  }
}

/// Natural logarithm of a positive number, by its exponent and the series of artanh.
func logarithm(_ x: Double) -> Double {
  precondition(x > 0 && x.isFinite, "a positive number")
  // x = m · 2^e with m around 1: ln m = 2·artanh((m − 1)/(m + 1)).
  var exponent = Double(x.exponent)
  var mantissa = x.significand
  if mantissa > 1.4142135623730951 {
    mantissa /= 2
    exponent += 1
  }
  let t = (mantissa - 1) / (mantissa + 1)
  let square = t * t
  var (term, sum) = (t, 0.0)
  for k in stride(from: 1.0, through: 31, by: 2) {
    sum += term / k
    term *= square
  }
  return 2 * sum + exponent * 0.6931471805599453
}
