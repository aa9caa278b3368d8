import Costing
import Hardware
import Quantities
import Scheduling
import Workload

/// Predicts plans, and finds the best.
package struct Planner: Sendable {
  package let problem: PlanningProblem

  package init(_ problem: PlanningProblem) {
    self.problem = problem
  }

  /// Predicts one strategy, cut as given or, left out, as is best for it. A plan that exceeds the
  /// memory is predicted all the same, with `fits` false.
  ///
  /// - Precondition: `strategy.violations` is empty, and a given split covers every layer.
  package func simulate(
    _ strategy: ParallelStrategy, split: PipelineSplit? = nil, fewestRecomputed: Bool = false
  ) -> Plan {
    if let split { return problem.plan(strategy, split) }
    let model = StrategyModel(problem, strategy)
    let fitting = SplitSearch(model, choosesRecompute: fewestRecomputed).best()
    guard
      let split = fitting
        ?? SplitSearch(model, choosesRecompute: false, ignoresMemory: true).best()
    else { preconditionFailure("a valid strategy has no more stages than the model has layers") }
    return problem.plan(strategy, split, model: model)
  }

  /// Searches the strategies on up to all GPUs of the pool. `shouldStop` is asked now and then, from the
  /// first moment on; once it says so, the best plan so far is returned with the bound that was left open,
  /// or that it is undecided whether there is one. `onProgress` is told how far the search has come.
  package func plan(
    _ constraints: SearchConstraints, shouldStop: () -> Bool = { false },
    onProgress: (SearchProgress) -> Void = { _ in }
  ) -> PlanningOutcome {
    var limited = problem
    var leanest: StrategySearch.Candidate?
    var warnings: [String] = []
    if constraints.objective == .memory {
      // The least memory is found exactly; among the plans that hold no more, the fastest wins.
      var search = MemorySearch(problem, constraints)
      if let found = search.run(shouldStop: shouldStop), found.memory < problem.memoryLimit {
        limited = problem.limited(to: found.memory * (1 + 1e-9))
        leanest = candidate(found)
      }
      if !search.isComplete { warnings.append(Self.notLeanest) }
    }
    let isLeanest = warnings.isEmpty
    var search = StrategySearch(limited, constraints)
    let result = search.run(shouldStop: shouldStop, onProgress: onProgress)
    guard let best = result.found.first ?? leanest else {
      let why = InfeasibilitySearch(problem: problem, constraints: constraints)
      return result.isComplete
        ? why.run(shouldStop).map { .infeasible($0) } ?? .undecided : .undecided
    }
    let plan = plan(of: best)
    // What is proven of some ways to cut the graph is not proven of others.
    let least = problem.coversAllOrders ? result.bound : result.orderFreeBound
    let gap = best.score - least
    let isClosed = gap <= SplitSearch.tolerance * best.score
    // Before the frontier, which tells nothing.
    onProgress(
      SearchProgress(
        best: best.score, bound: isClosed ? best.score : least,
        strategiesConsidered: result.considered, strategiesPruned: result.pruned))
    // What the objective counts beside seconds is the same for the bound.
    let bound = isClosed ? plan.prediction.step : plan.prediction.step * (least / best.score)
    if best.strategy.gpus < problem.pool.gpus {
      warnings.append(
        "The plan uses \(best.strategy.gpus) of the \(problem.pool.gpus) GPUs: no strategy found "
          + "that uses more is better.")
    }
    if !problem.coversAllOrders, plan.strategy.pipeline > 1 || !isClosed {
      warnings.append(problem.partOfCuts)
    }
    return .found(
      PlanningResult(
        best: plan,
        alternatives: result.found.dropFirst().prefix(constraints.alternatives).map(self.plan(of:)),
        frontier: constraints.wantsFrontier
          ? frontier(
            from: constraints.objective == .throughput ? [plan] : [], constraints, shouldStop) : [],
        proof: OptimalityProof(
          lowerBound: bound, gapFraction: isClosed ? 0 : gap / best.score,
          strategiesConsidered: result.considered, strategiesPruned: result.pruned,
          isPartial: !isLeanest),
        warnings: warnings))
  }

  private static let notLeanest =
    "the search was stopped before it had found what holds least: other plans may hold less, and the "
    + "bound speaks of plans that hold no more than this one"

  /// What a search for the leanest plan found, as one for the fastest would have it.
  private func candidate(_ found: MemorySearch.Leanest) -> StrategySearch.Candidate {
    let table = problem.table(found.strategy.layerParallelism)
    let step = problem.plan(found.strategy, found.split, table: table).prediction.step
    return StrategySearch.Candidate(
      strategy: found.strategy, split: found.split, table: table, score: step.value)
  }

  /// The fastest plan within each memory, from what the fastest of all holds downwards in steps of
  /// at least a fiftieth: no plan is both faster and leaner than one of these but by less than that.
  /// Once it is to stop, those so far.
  ///
  /// - Parameter known: The fastest of all, if it is known.
  private func frontier(
    from known: [Plan], _ constraints: SearchConstraints, _ shouldStop: () -> Bool
  ) -> [Plan] {
    var single = constraints
    single.objective = .throughput
    single.alternatives = 0
    func leaner(than plan: Plan) -> PlanningProblem {
      problem.limited(to: plan.prediction.peakMemory * 0.98)
    }
    var limited = known.last.map(leaner) ?? problem
    var plans = known
    while plans.count < 64, !shouldStop() {
      var search = StrategySearch(limited, single)
      let result = search.run(shouldStop: shouldStop)
      // Of a search that was broken off there may be something better.
      guard result.isComplete, let found = result.found.first else { break }
      let plan = plan(of: found)
      // A leaner plan as fast as the one before takes its place.
      if let last = plans.last, last.prediction.step >= plan.prediction.step { plans.removeLast() }
      plans.append(plan)
      limited = leaner(than: plan)
    }
    return plans
  }

  private func plan(of candidate: StrategySearch.Candidate) -> Plan {
    problem.plan(candidate.strategy, candidate.split, table: candidate.table)
  }
}

extension PlanningProblem {
  /// Predicts a strategy that is cut so. `model` is the strategy's on this problem, and `table` that of
  /// its layers' costs, if they are at hand.
  func plan(
    _ strategy: ParallelStrategy, _ split: PipelineSplit, model: StrategyModel? = nil,
    table: StageTable? = nil, namesDevices: Bool = true
  ) -> Plan {
    let isOwnOrder = split.order == nil && downSets == nil
    let own =
      isOwnOrder
      ? model ?? StrategyModel(self, strategy, table: table)
      : StrategyModel(along(split), strategy)
    let devices = namesDevices ? DevicePlacement(strategy.mesh, on: pool).stages : []
    var plan = own.plan(split, devices: devices)
    plan.order = split.order
    return plan
  }

  /// Of which ways to cut the graph only some were tried.
  fileprivate var partOfCuts: String {
    let tried =
      downSets == nil
      ? "stages are cut from one topological order of them"
      : "there are more than \(DownSets.limit) ways to cut them in two, of which some were tried"
    return "The layers are no chain: \(tried), and others may be better by as much as the gap."
  }
}
