import Costing

/// What all layers together cost on each pool under each split that a search has met, summed over
/// kinds of layers: bounds need no more, and a split costs O(kinds · operators) where a `StageTable`
/// takes every layer.
final class PoolSlices {
  private let problem: ClusterProblem
  /// Layers of each kind.
  let counts: [Double]
  private var known: [Key: StrategySlice] = [:]
  private var knownRates: [RatesKey: SliceRates] = [:]

  init(_ problem: ClusterProblem) {
    self.problem = problem
    var counts = [Double](repeating: 0, count: problem.graph.kinds.count)
    for node in problem.graph.nodes { counts[node.kind] += 1 }
    self.counts = counts
  }

  private struct Key: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
  }

  /// Without the gathers of sharded weights, which depend on the replicas, and as if there were more than
  /// one: a bound where weights or gradients are sharded.
  func slice(_ parallelism: LayerParallelism, pool: Int) -> StrategySlice {
    var key = Key(pool: pool, parallelism: parallelism)
    key.parallelism.zeroStage = parallelism.zeroStage.representative
    key.parallelism.data = 1
    key.parallelism.isShardedOverOne = false
    if let slice = known[key] { return slice }
    let slice = StrategySlice(problem.pools[pool], counts: counts, key.parallelism)
    known[key] = slice
    return slice
  }

  private struct RatesKey: Hashable {
    var base: ParallelStrategy
    var constraints: SearchConstraints
    var partsBatches: Bool
  }

  /// Of all pools' slices under each split. They are of all schedules: searches that differ in these alone share
  /// them.
  func rates(
    _ base: ParallelStrategy, _ space: MixedSpace, chunkOverhead: Double
  ) -> SliceRates {
    var key = RatesKey(
      base: base, constraints: space.constraints, partsBatches: space.partsBatches)
    key.constraints.schedule = []
    if let rates = knownRates[key] { return rates }
    let rates = SliceRates(base, space, self, chunkOverhead: chunkOverhead)
    knownRates[key] = rates
    return rates
  }

  /// Seconds of one micro-batch on all layers as one stage, passes and their overhead.
  func work(_ parallelism: LayerParallelism, pool: Int) -> Double {
    slice(parallelism, pool: pool).work
      + 2 * problem.parameters.software.microBatchOverhead.value
  }
}
