import Costing
import Hardware
import Quantities

/// The best plan of a planner that takes all GPUs for alike: for the slowest type, with the smallest
/// memory, on one network. What it would really do is predicted on the pools as they are.
struct EvenPlan {
  let problem: ClusterProblem

  init(_ problem: ClusterProblem) { self.problem = problem }

  /// How often the search is asked whether to stop, once it has a plan.
  private static let patience = 64

  /// Of the shapes that a search meets on its way to the best, those that can be laid over the pools.
  func best(_ constraints: SearchConstraints) -> MixedPlan? {
    guard let alike else { return nil }
    var whole = constraints
    // Stages and replicas that fill the pools: all others would lie on two.
    let units = problem.cluster.pools.reduce(0) { greatestCommonDivisor($0, $1.gpus) }.divisors
    whole.pipeline = units.map { problem.cluster.gpus / $0 } + [1]
    whole.data = units
    if !constraints.pipeline.isEmpty { whole.pipeline = constraints.pipeline }
    if !constraints.data.isEmpty { whole.data = constraints.data }
    whole.alternatives = 8
    var asked = 0
    var search = StrategySearch(alike, whole)
    let found = search.run {
      asked += 1
      return asked > Self.patience
    }.found
    let plans = found.compactMap { candidate -> MixedPlan? in
      guard let strategy = spread(candidate.strategy) else { return nil }
      let real = MixedPlan(problem, strategy, candidate.split, devices: [])
      return real.plan.fits ? real : nil
    }
    return plans.min { $0.plan.prediction.step < $1.plan.prediction.step }
  }

  /// All GPUs as one pool of the slowest type.
  private var alike: PlanningProblem? {
    let pools = problem.cluster.pools
    guard let level = problem.cluster.interPool,
      pools.allSatisfy({ $0.gpusPerNode == pools[0].gpusPerNode })
    else { return nil }
    let alone = ParallelStrategy(zeroStage: .none)
    let slowest = problem.pools.indices.max { a, b in
      problem.pools[a].table(alone.layerParallelism).wholeTime
        < problem.pools[b].table(alone.layerParallelism).wholeTime
    }!
    var pool = pools[slowest]
    pool.nodeNames = pools.flatMap(\.nodeNames)
    pool.memory = pools.map(\.memory).min()!
    pool.levels = pool.levels.filter { $0.span <= pool.gpusPerNode }
    if pool.nodes > 1 {
      var network = level
      network.span = pool.gpus
      pool.levels.append(network)
    }
    return problem.alone(on: pool)
  }

  /// The same strategy with its ranks on the pools' GPUs one after another; nil where a stage, or
  /// with one stage a replica, would lie on two pools.
  func spread(_ strategy: ParallelStrategy) -> MixedStrategy? {
    let pools = problem.cluster.pools
    let replica = strategy.tensor * strategy.context
    let unit = strategy.pipeline == 1 ? replica : replica * strategy.data
    guard strategy.gpus == problem.cluster.gpus,
      pools.allSatisfy({ $0.gpus.isMultiple(of: unit) })
    else { return nil }
    func seat(_ pool: Int, data: Int) -> StageSeat {
      StageSeat(
        pool: pool, tensor: strategy.tensor, data: data, microBatchSize: strategy.microBatchSize)
    }
    if strategy.pipeline == 1 {
      let lanes = pools.indices.map {
        Lane(
          seats: [seat($0, data: pools[$0].gpus / unit)], microBatches: strategy.microBatches)
      }
      return MixedStrategy(base: strategy, lanes: lanes)
    }
    let seats = pools.indices.flatMap { pool in
      Array(repeating: seat(pool, data: strategy.data), count: pools[pool].gpus / unit)
    }
    return MixedStrategy(
      base: strategy, lanes: [Lane(seats: seats, microBatches: strategy.microBatches)])
  }
}

extension MixedPlan {
  /// Whether the plan is one that a request asks for.
  func meets(_ constraints: SearchConstraints) -> Bool {
    let base = plan.strategy
    return BaseChoices.allows(base.pipeline, constraints.pipeline)
      && BaseChoices.allows(base.virtualStages, constraints.virtualStages)
      && BaseChoices.allows(base.data, constraints.data)
  }
}
