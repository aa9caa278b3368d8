import Costing
import Hardware
import Planning

/// Which numbers to fit, where nobody says.
extension Calibration {
  /// Numbers that explain the measurements, by forward selection: the one that promises most is fitted with
  /// those before it, and kept if that is worth a number more (the Bayesian information criterion, Schwarz
  /// 1978: n·ln(mean loss) + k·ln n, for the `count` measurements that these stand for). What nothing
  /// speaks against stays as it was published. Not the one that leaves least is taken: that may be one that
  /// would have to be far off, and then speaks falsely of other models. For the same reason one that is wanted
  /// at an end of its range stays on strong evidence alone (a difference of 6, Kass & Raftery 1995).
  ///
  /// Where none is worth it alone, two of the most promising may be together.
  ///
  /// Complexity: at most seven small fits for each number that is kept, and fifteen more.
  ///
  /// - Parameter observations: The calibration's own.
  func explanation(
    of observations: [Observation], standingFor count: Int
  ) -> [CostParameterSlot] {
    let slots = candidates(observations).map(slot)
    let count = Double(count)
    var residuals = Residuals(observations, base)
    var chosen: [Int] = []
    var parameters = base
    let worth = logarithm(max(2, count))
    func fitted(_ numbers: [Int]) -> CostParameters {
      let fit = costFit(numbers.map { slots[$0] })
      return fit.parameters(fit.fitted(rounds: 1, iterations: 10, from: observations).values)
    }
    while chosen.count < max(1, observations.count / 2),
      residuals.meanLoss > Self.leastDeviation * Self.leastDeviation
    {
      let promising = Sensitivity(slots, observations, parameters)
        .explaining(residuals.values, beside: chosen).prefix(5)
      // A slow host that a published overhead makes up for is seen by neither alone.
      let pairs =
        chosen.isEmpty
        ? promising.enumerated().flatMap { place, first in
          promising.dropFirst(place + 1).map { [first, $0] }
        } : []
      var isBetter = false
      for next in promising.map({ [$0] }) + pairs {
        let moved = fitted(chosen + next)
        let left = residuals.moved(observations, moved)
        isBetter =
          count * logarithm(left.meanLoss / residuals.meanLoss) + Double(next.count) * worth < 0
        if isBetter {
          (parameters, residuals) = (moved, left)
          chosen += next
          break
        }
      }
      guard isBetter else { break }
    }
    let (all, least) = (chosen, residuals.meanLoss)
    for doubtful in all where !slots[doubtful].isInside(parameters) {
      let others = chosen.filter { $0 != doubtful }
      let moved = fitted(others)
      let left = residuals.moved(observations, moved).meanLoss / least
      let evidence = count * logarithm(left) - Double(all.count - others.count) * worth
      // Few measurements are never strong evidence, but what errors grow much without is better than nothing.
      if evidence < 6, left < Self.littleMore { (chosen, parameters) = (others, moved) }
    }
    return chosen.sorted().map { slots[$0] }
  }

  /// By how much the mean loss may grow without a number at an end of its range.
  private static let littleMore = 1.25

  /// ln(predicted / measured) of measurements, and what that costs.
  private struct Residuals {
    /// Within limits: rows that are wrong are as if they were merely far off.
    let values: [Double]
    private let weights: [Double]
    private let limit: Double

    init(_ observations: [Observation], _ parameters: CostParameters) {
      let all = observations.map { $0.residual(parameters) }
      let middle = all.map(abs).sorted()[all.count / 2]
      // Three standard deviations, if most are right.
      self.init(all, observations.map(\.weight), within: max(0.5, 3 * 1.4826 * middle))
    }

    private init(_ values: [Double], _ weights: [Double], within limit: Double) {
      self.values = values.map { min(limit, max(-limit, $0)) }
      self.weights = weights
      self.limit = limit
    }

    /// The same measurements under other numbers.
    func moved(_ observations: [Observation], _ parameters: CostParameters) -> Residuals {
      Residuals(observations.map { $0.residual(parameters) }, weights, within: limit)
    }

    /// Huber's, as the fit's.
    var meanLoss: Double {
      let huber = Calibration.huber
      let sum = zip(values, weights).reduce(0) { sum, part in
        let size = abs(part.0)
        return sum + part.1 * (size <= huber ? size * size : huber * (2 * size - huber))
      }
      return max(sum / weights.reduce(0, +), .leastNormalMagnitude)
    }
  }

  /// About `count` measurements, evenly drawn, with their observations among all of them: they tell which
  /// numbers matter as all of them do.
  func thinned(
    to count: Int, _ observations: [Observation]
  ) -> (part: Calibration, observations: [Observation]) {
    let every = max(1, (steps.count + layers.count) / count)
    func drawn<Element>(_ list: [Element]) -> [Element] {
      stride(from: 0, to: list.count, by: every).map { list[$0] }
    }
    let part = Calibration(
      steps: drawn(steps), layers: drawn(layers), peakMemories: drawn(peakMemories), base: base)
    let (ofSteps, ofLayers) = (
      Array(observations.prefix(steps.count)), Array(observations.dropFirst(steps.count))
    )
    return (part, drawn(ofSteps) + drawn(ofLayers))
  }

  /// What a machine's own measurements can speak about, apart from the published figures.
  private func candidates(_ observations: [Observation]) -> [CostParameterSlot.Place] {
    var places: [CostParameterSlot.Place] = []
    let seen = Set((steps.map(\.pool) + layers.map(\.pool)).map(\.accelerator.architecture))
    for architecture in Accelerator.Architecture.allCases where seen.contains(architecture) {
      places += CostParameterSlot.ChipField.allCases.map { .chip(architecture, $0) }
    }
    let stacks = Set(observations.map(\.stack))
    places += [
      CostParameterSlot.SoftwareField.microBatchOverhead, .gradientOverlap, .weightGatherOverlap,
      .expertRate, .expertExposure, .expertNetworkExposure,
    ].map { .software($0) }
    // Every stack has a step overhead beside the software's, but for the one that is as old as that.
    places.append(
      stacks.contains(.lossScaled) ? .software(.stepOverhead) : .stack(.fused, .stepOverhead))
    for stack in SoftwareStack.allCases where stacks.contains(stack) {
      places += [CostParameterSlot.StackField.traffic, .backward, .hostForward, .hostBackward]
        .map { .stack(stack, $0) }
    }
    return places
  }
}

extension CostParameterSlot {
  /// Whether the value is none of the two that its range ends with.
  fileprivate func isInside(_ parameters: CostParameters) -> Bool {
    let value = value(in: parameters)
    return value > bounds.lowerBound * 1.001 && value < bounds.upperBound * 0.999
  }
}
