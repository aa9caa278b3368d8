import Costing

/// What layers cost under the splits that searches of one model have met, kept for those that follow.
///
/// They follow from the model, the pool and the job: not from the job's global batch, the memory that GPUs
/// may use, or what a request asks of the search.
package protocol SliceStore: Sendable {
  /// The slice of a split, with or without the gathers of sharded weights, or else the one that `make`
  /// makes.
  func slice(
    _ split: LayerParallelism, includesGathers: Bool, _ make: () -> StrategySlice
  ) -> StrategySlice
  /// The same of its table.
  func table(_ split: LayerParallelism, _ make: () -> StageTable) -> StageTable
}

extension PlanningProblem {
  func slice(
    _ split: LayerParallelism, counts: [Double], includesGathers: Bool = false
  ) -> StrategySlice {
    func make() -> StrategySlice {
      StrategySlice(self, counts: counts, split, includesGathers: includesGathers)
    }
    return slices?.slice(split, includesGathers: includesGathers, make) ?? make()
  }

  /// The costs of a strategy's layers at every cut.
  package func table(_ parallelism: LayerParallelism) -> StageTable {
    guard let slices else { return table(costs.layerCosts(parallelism)) }
    let key = parallelism.ofTable
    return slices.table(key) { table(costs.layerCosts(key)) }
  }

  /// The same, where the layers' costs are at hand: those of a slice for as many replicas.
  func table(_ parallelism: LayerParallelism, _ slice: StrategySlice) -> StageTable {
    slices?.table(parallelism.ofTable) { table(slice.costs) } ?? table(slice.costs)
  }
}

extension LayerParallelism {
  /// The first split whose layers cost as much: only sharded weights make them depend on the replicas.
  fileprivate var ofTable: LayerParallelism {
    guard zeroStage != .weights else { return self }
    var split = self
    split.zeroStage = zeroStage.representative
    (split.data, split.stagesBetweenReplicas) = (1, 1)
    return split
  }
}
