import Costing
import Hardware
import Planning

/// Which numbers to fit, where nobody says.
extension Calibration {
  /// Numbers that explain the measurements, by forward selection: the one that promises most is fitted with
  /// those before it, and kept if that is worth a number more (the Bayesian information criterion, Schwarz
  /// 1978: n·ln(mean loss) + k·ln n, for the `count` measurements that these stand for). What nothing
  /// speaks against stays as it was published.
  ///
  /// Complexity: some small fits for each number that is kept.
  func explanation(standingFor count: Int) -> [CostParameterSlot] {
    let observations =
      steps.map { $0.observation(cutFor: base) } + layers.map(\.observation)
    let slots = candidates(observations).map(slot)
    let count = Double(count)
    var chosen: [Int] = []
    var parameters = base
    var residuals = observations.map { $0.residual(base) }
    while chosen.count < max(1, observations.count / 2) {
      let loss = Self.meanLoss(residuals)
      guard loss > Self.leastDeviation * Self.leastDeviation else { break }
      let promising = Sensitivity(slots, observations, parameters)
        .explaining(residuals, beside: chosen).prefix(5)
      var isBetter = false
      for next in promising {
        let fit = costFit((chosen + [next]).map { slots[$0] })
        let candidate = fit.parameters(fit.fitted(rounds: 1, iterations: 10).values)
        let left = observations.map { $0.residual(candidate) }
        guard count * logarithm(Self.meanLoss(left) / loss) + logarithm(max(2, count)) < 0 else {
          continue
        }
        (parameters, residuals, isBetter) = (candidate, left, true)
        chosen.append(next)
        break
      }
      guard isBetter else { break }
    }
    return chosen.sorted().map { slots[$0] }
  }

  /// About `count` measurements, evenly drawn: they tell which numbers matter as all of them do.
  func thinned(to count: Int) -> Calibration {
    let every = max(1, (steps.count + layers.count) / count)
    func drawn<Element>(_ list: [Element]) -> [Element] {
      stride(from: 0, to: list.count, by: every).map { list[$0] }
    }
    return Calibration(
      steps: drawn(steps), layers: drawn(layers), peakMemories: drawn(peakMemories), base: base)
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
