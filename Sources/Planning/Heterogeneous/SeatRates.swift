import Costing
import Quantities
import Scheduling

/// What of a pool, split one way, bounds any pipeline that uses it: no stage is cut yet.
final class SeatRates {
  /// Groups that the pool holds: stages at most.
  let groups: Int
  /// Seconds to reduce all gradients, and to update all weights, as one stage.
  let reduction: Double
  let update: Double
  /// The most common kind of layer.
  let common: Int
  let block: BlockRates
  /// Seconds that a stage takes for each chunk of a micro-batch beside its layers.
  let overhead: Double
  /// The least part that the forward pass is of a layer's passes.
  let forwardPart: Double
  /// Seconds of all layers of each kind for one micro-batch, up to the gradient that is sent on where
  /// weight gradients may wait.
  let passes: [Double]
  let gradientPasses: [Double]
  /// The least part that a layer's passes without weight gradients are of all.
  let gradientPart: Double
  /// See `TripBound`: of 1F1B, and of ZB-H1.
  let forwardAhead: RunAhead
  let splitAhead: RunAhead

  /// - Parameters:
  ///   - slice: All layers' sums under `parallelism`, whose replicas and ZeRO stage are a stage's.
  ///   - counts: Layers of each kind.
  init(
    _ problem: PlanningProblem, _ slice: StrategySlice, _ parallelism: LayerParallelism,
    groups: Int, counts: [Double], recompute: RecomputePolicy
  ) {
    let end = StepEnd(
      collectives: problem.costs.collectives(parallelism), kernels: problem.costs.kernels,
      job: problem.job, parallelism: parallelism)
    let (dense, expert) = (slice.parameters, slice.expertParameters)
    func reduction(_ times: Double) -> Double {
      end.exposedReduction(
        parameters: times * dense, expertParameters: times * expert, tiedBytes: .zero,
        forward: .zero, backward: .zero, microBatches: 1
      ).value
    }
    func update(_ times: Double) -> Double {
      end.optimizerTime(parameters: times * dense, expertParameters: times * expert).value
    }
    self.groups = groups
    overhead = 2 * problem.costs.parameters.software.microBatchOverhead.value
    // Latencies do not grow with a stage: only the slopes are shared out.
    self.reduction = reduction(2) - reduction(1)
    self.update = update(2) - update(1)
    let most = counts.indices.max { counts[$0] < counts[$1] }!
    common = most
    block = BlockRates(problem, slice.costs[most], parallelism, recompute: recompute)
    forwardPart = slice.forwardFraction
    passes = slice.passes(counts, withWeights: true)
    gradientPasses = slice.passes(counts, withWeights: false)
    gradientPart = 1 - slice.weightFraction
    forwardAhead = .forward(slice, counts: counts, common: most)
    splitAhead = .split(slice, counts: counts, common: most)
  }
}

extension StrategySlice {
  /// Seconds by kind, of all layers.
  func passes(_ counts: [Double], withWeights: Bool) -> [Double] {
    zip(costs, counts).map { cost, count in
      count * (cost.ownPasses - (withWeights ? .zero : cost.weightGradient)).value
    }
  }
}
