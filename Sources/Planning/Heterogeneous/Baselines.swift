import Costing
import Quantities

/// What knowing the differences between pools is held against: the best plan on each pool alone, and
/// the best that takes all GPUs for alike.
///
/// A comparison needs a good plan and no proof. So the pools are planned for by the search for mixed
/// pipelines, given one pool and little effort, the most powerful first: one that cannot beat those
/// before it is given up at once. Only when a good plan over several pools is known is each pool's own
/// search asked whether it has a better one (with interleaving, and all its sharding), and then to the
/// end.
struct Baselines {
  let problem: ClusterProblem
  let tables: SeatTables
  let slices: PoolSlices
  private let constraints: SearchConstraints
  /// The best plan of each pool, as far as it was looked for.
  private(set) var alone: [MixedPlan] = []
  private(set) var even: MixedPlan?
  /// The least that a plan on one pool might still take.
  private(set) var open = Double.infinity
  private(set) var considered = 0
  private(set) var pruned = 0

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, tables: SeatTables,
    slices: PoolSlices
  ) {
    self.problem = problem
    self.tables = tables
    self.slices = slices
    var fastest = constraints
    fastest.objective = .throughput
    fastest.alternatives = 0
    self.constraints = fastest
  }

  /// All of them that a request asks for.
  var plans: [MixedPlan] {
    alone + (even.map { $0.meets(constraints) ? [$0] : [] } ?? [])
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void
  ) {
    for pool in problem.pools.indices.sorted(by: { (power($1), $0) < (power($0), $1) }) {
      let best = alone.min { $0.plan.prediction.step < $1.plan.prediction.step }
      var search = MixedSearch(
        problem, constraints, effort: .baseline, pools: [pool], tables: tables, slices: slices,
        incumbents: best.map { [$0] } ?? [])
      search.run(shouldStop: shouldStop, onProgress: onProgress)
      considered += search.considered
      pruned += search.pruned
      if let found = search.found.first, found != best { alone.append(found) }
    }
    even = EvenPlan(problem).best(constraints, shouldStop: shouldStop)
  }

  /// Goes through each pool for plans that take less than `best`.
  mutating func close(below best: Double, shouldStop: () -> Bool) {
    var best = best
    for pool in problem.pools.indices {
      var search = StrategySearch(problem.pools[pool], constraints, below: best)
      let result = search.run(shouldStop: shouldStop)
      considered += result.considered
      pruned += result.pruned
      open = min(open, problem.pools[pool].coversAllOrders ? result.bound : result.orderFreeBound)
      guard let found = result.found.first else { continue }
      let plan = MixedPlan(
        problem, MixedStrategy(found.strategy, pool: pool), found.split, devices: [],
        tables: tables)
      best = min(best, plan.plan.prediction.step.value)
      alone.append(plan)
    }
  }

  private func power(_ pool: Int) -> Double {
    let whole = ParallelStrategy(zeroStage: .none).layerParallelism
    return Double(problem.cluster.pools[pool].gpus) / slices.work(whole, pool: pool)
  }
}

extension SearchEffort {
  /// For a plan to compare with.
  static var baseline: SearchEffort {
    var effort = SearchEffort()
    effort.layouts = 48
    effort.states = 1 << 16
    effort.entries = 1 << 14
    effort.tries = 1 << 11
    effort.triesPerState = 1 << 9
    effort.kept = 1
    return effort
  }
}
