import Hardware
import Quantities

/// The plan over several pools whose step costs least: its time, times the price of all GPUs that it uses.
///
/// Of every pool alone the cheapest plan is searched to the end. What a plan over several pools costs at least
/// is told by `CostBound`; mostly that is more than the best pool's plan. Where it is not (the cheap pool is too
/// small for the model, or memory makes work dear there), plans over parts of the cluster are looked at: on GPUs
/// that are all used, the fastest plan is the cheapest, so that a search for fast plans is asked about the pools
/// whose work is cheapest and a growing part of the next one. A part on which work as a whole is too dear is
/// passed over: what leaves some of its GPUs idle is a plan for a smaller one.
struct ClusterCostSearch {
  let problem: ClusterProblem
  let prices: StepPrices
  private let constraints: SearchConstraints
  private let effort: SearchEffort
  /// Cheapest first, and of equals the fastest.
  private(set) var found: [MixedPlan] = []
  /// The least that a plan may cost which was not looked at, or not to the end.
  private(set) var open = Double.infinity
  private(set) var considered = 0
  private(set) var pruned = 0

  init(_ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort) {
    self.problem = problem
    self.constraints = constraints
    self.effort = effort
    prices = StepPrices(problem.cluster)
  }

  private var best: Double { found.first.map(prices.cost) ?? .infinity }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    defer { report(onProgress) }
    let bound = CostBound(problem, constraints, prices, shouldStop: shouldStop)
    let least = bound?.least ?? 0
    let order = poolsByPrice
    for pool in order { searchAlone(pool, shouldStop, onProgress) }
    open = min(open, least)
    guard let bound, least < best, !shouldStop() else { return }
    for part in parts(order) where bound.least(using: part.gpus(problem.pools.count)) < best {
      if shouldStop() { return }
      search(part, shouldStop)
      report(onProgress)
    }
    guard found.isEmpty else { return }
    // The one that holds least, if any.
    if let leanest = problem.leanest(constraints, effort: effort, shouldStop) {
      keep(leanest.plan)
    }
  }

  private func report(_ onProgress: (SearchProgress) -> Void) {
    onProgress(
      SearchProgress(
        best: best, bound: open, strategiesConsidered: considered, strategiesPruned: pruned))
  }

  private mutating func keep(_ plan: MixedPlan) {
    let prices = prices
    let own = (prices.cost(plan), plan.plan.prediction.step)
    found.keep(plan, most: 4 * effort.kept) { own < (prices.cost($0), $0.plan.prediction.step) }
  }

  // MARK: Pools alone

  /// By what the passes of all layers cost on one GPU of each, the cheapest first.
  private var poolsByPrice: [Int] {
    let slices = PoolSlices(problem)
    let split = ParallelStrategy(zeroStage: .none).layerParallelism
    let costs = problem.pools.indices.map { prices.ofGPU[$0] * slices.work(split, pool: $0) }
    return costs.indices.sorted { (costs[$0], $0) < (costs[$1], $1) }
  }

  private mutating func searchAlone(
    _ pool: Int, _ shouldStop: () -> Bool, _ onProgress: (SearchProgress) -> Void
  ) {
    let price = prices.ofGPU[pool]
    // The search counts GPU-seconds.
    var search = StrategySearch(
      problem.pools[pool], constraints, below: price > 0 ? best / price : .infinity)
    let (known, considered, pruned) = (best, considered, pruned)
    let result = search.run(shouldStop: shouldStop) {
      var progress = $0
      // Until all other plans are bounded, no plan is.
      progress.bound = 0
      // A hair more: plans are priced in another order.
      progress.best = min(known, $0.best * price * (1 + 1e-9))
      progress.strategiesConsidered += considered
      progress.strategiesPruned += pruned
      onProgress(progress)
    }
    self.considered += result.considered
    self.pruned += result.pruned
    let bound =
      problem.pools[pool].coversAllOrders ? result.bound : result.orderFreeBound
    open = min(open, price > 0 ? bound * price : 0)
    for candidate in result.found {
      keep(
        MixedPlan(
          problem, MixedStrategy(candidate.strategy, pool: pool), candidate.split, devices: []))
    }
  }

  // MARK: Parts of the cluster

  /// Some GPUs of some pools.
  private struct Part {
    /// Of the cluster's pools, in their order, and GPUs of each.
    var pools: [(index: Int, gpus: Int)]

    /// Of each of so many pools.
    func gpus(_ count: Int) -> [Int] {
      var gpus = [Int](repeating: 0, count: count)
      for pool in pools { gpus[pool.index] = pool.gpus }
      return gpus
    }
  }

  /// The first pools with all GPUs and the next with some, more and more: parts of a node that divide it, then
  /// nodes, half as many again each time.
  private func parts(_ order: [Int]) -> [Part] {
    order.indices.dropFirst().flatMap { place -> [Part] in
      let whole = order[..<place].map { ($0, problem.cluster.pools[$0].gpus) }
      let pool = problem.cluster.pools[order[place]]
      var sizes = pool.gpusPerNode.divisors
      while let last = sizes.last, last < pool.gpus {
        let nodes = last / pool.gpusPerNode
        sizes.append(min((nodes + max(1, nodes / 2)) * pool.gpusPerNode, pool.gpus))
      }
      return sizes.map { size in
        let pools = whole + [(order[place], size)]
        return Part(pools: pools.sorted { $0.0 < $1.0 }.map { (index: $0.0, gpus: $0.1) })
      }
    }
  }

  private mutating func search(_ part: Part, _ shouldStop: () -> Bool) {
    var cluster = problem.cluster
    cluster.pools = part.pools.map { cluster.pools[$0.index].first($0.gpus) }
    let smaller = problem.on(cluster)
    let plans = fast(smaller, constraints, shouldStop)
    var sharded = constraints
    sharded.zeroStage = [.gradients, .weights]
    let all =
      plans.isEmpty && constraints.zeroStage.isEmpty ? fast(smaller, sharded, shouldStop) : plans
    for plan in all {
      var strategy = plan.strategy
      for lane in strategy.lanes.indices {
        for stage in strategy.lanes[lane].seats.indices {
          let pool = strategy.lanes[lane].seats[stage].pool
          strategy.lanes[lane].seats[stage].pool = part.pools[pool].index
        }
      }
      keep(MixedPlan(problem, strategy, plan.split, devices: []))
    }
  }

  /// Fast plans of several pools.
  private mutating func fast(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, _ shouldStop: () -> Bool
  ) -> [MixedPlan] {
    guard let part = constraints.byChunks.first else { return [] }
    let (tables, slices) = (SeatTables(problem), PoolSlices(problem))
    let searches: [any PoolSearch] = [
      MixedSearch(
        problem, part, effort: effort, tables: tables, slices: slices, incumbents: []),
      LaneSearch(problem, part, effort: effort, tables: tables, slices: slices, incumbents: []),
    ]
    return searches.flatMap { search in
      search.sketch(shouldStop: shouldStop)
      considered += search.considered
      pruned += search.pruned
      return search.found
    }
  }
}

extension Pool {
  /// Its first GPUs: some of one node, or whole nodes.
  fileprivate func first(_ gpus: Int) -> Pool {
    var part = self
    part.gpusPerNode = min(gpusPerNode, gpus)
    part.nodeNames = Array(nodeNames.prefix(gpus / part.gpusPerNode))
    var outermost = levels.first { $0.span >= gpus } ?? levels[levels.count - 1]
    outermost.span = gpus
    part.levels = levels.filter { $0.span < gpus } + [outermost]
    return part
  }
}
