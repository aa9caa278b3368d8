import Costing
import Hardware
import Quantities

/// The best plan of a planner that takes all GPUs for alike: for the slowest type, with the smallest
/// memory, on one network. What it would really do is predicted on the pools as they are.
struct EvenPlan {
  let problem: ClusterProblem

  init(_ problem: ClusterProblem) { self.problem = problem }

  /// The best that such a planner finds in a limited search, with as many stages as fill the pools.
  func best(_ constraints: SearchConstraints, shouldStop: () -> Bool) -> MixedPlan? {
    guard let alike else { return nil }
    // GPUs of a stage, so that none lies on two pools.
    let units = problem.cluster.pools.reduce(0) { greatestCommonDivisor($0, $1.gpus) }.divisors
    var whole = constraints
    whole.pipeline = ([1] + units.reversed().map { problem.cluster.gpus / $0 }).filter {
      $0 <= problem.graph.nodes.count && BaseChoices.allows($0, constraints.pipeline)
    }
    // Stages are spread over the pools one after another.
    whole.rankOrder = [.tensorContextDataPipeline]
    whole.alternatives = 0
    guard !whole.pipeline.isEmpty else { return nil }
    let candidates = StrategySearch.goodPlans(
      alike, whole, fillsPool: true, shouldStop: shouldStop)
    for candidate in candidates {
      guard let strategy = spread(candidate.strategy) else { continue }
      let real = MixedPlan(problem, strategy, candidate.split, devices: [])
      if real.plan.fits { return real }
    }
    return nil
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
      && BaseChoices.allows(base.rankOrder, constraints.rankOrder)
  }
}

extension StageTable {
  /// Of all layers, nothing recomputed.
  fileprivate var wholeTime: Double { sums[nodeCount].forward + sums[nodeCount].backward }
}
