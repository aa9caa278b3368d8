import Costing
import Hardware
import HeapModule
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
    let model = StrategyModel(problem, strategy)
    if let split { return finished(model, split) }
    let fitting = SplitSearch(model, choosesRecompute: fewestRecomputed).best()
    guard
      let split = fitting
        ?? SplitSearch(model, choosesRecompute: false, ignoresMemory: true).best()
    else { preconditionFailure("a valid strategy has no more stages than the model has layers") }
    return finished(model, split)
  }

  /// Searches the strategies on all GPUs of the pool. `shouldStop` is asked now and then; once it
  /// says so, the best plan so far is returned with the bound that was left open.
  package func plan(
    _ constraints: SearchConstraints, shouldStop: () -> Bool = { false }
  ) -> PlanningOutcome {
    var search = StrategySearch(problem, constraints)
    return search.run(gpus: problem.pool.gpus, shouldStop: shouldStop)
  }

  private func finished(_ model: StrategyModel, _ split: PipelineSplit) -> Plan {
    model.plan(split, devices: model.devices())
  }
}

extension StrategyModel {
  /// Stage `i` runs on ranks i·s ..< (i + 1)·s, node after node.
  func devices() -> [[DeviceGroup]] {
    let pool = problem.pool
    let perStage = strategy.gpus / strategy.pipeline
    return (0..<stages).map { stage in
      var groups: [DeviceGroup] = []
      for rank in (stage * perStage)..<((stage + 1) * perStage) {
        let (node, gpu) = (pool.nodeNames[rank / pool.gpusPerNode], rank % pool.gpusPerNode)
        if groups.last?.node == node {
          groups[groups.count - 1].gpus.append(gpu)
        } else {
          groups.append(DeviceGroup(node: node, gpus: [gpu]))
        }
      }
      return groups
    }
  }
}

/// Best-first branch and bound over strategies.
struct StrategySearch {
  private let problem: PlanningProblem
  private let constraints: SearchConstraints
  private var tables: [LayerParallelism: StageTable] = [:]
  private var found: [Plan] = []
  private var nearest: (plan: Plan, stage: Int, excess: ByteCount)?
  private var considered = 0

  init(_ problem: PlanningProblem, _ constraints: SearchConstraints) {
    self.problem = problem
    self.constraints = constraints
  }

  private struct Candidate: Comparable {
    var bound: Double
    var order: Int
    var strategy: ParallelStrategy
    static func < (a: Candidate, b: Candidate) -> Bool {
      (a.bound, a.order) < (b.bound, b.order)
    }
    static func == (a: Candidate, b: Candidate) -> Bool { a.order == b.order }
  }

  mutating func run(gpus: Int, shouldStop: () -> Bool) -> PlanningOutcome {
    var candidates: [Candidate] = []
    StrategySpace(problem, constraints).forEach(gpus: gpus) { strategy in
      candidates.append(Candidate(bound: 0, order: candidates.count, strategy: strategy))
    }
    guard !candidates.isEmpty else {
      return .infeasible(Infeasibility(reason: .noStrategy([])))
    }
    for index in candidates.indices {
      candidates[index].bound = lowerBound(candidates[index].strategy)
    }
    var open = Heap(candidates)
    var left = Double.infinity
    while let next = open.popMin() {
      if let best = found.first, next.bound >= best.prediction.step.value {
        left = next.bound
        break
      }
      if shouldStop() {
        left = next.bound
        break
      }
      evaluate(next.strategy)
    }
    guard let best = found.first else { return infeasible() }
    let bound = min(left, best.prediction.step.value)
    let step = best.prediction.step.value
    return .found(
      PlanningResult(
        best: best, alternatives: Array(found.dropFirst().prefix(constraints.alternatives)),
        proof: OptimalityProof(
          lowerBound: Seconds(bound), gapFraction: (step - bound) / step,
          strategiesConsidered: considered,
          strategiesPruned: candidates.count - considered)))
  }

  /// The least step of any split: with m micro-batches, stage i works m·Tᵢ after the forwards and
  /// before the backwards of the stages before it, so max over i of (m·Tᵢ + T₀ + … + Tᵢ₋₁) is
  /// least when all are equal, W / (1 − (1 − 1/m)^p) for W = ΣTᵢ. Interleaving starts stages
  /// earlier, and only leaves m·W/p.
  private mutating func lowerBound(_ strategy: ParallelStrategy) -> Double {
    let table = table(strategy)
    let nodes = 0..<table.nodeCount
    let work = table.forwardTime(nodes) + table.backwardTime(nodes)
    let m = Double(strategy.microBatches)
    let p = Double(strategy.pipeline)
    let software = problem.costs.parameters.software
    let overhead = 2 * software.microBatchOverhead.value * p * Double(strategy.virtualStages)
    var bound = m * (work + overhead) / p
    if strategy.virtualStages == 1, strategy.schedule != .zeroBubble {
      var power = 1.0
      for _ in 0..<strategy.pipeline { power *= 1 - 1 / m }
      bound = max(bound, (work + overhead) / (1 - power))
    }
    let rest = bound + software.stepOverhead.value
    return rest * (1 + problem.stragglerFraction(gpus: strategy.gpus))
  }

  private mutating func table(_ strategy: ParallelStrategy) -> StageTable {
    var key = strategy.layerParallelism
    // Only sharded weights make a layer's cost depend on the replicas.
    if key.zeroStage != .weights {
      key.zeroStage = .none
      if key.expert == 1 { key.data = 1 }
    }
    if let known = tables[key] { return known }
    let table = problem.table(key)
    tables[key] = table
    return table
  }

  private mutating func evaluate(_ strategy: ParallelStrategy) {
    considered += 1
    let model = StrategyModel(problem, strategy, table: table(strategy))
    guard let split = SplitSearch(model, choosesRecompute: true).best() else {
      remember(tooLarge: model)
      return
    }
    let plan = model.plan(split, devices: model.devices())
    let index = found.firstIndex { plan.prediction.step < $0.prediction.step } ?? found.count
    found.insert(plan, at: index)
    if found.count > 64 { found.removeLast() }
  }

  private mutating func remember(tooLarge model: StrategyModel) {
    guard
      let split = SplitSearch(model, choosesRecompute: false, ignoresMemory: true).best()
    else { return }
    let plan = model.plan(split, devices: model.devices())
    for stage in plan.stages {
      let excess = stage.memory.total - stage.memoryLimit
      guard excess > .zero, excess == worstExcess(plan) else { continue }
      if nearest.map({ excess < $0.excess }) ?? true {
        nearest = (plan, stage.id, excess)
      }
      return
    }
  }

  private func worstExcess(_ plan: Plan) -> ByteCount {
    plan.stages.reduce(.zero) { max($0, $1.memory.total - $1.memoryLimit) }
  }

  private func infeasible() -> PlanningOutcome {
    guard let nearest else { return .infeasible(Infeasibility(reason: .noStrategy([]))) }
    return .infeasible(
      Infeasibility(
        reason: .memory(nearest: nearest.plan, stage: nearest.stage, excess: nearest.excess)))
  }
}
