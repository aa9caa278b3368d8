import Costing

/// What a search has made of each pool so far: its layers' costs under each split, and how it looks to
/// groups that go on in other pools.
final class SeatTables {
  private let problem: ClusterProblem
  private var known: [Key: StageTable] = [:]
  private var reaching: [Reach: PlanningProblem] = [:]

  init(_ problem: ClusterProblem) { self.problem = problem }

  private struct Reach: Hashable {
    var pool: Int
    var gpus: Int
  }

  private struct Key: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
  }

  /// `ClusterProblem.pool(_:reachingBeyond:)`, made once.
  func pool(_ index: Int, reachingBeyond gpus: Int) -> PlanningProblem {
    let key = Reach(pool: index, gpus: gpus)
    if let known = reaching[key] { return known }
    let made = problem.pool(index, reachingBeyond: gpus)
    reaching[key] = made
    return made
  }

  func table(_ parallelism: LayerParallelism, pool: Int) -> StageTable {
    var key = Key(pool: pool, parallelism: parallelism)
    // Only sharded weights make a layer's cost depend on the replicas, which then are neighbours.
    key.parallelism.stagesBetweenReplicas = 1
    key.parallelism.zeroStage = parallelism.zeroStage.representative
    if parallelism.zeroStage != .weights {
      if parallelism.expert == 1 { key.parallelism.data = 1 }
    }
    if let table = known[key] { return table }
    let table = problem.pools[pool].table(key.parallelism)
    known[key] = table
    return table
  }
}
