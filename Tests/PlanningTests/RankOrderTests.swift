import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

/// The search over both orders of ranks against every strategy in each of them, on small pools with
/// several levels, of which the outer ones are slow.
@Suite struct RankOrderOracleTests {
  static let seeds = Array(0..<20)

  @Test(arguments: seeds)
  func findsTheBestOfBothOrders(seed: Int) throws {
    let example = Example(seed: seed)
    var best: [DeviceMesh.Order: Double] = [:]
    for strategy in example.strategies {
      let plan = Planner(example.problem).simulate(strategy, fewestRecomputed: true)
      guard plan.fits else { continue }
      let step = plan.prediction.step.value
      best[strategy.rankOrder] = min(best[strategy.rankOrder] ?? .infinity, step)
    }
    var constraints = example.constraints
    func check(_ wanted: [DeviceMesh.Order], _ expected: Double?) {
      constraints.rankOrder = wanted
      guard case .found(let result) = Planner(example.problem).plan(constraints) else {
        #expect(expected == nil, "seed \(seed)")
        return
      }
      let step = result.best.prediction.step.value
      #expect(abs(step - (expected ?? 0)) <= 1e-6 * step, "seed \(seed): \(wanted), \(best)")
      #expect(result.proof.gapFraction == 0, "seed \(seed)")
      #expect(wanted.isEmpty || wanted.contains(result.best.strategy.rankOrder))
    }
    check([], best.values.min())
    for (order, expected) in best { check([order], expected) }
  }

  /// The cases tell the orders apart, and the explanation says what the unusual one is worth.
  @Test func eitherOrderIsTheBestOfSome() {
    var winners: Set<DeviceMesh.Order> = []
    for seed in Self.seeds {
      let example = Example(seed: seed)
      let planner = Planner(example.problem)
      guard case .found(let result) = planner.plan(example.constraints),
        result.best.strategy.pipeline > 1, result.best.strategy.data > 1
      else { continue }
      let order = result.best.strategy.rankOrder
      winners.insert(order)
      let detail = planner.explanation(of: result.best, example.constraints).detail
      #expect(
        detail.contains("(tp-cp-pp-dp): the usual order would take")
          == (order == .tensorContextPipelineData), "seed \(seed): \(detail)")
    }
    #expect(winners == Set(DeviceMesh.Order.allCases))
  }

  /// Names of nodes are names and nothing else.
  @Test(arguments: seeds.prefix(6))
  func relabellingChangesNames(seed: Int) {
    let example = Example(seed: seed)
    var pool = example.problem.pool
    pool.nodeNames = pool.nodeNames.map { "renamed-" + $0 }
    func plan(_ problem: PlanningProblem) -> Plan? {
      guard case .found(let result) = Planner(problem).plan(SearchConstraints()) else { return nil }
      return result.best
    }
    var renamed = plan(example.problem.with(pool: pool))
    for stage in renamed?.stages.indices ?? 0..<0 {
      for group in renamed!.stages[stage].devices.indices {
        renamed!.stages[stage].devices[group].node.removeFirst("renamed-".count)
      }
    }
    #expect(renamed == plan(example.problem))
  }

  struct Example {
    var problem: PlanningProblem
    var constraints = SearchConstraints()

    init(seed: Int) {
      var random = SplitMix64(seed: seed)
      var model = DecoderExample.small
      model.layers = Int.random(in: 3...5, using: &random)
      model.hidden = [256, 512, 1024].randomElement(using: &random)!
      model.feedForward = 4 * model.hidden
      let perNode = [1, 2, 2, 4].randomElement(using: &random)!
      var pool = Pool.example(nodes: 8 / perNode, gpusPerNode: perNode)
      let spine = Double.random(in: 0.05...4, using: &random) * 1e9
      pool.levels = []
      for (span, rate) in [(perNode, 200e9), (2 * perNode, 10e9), (8, spine)]
      where span < 8 || rate == spine {
        pool.levels.append(
          NetworkLevel(
            name: "level", span: span, bandwidth: Bandwidth(rate),
            latency: .micro(Double(4 * pool.levels.count + 4))))
      }
      problem = model.problem(
        on: pool, batch: [4, 8, 16].randomElement(using: &random)!,
        sequence: [512, 8192].randomElement(using: &random)!)
      constraints.recompute = [.full]
      constraints.schedule = [
        .oneForwardOneBackward, [.gpipe, .zeroBubble].randomElement(using: &random)!,
      ]
      if Bool.random(using: &random) {
        // Long sequences through narrow layers: more is sent than reduced.
        constraints.pipeline = [2, 4]
        constraints.context = [1]
      }
      // Between what one GPU holds and what two hold with all states sharded, pipelines are needed.
      let whole = Planner(problem).simulate(
        ParallelStrategy(microBatches: problem.job.globalBatchSize, recompute: .full))
      let runtime = problem.runtimeMemory
      let part = Double.random(in: 0.3...1.2, using: &random)
      problem = problem.limited(to: runtime + (whole.prediction.peakMemory - runtime) * part)
    }

    /// All that the constraints of the test allow.
    var strategies: [ParallelStrategy] {
      let limits = ModelLimits(problem.graph)
      var all: [ParallelStrategy] = []
      for pipeline in 1...min(8, limits.nodes)
      where BaseChoices.allows(pipeline, constraints.pipeline) {
        for tensor in [1, 2, 4, 8] {
          for context in [1, 2, 4, 8] where BaseChoices.allows(context, constraints.context) {
            for data in problem.job.globalBatchSize.divisors
            where pipeline * tensor * context * data <= 8 {
              all += strategies(pipeline, tensor, context, data)
            }
          }
        }
      }
      return all.filter { $0.violations(limits, problem.job, gpus: 8).isEmpty }
    }

    private func strategies(
      _ pipeline: Int, _ tensor: Int, _ context: Int, _ data: Int
    ) -> [ParallelStrategy] {
      var all: [ParallelStrategy] = []
      let share = problem.job.globalBatchSize / data
      for size in share.divisors {
        for zero in ZeroStage.allCases {
          for schedule in constraints.schedule {
            for order in DeviceMesh.Order.allCases {
              all.append(
                ParallelStrategy(
                  pipeline: pipeline, tensor: tensor, data: data, context: context,
                  microBatchSize: size, microBatches: share / size, zeroStage: zero,
                  sequenceParallel: tensor > 1, recompute: .full, schedule: schedule,
                  rankOrder: order))
            }
          }
        }
      }
      return all
    }
  }
}
