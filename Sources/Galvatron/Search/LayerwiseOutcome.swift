/// What a layerwise search found.
package enum LayerwiseOutcome: Hashable, Sendable {
  case found(LayerwiseResult)
  case infeasible(LayerwiseInfeasibility)
  /// The search was stopped before it had found a plan, or shown that there is none.
  case undecided
}

package struct LayerwiseResult: Hashable, Sendable {
  package var plan: LayerwisePlan
  package var judge: Judge
  package var verdict: Verdict
  package var budget: MemoryBudget
  /// Seconds: no plan of the space takes less, for a batch of this size, by the judge.
  package var lowerBound: Double
  /// Families that were searched, and that a bound excluded without that.
  package var considered: Int
  package var pruned: Int

  /// How much faster a plan might be, as a part of the step; 0 where that is proved impossible. Sums in
  /// another order differ in the last digits, which count as nothing.
  package var gapFraction: Double {
    let gap = (verdict.seconds - lowerBound) / verdict.seconds
    return gap < 1e-12 ? 0 : gap
  }
}

package enum LayerwiseInfeasibility: Hashable, Sendable {
  /// Nothing divides the GPUs and the batch within the space.
  case noStrategy
  /// What comes nearest lacks this many MB on one stage.
  case memory(
    stage: Int, excess: Int, globalBatchSize: Int, microBatches: Int, stages: Int)
}
