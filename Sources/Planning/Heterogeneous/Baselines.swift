import Costing
import Quantities

/// What knowing the differences between pools is held against: the best plan on each pool alone, and
/// the best that takes all GPUs for alike.
///
/// A comparison needs a good plan and no proof. So each pool is searched where most good plans are, the
/// most powerful first: one that cannot beat those before it is given up at once. Only when a good plan
/// over several pools is known is each pool asked for a better one of any kind, and then to the end.
final class Baselines {
  let problem: ClusterProblem
  let tables: SearchTables
  private let constraints: SearchConstraints
  /// The best plan of each pool, as far as it was looked for.
  private(set) var alone: [MixedPlan] = []
  private(set) var even: MixedPlan?
  /// The least that a plan on one pool might still take.
  private(set) var open = Double.infinity
  private(set) var considered = 0
  private(set) var pruned = 0

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, tables: SearchTables
  ) {
    self.problem = problem
    self.tables = tables
    var fastest = constraints
    fastest.objective = .throughput
    fastest.alternatives = 0
    self.constraints = fastest
  }

  /// All of them that a request asks for.
  var plans: [MixedPlan] {
    alone + (even.map { $0.meets(constraints) ? [$0] : [] } ?? [])
  }

  func run(shouldStop: () -> Bool) {
    var best = Double.infinity
    let byPower = problem.pools.indices.sorted { (power($1), $0) < (power($0), $1) }
    for pool in byPower where mayHold(pool) {
      let found = StrategySearch.goodPlans(
        problem.pools[pool], constraints, below: best, shouldStop: shouldStop)
      keep(found.first, pool: pool, &best)
    }
    if !shouldStop() {
      even = EvenPlan(problem).best(constraints, shouldStop: shouldStop)
    }
  }

  /// Goes through each pool for plans that take less than `best`.
  func close(below best: Double, shouldStop: () -> Bool) {
    var best = best
    for pool in problem.pools.indices {
      var search = StrategySearch(problem.pools[pool], constraints, below: best)
      let result = search.run(shouldStop: shouldStop)
      considered += result.considered
      pruned += result.pruned
      open = min(open, problem.pools[pool].coversAllOrders ? result.bound : result.orderFreeBound)
      keep(result.found.first, pool: pool, &best)
    }
  }

  private func keep(
    _ found: StrategySearch.Candidate?, pool: Int, _ best: inout Double
  ) {
    guard let found, found.score < best else { return }
    let plan = MixedPlan(
      problem, MixedStrategy(found.strategy, pool: pool), found.split, devices: [],
      tables: tables.seats)
    best = min(best, plan.step)
    alone.append(plan)
  }

  /// Whether all GPUs of a pool together have room for every parameter's states once.
  private func mayHold(_ pool: Int) -> Bool {
    let (own, gpus) = (problem.pools[pool], Double(problem.cluster.pools[pool].gpus))
    return ZeroStage.allCases.contains { zero in
      let alone = LayerParallelism(zeroStage: zero)
      let (states, slice) = (own.costs.states(alone), tables.slices.slice(alone, pool: pool))
      let bytes =
        slice.parameters * states.perParameter
        + slice.expertParameters * states.perExpertParameter
      return bytes <= gpus * own.room(alone).value * (1 + 1e-9)
    }
  }

  private func power(_ pool: Int) -> Double {
    let whole = ParallelStrategy(zeroStage: .none).layerParallelism
    return Double(problem.cluster.pools[pool].gpus) / tables.slices.work(whole, pool: pool)
  }
}

extension StrategySearch {
  /// Strategies in a row that a search looks at for nothing, and how often one for any plan tells how far it
  /// has come, once it has one.
  private static let patience = (usual: 32, any: 64)

  /// The best of the usual plans or nearly so, the best first; if there are none, some of any kind.
  static func goodPlans(
    _ problem: PlanningProblem, _ constraints: SearchConstraints, below cutoff: Double = .infinity,
    fillsPool: Bool = false, shouldStop: () -> Bool
  ) -> [Candidate] {
    var usual = StrategySearch(
      problem, constraints.usual, below: cutoff, patience: patience.usual,
      fillsPool: fillsPool)
    let found = usual.run(shouldStop: shouldStop).found
    if !found.isEmpty || cutoff < .infinity { return found }
    var any = StrategySearch(problem, constraints, fillsPool: fillsPool)
    var told = 0
    return any.run(
      shouldStop: { told > patience.any || shouldStop() },
      onProgress: { told += $0.best.isFinite ? 1 : 0 }
    ).found
  }
}

extension SearchConstraints {
  /// Small micro-batches, whole sequences and no more than optimizer states sharded, where a request
  /// leaves these open.
  var usual: SearchConstraints {
    var usual = self
    if microBatchSize.isEmpty { usual.microBatchSize = [1, 2, 4] }
    if context.isEmpty { usual.context = [1] }
    if zeroStage.isEmpty { usual.zeroStage = [.none, .optimizer] }
    return usual
  }
}
