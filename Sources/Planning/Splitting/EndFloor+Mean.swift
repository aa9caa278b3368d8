import Costing
import Quantities

extension EndFloor {
  /// Reduction and update of a stage that has the mean of all stages.
  ///
  /// The times are linear in parameters and passes, cut off at zero, so the slowest stage is no
  /// faster. A collective's latency is the exception, as it is not paid for nothing: a stage without
  /// parameters, or without experts, has none. So the reduction counts only where every layer has
  /// parameters, and leaves out that of experts, which not every layer has.
  static func mean(
    _ end: StepEnd, forward: Double, backward: Double, parameters: Double,
    expertParameters: Double, hasReduction: Bool, overhead: Double, stages: Int,
    microBatches: Int
  ) -> (reduction: Double, optimizer: Double) {
    let parts = Double(stages)
    let dense = parameters / parts
    let update = end.optimizerTime(
      parameters: dense, expertParameters: expertParameters / parts)
    guard hasReduction else { return (0, update.value) }
    let reduction = end.exposedReduction(
      parameters: dense, expertParameters: 0, tiedBytes: .zero,
      forward: Seconds(forward / parts + overhead), backward: Seconds(backward / parts + overhead),
      microBatches: microBatches)
    return (reduction.value, update.value)
  }
}
