import Costing
import Quantities
import Scheduling

/// What of a pool, split one way, bounds any pipeline that uses it: no stage is cut yet.
final class SeatRates {
  /// Groups that the pool holds: stages at most.
  let groups: Int
  /// Nodes that a group takes, in parts of one.
  let nodes: Double
  /// Seconds to reduce all gradients, and to update all weights, as one stage.
  let reduction: Double
  let update: Double
  let block: BlockRates
  let end: BlockEnd
  /// Seconds that a stage takes for each chunk of a micro-batch beside its layers.
  let overhead: Double
  /// The least part that the forward pass is of a layer's passes.
  let forwardPart: Double
  /// The least part that a layer's passes without weight gradients are of all.
  let gradientPart: Double
  /// See `PoolSlice`.
  let common: Int
  let passes: [Double]
  let gradientPasses: [Double]
  let forwardAhead: RunAhead
  let splitAhead: RunAhead

  /// - Parameters:
  ///   - whole: All layers' sums under `parallelism`, whose replicas and ZeRO stage are a stage's.
  init(
    _ problem: PlanningProblem, _ whole: PoolSlice, _ parallelism: LayerParallelism,
    groups: Int, recompute: RecomputePolicy
  ) {
    let slice = whole.slice
    let end = StepEnd(
      collectives: problem.costs.collectives(parallelism), kernels: problem.costs.kernels,
      job: problem.job, parallelism: parallelism)
    self.groups = groups
    nodes =
      Double(parallelism.tensor * parallelism.context * parallelism.data)
      / Double(problem.pool.gpusPerNode)
    (common, passes, gradientPasses) = (whole.common, whole.passes, whole.gradientPasses)
    (forwardAhead, splitAhead) = (whole.forwardAhead, whole.splitAhead)
    overhead = 2 * problem.costs.parameters.software.microBatchOverhead.value
    // Latencies do not grow with a stage: only the slopes are shared out.
    let (dense, expert) = (
      EndRate(end, slice.parameters, ofExperts: false),
      EndRate(end, slice.expertParameters, ofExperts: true)
    )
    reduction = dense.reduction * slice.parameters + expert.reduction * slice.expertParameters
    update = dense.update * slice.parameters + expert.update * slice.expertParameters
    block = BlockRates(problem, slice.costs[whole.common], parallelism, recompute: recompute)
    self.end = BlockEnd(problem, end, slice.costs, common: whole.common, dense, expert)
    forwardPart = slice.forwardFraction
    gradientPart = 1 - slice.weightFraction
  }
}
