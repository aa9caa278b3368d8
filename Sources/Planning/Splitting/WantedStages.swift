/// The stages that can be part of a plan that takes less than a cutoff, with what they take.
///
/// A class, as the innermost loops share it without copying.
final class WantedStages {
  let probe: SplitProbe
  let cutoff: Double
  /// What the slowest reduction and the slowest update take at least, whatever the split.
  let leastEnds: SIMD2<Double>
  private let costs: SplitCosts
  /// The same of the schedule.
  private let schedule: Double
  /// The most that a stage's update may take, and what it takes for each parameter.
  private let longestUpdate: Double
  private let updatePerParameter: Double
  private let updatePerExpertParameter: Double

  init(_ probe: SplitProbe, schedule: Double, ends: EndFloor, cutoff: Double) {
    self.probe = probe
    self.schedule = schedule
    self.cutoff = cutoff
    costs = probe.costs
    leastEnds = SIMD2(ends.reduction, ends.optimizer)
    // Linear in the parameters; sums are formed in another order than where it is predicted.
    let end = costs.model.end
    func update(_ parameters: Double, _ expertParameters: Double) -> Double {
      end.optimizerTime(parameters: parameters, expertParameters: expertParameters).value
    }
    let none = update(0, 0)
    updatePerParameter = (update(1e9, 0) - none) / 1e9
    updatePerExpertParameter = (update(0, 1e9) - none) / 1e9
    longestUpdate = (cutoff - schedule - ends.reduction) * (1 + 1e-9) - none
  }

  /// Whether a plan can take less than the cutoff that takes so long at least.
  func allows(schedule: Double, ends: SIMD2<Double> = .zero) -> Bool {
    max(self.schedule, schedule) + pointwiseMax(leastEnds, ends).sum() < cutoff
  }

  /// What bounds the schedule of a stage that holds a range, and its reduction and update; nil where it is
  /// in no such plan, or does not fit.
  func seconds(
    _ stage: Int, _ range: Range<Int>
  ) -> (schedule: Double, ends: SIMD2<Double>)? {
    // The update excludes most stages where it takes long.
    let (before, after) = (costs.table.sums[range.lowerBound], costs.table.sums[range.upperBound])
    guard
      updatePerParameter * (after.parameters - before.parameters)
        + updatePerExpertParameter * (after.expertParameters - before.expertParameters)
        <= longestUpdate,
      let passes = costs.passes(stage: stage, range)
    else { return nil }
    let seconds = probe.bound.seconds(
      stage: stage, probe.bound.upstream(stage: stage, start: range.lowerBound), passes,
      end: range.upperBound)
    guard allows(schedule: seconds) else { return nil }
    let own = costs.stepEnd(range, passes)
    let ends = SIMD2(own.reduction, own.optimizer)
    return allows(schedule: seconds, ends: ends) ? (seconds, ends) : nil
  }
}
