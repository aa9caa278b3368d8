import Hardware
import Quantities

/// Finds out why no plan over several pools satisfies a request, and the smallest changes with which one does.
/// Every change is tried, as long as there is time.
struct ClusterInfeasibility {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let effort: SearchEffort

  /// Nil where it was stopped before it knew which plan comes nearest.
  ///
  /// - Parameter shouldStop: Once it says so, it goes on saying so.
  func run(_ shouldStop: () -> Bool) -> Infeasibility? {
    let leanest = problem.ignoringMemory.leanest(constraints, effort: effort, shouldStop)
    // Of a search that was broken off there may be a leaner one.
    if shouldStop() { return nil }
    guard let nearest = leanest else { return noStrategy(shouldStop) }
    let plan = problem.placed(MixedPlan(problem, nearest.plan.strategy, nearest.plan.split)).plan
    let excesses = plan.stages.map { $0.memory.total - $0.memoryLimit }
    let worst = excesses.indices.max { excesses[$0] < excesses[$1] } ?? 0
    return Infeasibility(
      reason: .memory(nearest: plan, stage: worst, excess: max(excesses[worst], .zero)),
      remedies: looserConstraints(shouldStop) + lessHeadroom(plan)
        + ["use GPUs with \((nearest.memory / usable).inGibibytes) of memory or more in all pools"]
        + moreNodes(shouldStop))
  }

  /// The part of a GPU's memory that a plan may take.
  private var usable: Double { 1 - problem.memoryHeadroomFraction }

  /// Constraints that stand in the way on some pool do so on all of them together.
  private func noStrategy(_ shouldStop: () -> Bool) -> Infeasibility? {
    var remedies: [String] = []
    for pool in problem.pools {
      guard
        let found = InfeasibilitySearch(problem: pool, constraints: constraints).run(shouldStop)
      else { return nil }
      if case .memory = found.reason { return found }
      if remedies.isEmpty { remedies = found.remedies }
    }
    return Infeasibility(reason: .noStrategy([]), remedies: remedies)
  }

  // MARK: Remedies

  private func looserConstraints(_ shouldStop: () -> Bool) -> [String] {
    SearchDimension.allCases.compactMap { dimension in
      guard dimension.isConstrained(constraints), !shouldStop(),
        let found = problem.leanest(dimension.freed(constraints), effort: effort, shouldStop)
      else { return nil }
      return "leave \(dimension.rawValue) free: "
        + "\(dimension.value(of: found.plan.strategy.base)) makes it fit"
    }
  }

  private func lessHeadroom(_ nearest: Plan) -> [String] {
    let taken = nearest.stages.reduce(0) { max($0, $1.memory.total / ($1.memoryLimit / usable)) }
    guard taken <= 1 else { return [] }
    let left = ((1 - taken) * 10_000).rounded(.down) / 10_000
    return ["set memory_headroom_fraction to \(left) or less: that is what the nearest plan leaves"]
  }

  /// The fewest nodes of the pool with the largest GPUs on which a plan fits beside the others, if any number
  /// does.
  private func moreNodes(_ shouldStop: () -> Bool) -> [String] {
    let pools = problem.cluster.pools
    let grown = pools.indices.max { (pools[$0].memory, -$0) < (pools[$1].memory, -$1) }!
    let (pool, now) = (pools[grown], pools[grown].nodes)
    func fits(_ nodes: Int) -> Bool {
      var cluster = problem.cluster
      cluster.pools[grown] = pool.with(nodes: nodes)
      return problem.on(cluster).leanest(constraints, effort: effort, shouldStop) != nil
    }
    let most = min(Self.mostTimes * now, Pool.gpuLimit / pool.gpusPerNode)
    var (low, high) = (now, now)
    repeat {
      low = high
      high = min(most, 2 * high)
      if low == high || shouldStop() { return [] }
    } while !fits(high)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    // Fewer may do, but that was not looked at to the end.
    if shouldStop() { return [] }
    return [
      "use \(high) nodes of pool \(pool.name) instead of \(now) (\(high * pool.gpusPerNode) GPUs)"
    ]
  }

  private static let mostTimes = 64
}
