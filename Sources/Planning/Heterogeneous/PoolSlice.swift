import Costing
import Quantities

/// All layers' costs on one pool under one split, by kind: what all bounds on pipelines with such stages share.
final class PoolSlice {
  let slice: StrategySlice
  /// The most common kind of layer.
  let common: Int
  /// Seconds of all layers of each kind for one micro-batch, up to the gradient that is sent on where
  /// weight gradients may wait.
  let passes: [Double]
  let gradientPasses: [Double]
  /// See `TripBound`: of 1F1B, and of ZB-H1.
  let forwardAhead: RunAhead
  let splitAhead: RunAhead

  /// - Parameter counts: Layers of each kind.
  init(_ slice: StrategySlice, counts: [Double], common: Int) {
    self.slice = slice
    self.common = common
    passes = zip(slice.costs, counts).map { $1 * $0.ownPasses.value }
    gradientPasses = zip(slice.costs, counts).map {
      $1 * ($0.ownPasses - $0.weightGradient).value
    }
    forwardAhead = .forward(slice, counts: counts, common: common)
    splitAhead = .split(slice, counts: counts, common: common)
  }
}
