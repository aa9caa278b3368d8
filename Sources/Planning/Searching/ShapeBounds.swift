import Costing
import Hardware
import Scheduling

/// The strategies of one shape, a slice on so many stages and replicas, each with what no cut of its
/// pipeline undercuts, in whichever order its ranks lie: `StrategyBound`, and the end of a step on the
/// mean stage.
struct ShapeBounds {
  private let space: StrategySpace
  private let slice: StrategySlice
  private let stages: Int
  private let microBatches: Int
  private let parallelism: LayerParallelism
  /// The usual one first; never none.
  private let orders: [DeviceMesh.Order]
  private var bound: StrategyBound

  /// A strategy, in what a shape leaves open.
  struct Strategy {
    var zero: ZeroStage
    var recompute: RecomputePolicy
    var schedule: PipelineSchedule
    var chunks: Int
    /// The bound, without what a step takes whatever the split.
    var seconds: Double
  }

  private struct Schedule {
    var kind: PipelineSchedule
    var chunks: Int
  }

  /// Nil where the batch does not divide among the replicas, or ranks may lie in no order.
  /// - Parameter freedom: Of the slice's split.
  init?(
    _ space: StrategySpace, _ slice: StrategySlice, _ freedom: StrategySpace.RankFreedom,
    stages: Int, data: Int
  ) {
    guard let microBatches = space.microBatches(slice.parallelism, data: data) else { return nil }
    orders = space.rankOrders(freedom, pipeline: stages, data: data)
    guard !orders.isEmpty else { return nil }
    self.space = space
    self.slice = slice
    self.stages = stages
    self.microBatches = microBatches
    var parallelism = slice.parallelism
    parallelism.data = data
    self.parallelism = parallelism
    bound = StrategyBound(
      slice, overhead: space.problem.costs.parameters.software.microBatchOverhead.value,
      stages: stages, microBatches: microBatches, layout: space.problem.chunks,
      cutsEvenly: !space.constraints.allowsUnevenChunks)
  }

  /// How ranks lie, and how else they may.
  var rankOrders: (usual: DeviceMesh.Order, other: DeviceMesh.Order?) {
    (orders[0], orders.dropFirst().first)
  }

  /// Visits the strategies whose bound is below `limit`, and returns the number of the others; those
  /// that one bound excludes together count once.
  ///
  /// Complexity: O(strategies · stages) at most.
  mutating func forEachStrategy(below limit: Double, _ visit: (Strategy) -> Void) -> Int {
    var excluded = 0
    var schedules: [Schedule] = []
    schedules.reserveCapacity(8)
    space.forEachSchedule(pipeline: stages, microBatches: microBatches) { schedule, chunks in
      if bound.seconds(schedule, chunks: chunks, upTo: limit) < limit {
        schedules.append(Schedule(kind: schedule, chunks: chunks))
      } else {
        excluded += 1
      }
    }
    guard !schedules.isEmpty else { return excluded }
    let problem = space.problem
    let collectives = orders.map { order in
      var split = parallelism
      split.stagesBetweenReplicas = order.stagesBetweenReplicas(
        pipeline: stages, data: parallelism.data)
      return problem.costs.collectives(split)
    }
    // Other cuts may be narrower.
    if stages > 1, problem.coversAllOrders {
      let narrowest = problem.costs.boundaryBytes(at: problem.narrowestCut, parallelism)
      let send = collectives.reduce(Double.infinity) { min($0, $1.leastSend(narrowest).value) }
      bound.sends = Double(stages - 1) * send
      bound.slowestSend = collectives.reduce(Double.infinity) {
        min($0, $1.send(narrowest, fromStage: 0, toStage: stages - 1).value)
      }
    }
    let most = schedules.reduce(1) { max($0, $1.chunks) }
    for zero in space.zeroChoices(parallelism, data: parallelism.data) {
      var split = parallelism
      split.zeroStage = zero
      var end: Double?
      for recompute in space.recomputeChoices(split) {
        bound.recompute(recompute, RecomputationFloor(space, slice, split, recompute))
        for schedule in schedules {
          var seconds = bound.seconds(schedule.kind, chunks: schedule.chunks, upTo: limit)
          if seconds < limit {
            let known = end ?? leastEnd(split, collectives, chunks: most)
            end = known
            seconds += known
          }
          guard seconds < limit else {
            excluded += 1
            continue
          }
          visit(
            Strategy(
              zero: zero, recompute: recompute, schedule: schedule.kind, chunks: schedule.chunks,
              seconds: seconds))
        }
      }
    }
    return excluded
  }

  /// Of the step, with so many chunks a stage at most: the least of the orders of ranks.
  private func leastEnd(
    _ split: LayerParallelism, _ collectives: [CollectiveTime], chunks: Int
  ) -> Double {
    let problem = space.problem
    let overhead = problem.costs.parameters.software.microBatchOverhead.value
    return collectives.reduce(Double.infinity) { least, collectives in
      let end = StepEnd(
        collectives: collectives, kernels: problem.costs.kernels, job: problem.job,
        parallelism: split)
      let mean = EndFloor.mean(
        end, forward: slice.forward, backward: slice.backward, parameters: slice.parameters,
        expertParameters: slice.expertParameters, hasReduction: problem.everyLayerHasParameters,
        overhead: overhead * Double(chunks), stages: stages, microBatches: microBatches)
      return min(least, mean.reduction + mean.optimizer)
    }
  }
}
