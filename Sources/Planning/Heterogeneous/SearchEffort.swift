/// How much a search may do, in numbers that do not depend on the machine.
package struct SearchEffort: Hashable, Sendable {
  /// Layouts that are looked at.
  package var layouts = 4000
  /// States of the reach table of one layout, and of all that are filled.
  package var statesPerLayout = 1 << 13
  package var states = 1 << 21
  /// Table entries of one layout, and of all.
  package var entriesPerLayout = 1 << 19
  package var entries = 1 << 21
  /// Layouts of unequal replicas that are looked at.
  package var laneLayouts = 64
  /// Stages tried by all walks, and by one.
  package var tries = 1 << 16
  package var triesPerState = 1 << 12
  /// Combinations of one way to split each pool that are looked at: once there are more than are left, no more
  /// are.
  package var choices = Int.max
  /// Small changes that are tried on the best plan.
  package var changes = 256
  /// Plans kept.
  package var kept = 16

  package init() {}

  /// For pipelines whose stages are not all replicated equally often: there are many more ways to split pools
  /// for these. What they gain is a shorter pipeline, which means the less the more micro-batches there are,
  /// as there are for many GPUs.
  func partingBatches(gpus: Int) -> SearchEffort {
    var effort = self
    effort.layouts /= 16
    effort.states /= 16
    effort.entries /= 16
    effort.tries /= 16
    effort.choices = min(choices, Self.choicesOfGPUs / gpus)
    return effort
  }

  private static let choicesOfGPUs = 1 << 21
}
