import Costing

/// The layers' costs on each pool under each split that a search has met.
final class SeatTables {
  private let problem: ClusterProblem
  private var known: [Key: StageTable] = [:]

  init(_ problem: ClusterProblem) { self.problem = problem }

  private struct Key: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
  }

  func table(_ parallelism: LayerParallelism, pool: Int) -> StageTable {
    var key = Key(pool: pool, parallelism: parallelism)
    // Only sharded weights make a layer's cost depend on the replicas.
    if parallelism.zeroStage != .weights {
      key.parallelism.zeroStage = .none
      if parallelism.expert == 1 { key.parallelism.data = 1 }
    }
    if let table = known[key] { return table }
    let table = problem.pools[pool].table(key.parallelism)
    known[key] = table
    return table
  }
}
