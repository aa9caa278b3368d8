/// How far a search has come. Figures are in what its objective counts: seconds a step, or GPU-seconds
/// where those are paid for, or what these cost where pools differ in price.
package struct SearchProgress: Hashable, Sendable {
  /// Of the best plan so far; infinite while there is none.
  package var best: Double
  /// No plan takes less.
  package var bound: Double
  package var strategiesConsidered: Int
  package var strategiesPruned: Int

  package init(
    best: Double, bound: Double, strategiesConsidered: Int, strategiesPruned: Int
  ) {
    self.best = best
    self.bound = min(bound, best)
    self.strategiesConsidered = strategiesConsidered
    self.strategiesPruned = strategiesPruned
  }

  /// The same under another bound.
  func bounded(by bound: Double) -> SearchProgress {
    SearchProgress(
      best: best, bound: bound, strategiesConsidered: strategiesConsidered,
      strategiesPruned: strategiesPruned)
  }

  /// (best − bound) / best, at most 1: there is nothing to compare with before a first plan.
  package var gapFraction: Double { best.isFinite && best > 0 ? (best - bound) / best : 1 }
}
