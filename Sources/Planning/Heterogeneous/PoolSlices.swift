import Costing

/// What all layers together cost on each pool under each split that a search has met, summed over
/// kinds of layers: bounds need no more, and a split costs O(kinds · operators) where a `StageTable`
/// takes every layer.
final class PoolSlices {
  private let problem: ClusterProblem
  /// Layers of each kind.
  let counts: [Double]
  /// The most common kind.
  let common: Int
  private var known = SharedMemo<Key, PoolSlice>()
  private var knownRates = SharedMemo<RatesKey, SliceRates>()

  init(_ problem: ClusterProblem) {
    self.problem = problem
    counts = problem.graph.nodesOfKinds.map(Double.init)
    common = problem.graph.commonKind.kind
  }

  /// For a search beside this one.
  init(beside other: PoolSlices) {
    (problem, counts, common) = (other.problem, other.counts, other.common)
    (known, knownRates) = (other.known.beside, other.knownRates.beside)
  }

  /// Lets the others have what is new, while none of them is at work.
  func share() {
    known.share()
    knownRates.share()
  }

  private struct Key: Hashable {
    var pool: Int
    var parallelism: LayerParallelism

    /// Of what differs most: searches ask often.
    func hash(into hasher: inout Hasher) {
      let split = parallelism.tensor << 16 | parallelism.context
      hasher.combine(split << 32 | parallelism.microBatchSize << 4 | pool & 15)
    }
  }

  /// Without the gathers of sharded weights, which depend on the replicas, and as if there were more than
  /// one: a bound where weights or gradients are sharded.
  func slice(_ parallelism: LayerParallelism, pool: Int) -> StrategySlice {
    whole(parallelism, pool: pool).slice
  }

  /// The same with what bounds ask of it.
  func whole(_ parallelism: LayerParallelism, pool: Int) -> PoolSlice {
    var key = Key(pool: pool, parallelism: parallelism)
    key.parallelism.zeroStage = parallelism.zeroStage.representative
    key.parallelism.data = 1
    key.parallelism.isShardedOverOne = false
    return known.value(key) {
      PoolSlice(
        StrategySlice(problem.pools[pool], counts: counts, key.parallelism), counts: counts,
        common: common)
    }
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
    // Working them out asks for slices.
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
