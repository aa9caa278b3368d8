import Costing
import Hardware
import Quantities
import Scheduling

/// Finds out why no plan satisfies a request, and the smallest changes with which one does. Every
/// change is tried, as long as there is time.
struct InfeasibilitySearch {
  let problem: PlanningProblem
  let constraints: SearchConstraints

  /// Nil where it was stopped before it knew which plan comes nearest.
  func run(_ shouldStop: () -> Bool) -> Infeasibility? {
    var search = MemorySearch(problem, constraints)
    let found = search.run(shouldStop: shouldStop)
    // Of a search that was broken off there may be a leaner one.
    guard search.isComplete else { return nil }
    guard let leanest = found else {
      return Infeasibility(
        reason: .noStrategy(brokenRules), remedies: looserConstraints(shouldStop))
    }
    let plan = problem.plan(leanest.strategy, leanest.split)
    let excesses = plan.stages.map { $0.memory.total - $0.memoryLimit }
    let worst = excesses.indices.max { excesses[$0] < excesses[$1] } ?? 0
    return Infeasibility(
      reason: .memory(nearest: plan, stage: worst, excess: max(excesses[worst], .zero)),
      remedies: looserConstraints(shouldStop) + moreMemory(leanest.memory)
        + moreNodes(shouldStop))
  }

  // MARK: Remedies

  /// Constraints each of which alone stands in the way.
  private func looserConstraints(_ shouldStop: () -> Bool) -> [String] {
    SearchDimension.allCases.compactMap { dimension in
      guard dimension.isConstrained(constraints) else { return nil }
      let looser = dimension.freed(constraints)
      var search = MemorySearch(problem, looser)
      guard let leanest = search.run(enough: problem.memoryLimit, shouldStop: shouldStop) else {
        return nil
      }
      return "leave \(dimension.rawValue) free: "
        + "\(dimension.value(of: leanest.strategy)) makes it fit"
    }
  }

  private func moreMemory(_ needed: ByteCount) -> [String] {
    let fraction = problem.memoryLimit / problem.pool.memory
    var remedies: [String] = []
    if needed <= problem.pool.memory {
      let left = (1 - needed / problem.pool.memory) * 10_000
      remedies.append(
        "set memory_headroom_fraction to \(left.rounded(.down) / 10_000) or less: the nearest plan "
          + "needs \(needed.inGibibytes) of \(problem.pool.memory.inGibibytes)")
    }
    let memory = needed / fraction
    remedies.append("use GPUs with \(memory.inGibibytes) of memory or more")
    return remedies
  }

  /// The fewest nodes on which a plan fits, if any number does.
  private func moreNodes(_ shouldStop: () -> Bool) -> [String] {
    let now = problem.pool.nodes
    let most = min(1 << 16, Pool.gpuLimit / problem.pool.gpusPerNode)
    func fits(_ nodes: Int) -> Bool {
      var search = MemorySearch(problem.on(nodes: nodes), constraints)
      return search.run(enough: problem.memoryLimit, shouldStop: shouldStop) != nil
    }
    var (low, high) = (now, min(most, 2 * now))
    while high < most, !fits(high), !shouldStop() {
      low = high
      high = min(most, 2 * high)
      // Beyond some hundredfold the batch leaves nothing to split.
      if high > 256 * now { return [] }
    }
    guard low < high, fits(high) else { return [] }
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    // Fewer may do, but that was not looked at to the end.
    if shouldStop() { return [] }
    return ["use \(high) nodes instead of \(now) (\(high * problem.pool.gpusPerNode) GPUs)"]
  }

  // MARK: Rules

  /// What excludes the values that were asked for.
  private var brokenRules: [String] {
    let limits = ModelLimits(problem.graph)
    var rules: [String] = []
    func add(_ rule: String) {
      if !rules.contains(rule) { rules.append(rule) }
    }
    for dimension in SearchDimension.allCases where dimension.isConstrained(constraints) {
      for strategy in dimension.samples(constraints, problem) {
        let value = dimension.value(of: strategy)
        let broken = strategy.violations(limits, problem.job, gpus: problem.pool.gpus)
        for rule in broken where rule.field == dimension.rawValue {
          add("\(dimension.rawValue) \(value): \(rule.reason)")
        }
      }
    }
    let batch = problem.job.globalBatchSize
    for data in constraints.data where batch % data != 0 {
      add("data_parallel \(data): must divide the global batch of \(batch) sequences")
    }
    for size in constraints.microBatchSize where batch % size != 0 {
      add("micro_batch_size \(size): must divide the global batch of \(batch) sequences")
    }
    let least =
      [constraints.pipeline, constraints.tensor, constraints.data, constraints.context]
      .reduce(1.0) { $0 * Double($1.min() ?? 1) }
    if least > Double(problem.pool.gpus) {
      add(
        "the smallest degrees asked for take \(Int(least)) GPUs; the cluster has "
          + "\(problem.pool.gpus)")
    }
    if rules.isEmpty {
      let names = SearchDimension.allCases.filter { $0.isConstrained(constraints) }
      add("\(names.map(\.rawValue).joined(separator: ", ")): no combination of these is valid")
    }
    return rules
  }
}

extension ByteCount {
  /// Rounded up to hundredths.
  var inGibibytes: String { "\((gibibytes * 100).rounded(.up) / 100) GiB" }
}

extension PlanningProblem {
  /// The same job on more nodes of the same kind.
  func on(nodes: Int) -> PlanningProblem { with(pool: pool.with(nodes: nodes)) }
}

extension Pool {
  /// The same with another number of nodes.
  func with(nodes count: Int) -> Pool {
    var pool = self
    if count < nodes {
      pool.nodeNames.removeLast(nodes - count)
    } else {
      for index in nodes..<count { pool.nodeNames.append("\(name)-\(index)") }
    }
    pool.levels[pool.levels.count - 1].span = max(
      pool.levels[pool.levels.count - 1].span, pool.gpus)
    return pool
  }
}
