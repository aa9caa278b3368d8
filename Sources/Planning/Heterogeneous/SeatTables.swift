import Costing

/// What a search has made of each pool so far: its layers' costs under each split, and how it looks to
/// groups that go on in other pools.
final class SeatTables {
  private let problem: ClusterProblem
  private var known = SharedMemo<Key, StageTable>()
  private var reaching = SharedMemo<Reach, PlanningProblem>()

  init(_ problem: ClusterProblem) { self.problem = problem }

  /// For a search beside this one.
  init(beside other: SeatTables) {
    problem = other.problem
    (known, reaching) = (other.known.beside, other.reaching.beside)
  }

  /// Lets the others have what is new, while none of them is at work.
  func share() {
    known.share()
    reaching.share()
  }

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
    reaching.value(Reach(pool: index, gpus: gpus)) {
      problem.pool(index, reachingBeyond: gpus)
    }
  }

  func table(_ parallelism: LayerParallelism, pool: Int) -> StageTable {
    var key = Key(pool: pool, parallelism: parallelism)
    // Only sharded weights make a layer's cost depend on the replicas, which then are neighbours.
    key.parallelism.stagesBetweenReplicas = 1
    key.parallelism.zeroStage = parallelism.zeroStage.representative
    if parallelism.zeroStage != .weights {
      if parallelism.expert == 1 { key.parallelism.data = 1 }
    }
    return known.value(key) { problem.pools[pool].table(key.parallelism) }
  }
}
