import Costing
import Hardware
import Quantities

extension Planner {
  /// What bounds a plan that a search with these constraints found. Each lever is tried: the
  /// strategy is held and its pipeline cut anew for the changed problem.
  ///
  /// Complexity: at most a dozen searches for one strategy's best split.
  package func explanation(of plan: Plan, _ constraints: SearchConstraints) -> Explanation {
    Explainer(problem, plan, constraints).run()
  }
}

/// Finds out what a plan is bound by.
private struct Explainer {
  /// Below this part of the step a gain is not worth a word.
  private static let least = 0.0005
  private let problem: PlanningProblem
  private let plan: Plan
  private let constraints: SearchConstraints

  init(_ problem: PlanningProblem, _ plan: Plan, _ constraints: SearchConstraints) {
    // Where the least memory is asked for, no more than that is to be used after a change either.
    self.problem =
      constraints.objective == .memory
      ? problem.limited(
        to: min(problem.memoryLimit, plan.prediction.peakMemory * (1 + 1e-9)))
      : problem
    self.plan = plan
    self.constraints = constraints
  }

  func run() -> Explanation {
    let levers = Lever.Change.allCases.compactMap(lever).enumerated()
      .sorted { ($1.element.gain, $0.offset) < ($0.element.gain, $1.offset) }
      .map(\.element)
    let largest = plan.prediction.breakdown.bounds.max { $0.time < $1.time }!
    let boundBy = isShortOfMemory(levers) ? .memory : largest.bound
    var detail = "\(largest.name) takes \(share(largest.time)) of the step."
    if boundBy == .memory, largest.bound != .memory {
      detail = "\(largest.name) takes \(share(largest.time)) of the step, \(memoryShortage)"
    }
    if let rankOrder { detail += " " + rankOrder }
    return Explanation(boundBy: boundBy, detail: detail, levers: levers)
  }

  /// What another order of ranks than the usual is worth.
  private var rankOrder: String? {
    var usual = plan.strategy
    usual.rankOrder = .tensorContextDataPipeline
    guard usual.layerParallelism != plan.strategy.layerParallelism,
      let split = SplitSearch(StrategyModel(problem, usual), choosesRecompute: true).best()
    else { return nil }
    let step = problem.plan(usual, split, namesDevices: false).prediction.step
    return "Stages lie next to each other on the network, and replicas apart "
      + "(\(plan.strategy.rankOrder.rawValue)): the usual order would take "
      + "\(percent(step / plan.prediction.step - 1)) longer."
  }

  // MARK: Memory

  private var recomputes: Bool {
    plan.prediction.breakdown.recompute.value > 1e-9 * plan.prediction.step.value
  }

  /// The plan pays in time for what it saves of memory, or uses most of it.
  private var savesMemory: Bool {
    recomputes || plan.strategy.zeroStage > .optimizer
      || plan.stages.contains { $0.memory.total > $0.memoryLimit * 0.9 }
  }

  /// More memory helps most, or helps a plan that pays for having too little.
  private func isShortOfMemory(_ levers: [Lever]) -> Bool {
    guard let memory = levers.first(where: { $0.change == .memory }), memory.gain > Self.least
    else { return false }
    if memory == levers[0] { return true }
    return memory.gain >= 0.01 && (recomputes || plan.strategy.zeroStage > .optimizer)
  }

  private var memoryShortage: String {
    recomputes
      ? "and recomputing for lack of memory \(share(plan.prediction.breakdown.recompute))."
      : "and there is too little memory for a faster plan."
  }

  // MARK: Levers

  /// Nil where the change is of no meaning, or leaves no plan that fits.
  private func lever(_ change: Lever.Change) -> Lever? {
    if change == .memory, !savesMemory || constraints.objective == .memory { return nil }
    guard let changed = problem.after(change) else { return nil }
    var held = plan.strategy
    if change == .globalBatch { held.microBatches *= 2 }
    let same = StrategyModel(changed, held)
    // The present cut is among them, as the search for a better one may end early.
    let present = plan.split
    var plans = [changed.plan(held, present, model: same, namesDevices: false)]
    for strategy in change == .memory ? lessSaving(held) : [held] {
      let model = strategy == held ? same : StrategyModel(changed, strategy)
      if let split = SplitSearch(model, choosesRecompute: true).best(),
        strategy != held || split != present
      {
        plans.append(changed.plan(strategy, split, model: model, namesDevices: false))
      }
    }
    let fitting = plans.filter(\.fits)
    guard let best = fitting.min(by: { $0.prediction.step < $1.prediction.step })
    else { return nil }
    let sequences = change == .globalBatch ? 2.0 : 1
    let gain = max(0, 1 - best.prediction.step / (plan.prediction.step * sequences))
    return Lever(
      change: change, step: best.prediction.step, gain: gain,
      detail: sentence(change, gain, best))
  }

  /// The strategy, and those that differ in what it may do for memory's sake alone.
  private func lessSaving(_ strategy: ParallelStrategy) -> [ParallelStrategy] {
    func allows<Value: Equatable>(_ values: [Value], _ value: Value) -> Bool {
      values.isEmpty || values.contains(value)
    }
    var strategies = [strategy]
    if strategy.recompute != .none, allows(constraints.recompute, .none) {
      var keeping = strategy
      keeping.recompute = .none
      strategies.append(keeping)
    }
    if strategy.zeroStage > .optimizer, allows(constraints.zeroStage, .optimizer) {
      strategies += strategies.map {
        var whole = $0
        whole.zeroStage = .optimizer
        return whole
      }
    }
    return strategies
  }

  // MARK: Words

  private func sentence(_ change: Lever.Change, _ gain: Double, _ best: Plan) -> String {
    guard gain >= Self.least else {
      return "It makes \(gain > 0 ? "next to no" : "no") difference to this strategy."
    }
    var words = "A \(change == .globalBatch ? "sequence" : "step") takes \(percent(gain)) less time"
    var differences: [String] = []
    func note(_ now: Int, _ before: Int, _ what: String) {
      if now != before { differences.append("\(now) instead of \(before) \(what)") }
    }
    note(best.strategy.microBatches, plan.strategy.microBatches, "micro-batches")
    note(recomputed(best), recomputed(plan), "layers recomputed")
    let (zero, before) = (best.strategy.zeroStage, plan.strategy.zeroStage)
    if zero != before {
      differences.append("ZeRO-\(zero.rawValue) instead of ZeRO-\(before.rawValue)")
    }
    if best.stages.map(\.layerRanges) != plan.stages.map(\.layerRanges) || best.order != plan.order
    {
      differences.append("the stages cut elsewhere")
    }
    if !differences.isEmpty { words += ", with " + differences.joined(separator: " and ") }
    return words + "." + (change == .globalBatch ? "" : newlyExposed(best))
  }

  /// The part that takes longer than before, if one does: what hid behind another comes to light.
  private func newlyExposed(_ best: Plan) -> String {
    let pairs = zip(best.prediction.breakdown.bounds, plan.prediction.breakdown.bounds)
    guard
      let (now, before) = pairs.max(by: { $0.0.time - $0.1.time < $1.0.time - $1.1.time }),
      (now.time - before.time).value > 0.02 * plan.prediction.step.value
    else { return "" }
    return " \(now.name) then takes \(percent(now.time / best.prediction.step)) of it."
  }

  private func recomputed(_ plan: Plan) -> Int {
    plan.stages.reduce(0) { $0 + $1.recomputedLayers }
  }

  private func share(_ time: Seconds) -> String {
    percent(time / plan.prediction.step)
  }

  /// To one digit.
  private func percent(_ part: Double) -> String {
    "\((part * 1000).rounded() / 10) %"
  }
}

extension PlanningProblem {
  /// The problem after a change; nil where it has nothing of what would change.
  package func after(_ change: Lever.Change) -> PlanningProblem? {
    var (pool, limit) = (pool, memoryLimit)
    switch change {
    case .matrixPeak, .memoryBandwidth:
      // What was measured says nothing of another chip.
      guard costs.measurements == nil else { return nil }
      if change == .matrixPeak {
        pool.accelerator.peaks = pool.accelerator.peaks.mapValues { $0 * 2 }
      } else {
        pool.accelerator.memoryBandwidth = pool.accelerator.memoryBandwidth * 2
      }
    case .memory:
      pool.memory = pool.memory * 2
      limit = limit * 2
    case .scaleUpBandwidth:
      guard pool.levels[0].span > 1, costs.measurements == nil, pool.measuredNetwork == nil
      else { return nil }
      pool.doubleBandwidth(0)
    case .networkBandwidth:
      let levels = pool.levels.indices.dropFirst().filter {
        pool.levels[$0].span > pool.gpusPerNode
      }
      guard !levels.isEmpty, pool.measuredNetwork == nil else { return nil }
      for level in levels { pool.doubleBandwidth(level) }
    case .globalBatch:
      return with(globalBatchSize: 2 * job.globalBatchSize, memoryLimit: limit)
    }
    return with(pool: pool, memoryLimit: limit)
  }
}

extension Pool {
  fileprivate mutating func doubleBandwidth(_ level: Int) {
    levels[level].bandwidth = levels[level].bandwidth * 2
    levels[level].peerBandwidth = levels[level].peerBandwidth.map { $0 * 2 }
  }
}
