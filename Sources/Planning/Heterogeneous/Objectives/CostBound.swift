import Costing
import Quantities

/// What a step of a plan over two pools or more costs at least, whichever way it is split, cut and scheduled.
///
/// Let y GPUs of a pool, at the price π each, be used in a step of S seconds, so that z = y·S are its GPU-seconds;
/// the step costs Σ π·z over the pools.
///
/// - *Work.* A seat (a stage of some replicas on one pool) has t·c·d GPUs, for d replicas of `t` tensor- and `c`
///   context-parallel ranks, each of which runs m micro-batches of s sequences. S ≥ m·w, where w are its layers'
///   own passes: of the pool's GPU-seconds, a layer's passes over one sequence take t·c·w / s. Every parameter is
///   updated by some GPU, too. So z ≥ Σ x·W, where W are the GPU-seconds of all layers of one kind on the pool,
///   with the split and micro-batch that are best for the kind, and x is the part of them that it does. Experts may
///   be exchanged, and sharded weights gathered, beyond the pool: neither is counted.
/// - *Memory.* All states of the model lie somewhere: Σ y·room ≥ M, so that Σ z·room ≥ M·S.
/// - *Size.* y is no more than the pool's GPUs: z ≤ G·S.
///
/// With any prices θ for work and μ for memory, π ≤ θ + μ·room raised by ν where it is more, and therefore
///
///     Σ π·z ≥ Σ over kinds of min over pools of θ·W + S·(μ·M − Σ ν·G)
///
/// where ν = max(0, θ + μ·room − π). If Σ ν·G ≤ μ·M, the first term is a bound whatever S is: with μ = 0 each layer
/// is where its work is cheapest; the larger μ, the more is told by that the cheap pool is too small for the
/// model. The best μ is found by ternary search, and θ = max(π − μ·room, λ / ΣW) with the largest λ that is
/// allowed.
///
/// No rule of order, degrees or cuts enters, so that the bound holds for all plans that use several pools.
struct CostBound {
  private let problem: ClusterProblem
  private let prices: StepPrices
  /// By pool and kind of layer: the least GPU-seconds of all layers of the kind.
  private let work: [[Double]]
  /// By pool: bytes of states that a GPU may hold.
  private let room: [Double]
  /// Bytes of all states, each held once.
  private let states: Double

  /// Nil where it was to stop before.
  ///
  /// Complexity: O(pools · splits · micro-batch sizes · kinds · operators) at most.
  init?(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, _ prices: StepPrices,
    shouldStop: () -> Bool = { false }
  ) {
    self.problem = problem
    self.prices = prices
    var work: [[Double]] = []
    for pool in problem.pools {
      guard let least = LeastWork(pool, problem, constraints, shouldStop) else { return nil }
      work.append(least.seconds)
    }
    self.work = work
    room = problem.pools.map { max(0, ($0.memoryLimit - $0.runtimeMemory).value) }
    states = problem.pools.reduce(.infinity) { min($0, $1.leastStates) }
  }

  private var pools: Range<Int> { prices.ofGPU.indices }
  private func gpus(_ pool: Int) -> Double { Double(problem.cluster.pools[pool].gpus) }

  /// Of a step; infinite where no GPUs hold the model.
  var least: Double {
    guard states < pools.reduce(0, { $0 + gpus($1) * room[$1] }) else { return .infinity }
    var (low, high) = (0.0, mostForMemory)
    for _ in 0..<Self.rounds {
      let (a, b) = (low + (high - low) / 3, high - (high - low) / 3)
      if target(a) < target(b) { low = a } else { high = b }
    }
    return max(cost(memory: 0), cost(memory: (low + high) / 2))
  }

  /// Of a step that keeps so many GPUs of each pool at work all the time, or more with some idle.
  func least(using gpus: [Int]) -> Double {
    var (price, rate) = (0.0, 0.0)
    for pool in pools where gpus[pool] > 0 {
      price += Double(gpus[pool]) * prices.ofGPU[pool]
      rate += Double(gpus[pool]) / work[pool].reduce(0, +)
    }
    return price / rate
  }

  private static let rounds = 60

  /// What memory may be priced with at most: beyond that, no price of work is left.
  private var mostForMemory: Double {
    let spare = pools.reduce(-states) { $0 + gpus($1) * room[$1] }
    let paid = pools.reduce(0) { $0 + gpus($1) * prices.ofGPU[$1] }
    return pools.reduce(paid / spare) { max($0, room[$1] > 0 ? prices.ofGPU[$1] / room[$1] : 0) }
  }

  /// λ for a price of memory: the most that all work may cost everywhere.
  private func target(_ memory: Double) -> Double {
    func isAllowed(_ target: Double) -> Bool {
      let raised = pools.reduce(0.0) {
        $0 + gpus($1) * max(0, rate($1, target) + memory * room[$1] - prices.ofGPU[$1])
      }
      return raised <= memory * states
    }
    let most = pools.reduce(0.0) { most, pool in
      let all = work[pool].reduce(0, +)
      return all.isFinite
        ? max(most, (prices.ofGPU[pool] + memory * states / gpus(pool)) * all) : most
    }
    var (low, high) = (0.0, most)
    for _ in 0..<Self.rounds {
      let middle = (low + high) / 2
      if isAllowed(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// λ / ΣW
  private func rate(_ pool: Int, _ target: Double) -> Double {
    target / work[pool].reduce(0, +)
  }

  private func cost(memory: Double) -> Double {
    let target = target(memory)
    let theta = pools.map {
      max(0, prices.ofGPU[$0] - memory * room[$0], rate($0, target))
    }
    // Rounding, and a pool whose memory is worth more than it costs, may take too much.
    let raised = pools.reduce(0.0) {
      $0 + gpus($1) * max(0, theta[$1] + memory * room[$1] - prices.ofGPU[$1])
    }
    guard raised <= memory * states * (1 + 1e-9) else { return 0 }
    let layers = work[0].indices.reduce(0.0) { sum, kind in
      sum
        + pools.reduce(.infinity) { least, pool in
          min(least, theta[pool] > 0 ? theta[pool] * work[pool][kind] : 0)
        }
    }
    // Of two pools one GPU each waits for the software.
    let overhead = problem.parameters.stepOverhead(of: problem.job).value
    return (layers + overhead * theta.sorted().prefix(2).reduce(0, +)) * (1 - 1e-9)
  }
}

/// The least GPU-seconds that layers take on one pool, by kind.
private struct LeastWork {
  private(set) var seconds: [Double]
  private let pool: PlanningProblem

  /// Nil where it was to stop before.
  init?(
    _ pool: PlanningProblem, _ problem: ClusterProblem, _ constraints: SearchConstraints,
    _ shouldStop: () -> Bool
  ) {
    self.pool = pool
    let job = problem.job
    seconds = problem.graph.kinds.map { _ in .infinity }
    let sizes = job.globalBatchSize.divisors.filter {
      BaseChoices.allows($0, constraints.microBatchSize)
    }
    // Experts may be spread over more GPUs than the pool has.
    let experts = MixedSpace(problem, constraints).choices.experts
    var free = constraints
    free.expert = [1]
    var wasStopped = false
    StrategySpace(pool, free).forEachSplit { split, _ in
      wasStopped = wasStopped || shouldStop()
      guard !wasStopped else { return }
      for expert in experts {
        var sized = split
        sized.expert = expert
        // A multiple of every tile: no batching makes a sequence take less.
        sized.microBatchSize = 128 * job.globalBatchSize
        guard zip(passes(sized), seconds).contains(where: { $0 < $1 }) else { continue }
        for size in sizes {
          sized.microBatchSize = size
          seconds = zip(passes(sized), seconds).map(min)
        }
      }
    }
    guard !wasStopped else { return nil }
    let end = StepEnd(
      collectives: pool.costs.collectives(LayerParallelism()), kernels: pool.costs.kernels,
      job: job, parallelism: LayerParallelism(zeroStage: .none))
    func update(_ parameters: Double) -> Double {
      end.optimizerTime(parameters: parameters, expertParameters: 0).value
    }
    // Launches do not grow with what is updated.
    let updating = (update(2e9) - update(1e9)) / 1e9
    for kind in seconds.indices {
      let count = Double(problem.graph.nodes.count { $0.kind == kind })
      let layer =
        Double(job.globalBatchSize) * seconds[kind]
        + updating * Double(pool.parametersOfKinds[kind])
      seconds[kind] = count > 0 ? count * layer : 0
    }
  }

  /// Of a sequence through one layer of each kind.
  private func passes(_ split: LayerParallelism) -> [Double] {
    let each = Double(split.tensor * split.context) / Double(split.microBatchSize)
    return pool.costs.layerCosts(split).map { cost in
      let exchanged = cost.forward.expert + cost.backward.expert
      return each * (cost.ownPasses - exchanged).value
    }
  }
}

extension PlanningProblem {
  /// Bytes of weights, gradients and optimizer states of the whole model, each held once, whichever framework
  /// shards them.
  fileprivate var leastStates: Double {
    let whole = LayerParallelism()
    let layers = costs.layerCosts(whole)
    var (dense, expert) = (0.0, 0.0)
    for kind in kinds {
      dense += layers[kind].parameters
      expert += layers[kind].expertParameters
    }
    var least = Double.infinity
    for zero in ZeroStage.allCases {
      let alone = costs.states(LayerParallelism(zeroStage: zero))
      let split = costs.states(LayerParallelism(tensor: 2, zeroStage: zero))
      least = min(
        least,
        dense * min(alone.perParameter, split.perParameter) + expert * alone.perExpertParameter)
    }
    return least
  }
}
