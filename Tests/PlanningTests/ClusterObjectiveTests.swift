import Costing
import Hardware
import Quantities
import Scheduling
import Testing
import Workload

@testable import Planning

/// What objectives other than time promise over several pools, against every plan of small clusters.
@Suite struct ClusterObjectiveTests {
  /// Two pools of one or two GPUs each, from a seed, at prices that may make either the cheaper.
  private static func problem(seed: Int, batch: Int) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let types = ["a100-sxm4-80gb", "v100-sxm2-32gb", "h100-sxm5-80gb", "rtx4090", "t4"]
      .shuffled(using: &random)
    let sizes = [[1, 2], [2, 1], [2, 2], [1, 1]][seed % 4]
    var model = DecoderExample.small
    model.layers = Int.random(in: 1...3, using: &random)
    model.tiesEmbeddings = Bool.random(using: &random)
    model.hidden = 1024
    model.feedForward = 4096
    model.vocabulary = [8000, 50000].randomElement(using: &random)!
    var cluster = Cluster.example(
      sizes.indices.map { pool in
        seed % 3 == 0 ? (types[pool], sizes[pool], 1) : (types[pool], 1, sizes[pool])
      }, memory: seed % 5 == 0 ? .gibi(.random(in: 1.6...3, using: &random)) : nil)
    for pool in cluster.pools.indices {
      cluster.pools[pool].pricePerGPUHour = .random(in: 0.5...4, using: &random)
    }
    let graph = seed % 6 == 1 ? model.graph.withExperts : model.graph
    return ClusterProblem(
      graph: graph, cluster: cluster,
      job: TrainingJob(
        globalBatchSize: batch, sequenceLength: [256, 1024].randomElement(using: &random)!,
        precision: seed % 4 == 3 ? .fp16 : .bf16),
      parameters: .published, memoryHeadroomFraction: 0.05)
  }

  /// Of plans over several pools, all but several chunks a stage.
  private func forEachPlan(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, recomputesAll: Bool,
    _ visit: (MixedPlan) -> Void
  ) {
    var all = constraints
    if all.schedule.isEmpty { all.schedule = [.oneForwardOneBackward, .gpipe, .zeroBubble] }
    if all.zeroStage.isEmpty { all.zeroStage = ZeroStage.allCases }
    EveryPipeline(problem: problem, constraints: all, recomputesAll: recomputesAll)
      .forEachFitting(visit)
    EverySharing(problem: problem, constraints: all).forEachFitting(visit)
  }

  private static func constraints(seed: Int) -> SearchConstraints {
    var constraints = SearchConstraints()
    switch seed / 4 % 6 {
    case 1: constraints.zeroStage = [.none]
    case 2: constraints.pipeline = [2]
    case 3: constraints.zeroStage = [.optimizer]
    case 4: constraints.schedule = [.zeroBubble]
    case 5: constraints.pipeline = [1]
    default: break
    }
    return constraints
  }

  /// No plan of any pool alone or of several holds less, and where the search is closed, one holds as little.
  @Test(arguments: 0..<24)
  func theLeanestHoldsAsLittleAsAnyPlan(seed: Int) {
    let problem = Self.problem(seed: seed, batch: 4)
    let constraints = Self.constraints(seed: seed)
    var search = ClusterMemorySearch(problem, constraints, effort: SearchEffort())
    search.run()
    var least = Double.infinity
    forEachPlan(problem, constraints, recomputesAll: true) {
      least = min(least, $0.plan.prediction.peakMemory.value)
    }
    for pool in problem.pools {
      var alone = MemorySearch(pool, constraints)
      if let found = alone.run(), found.memory <= pool.memoryLimit {
        least = min(least, found.memory.value)
      }
    }
    let found = search.best?.memory.value ?? .infinity
    #expect(search.open >= found, "the search is closed")
    #expect(found <= least * (1 + 1e-9))
    // Groups of tensor parallelism beyond a node are among what is searched, and not among all plans here.
    if problem.cluster.pools.allSatisfy({ $0.nodes == 1 }) {
      #expect(least.isFinite ? found >= least * (1 - 1e-9) : found == least)
    }
  }

  /// Beside the leanest plan a plan is chosen for its time, and holds no more.
  @Test(arguments: 0..<8)
  func ofTheLeanestTheFastestIsChosen(seed: Int) throws {
    let problem = Self.problem(seed: seed, batch: 4)
    var constraints = Self.constraints(seed: seed)
    var search = ClusterMemorySearch(problem, constraints, effort: SearchEffort())
    search.run()
    constraints.objective = .memory
    let outcome = ClusterPlanner(problem).plan(constraints).outcome
    guard let leanest = search.best else {
      guard case .infeasible = outcome else {
        Issue.record("a plan was found that the search for the leanest did not find")
        return
      }
      return
    }
    guard case .found(let result) = outcome else {
      Issue.record("a plan exists")
      return
    }
    #expect(result.best.prediction.peakMemory.value <= leanest.memory.value * (1 + 1e-9))
    #expect(result.best.prediction.step <= leanest.plan.plan.prediction.step)
    #expect(result.proof.lowerBound <= result.best.prediction.step)
    #expect(result.proof.strategiesConsidered >= search.considered && search.considered > 0)
    // Limits are the GPUs', and not what the search went down to.
    let limits = Set(problem.pools.map(\.memoryLimit))
    #expect(result.best.stages.allSatisfy { limits.contains($0.memoryLimit) })
  }

  /// No plan over several pools costs less than the bound says, whatever its order, cuts and shares; no plan at
  /// all less than the proof says, and none on one pool less than what was found.
  @Test(arguments: 0..<24, [false, true])
  func costsNoLessThanTheBound(seed: Int, isScarce: Bool) throws {
    let constraints = Self.constraints(seed: seed)
    guard let problem = Self.problem(seed: seed, constraints, isScarce: isScarce) else { return }
    let prices = StepPrices(problem.cluster)
    let bound = try #require(CostBound(problem, constraints, prices)).least
    var search = ClusterCostSearch(problem, constraints, effort: SearchEffort())
    search.run { false }
    let found = search.found.first.map(prices.cost) ?? .infinity
    #expect(bound > 0)
    forEachPlan(problem, constraints, recomputesAll: false) { plan in
      let pools = problem.pools.indices.filter { plan.strategy.gpus(onPool: $0) > 0 }
      let cost = prices.cost(plan)
      if pools.count > 1 {
        #expect(cost >= bound, "\(plan.strategy)")
      } else {
        #expect(found <= cost * (1 + 1e-9), "\(plan.strategy)")
      }
      #expect(cost >= min(found, search.open) * (1 - 1e-9))
    }
  }

  /// Where memory is scarce, `problem` on GPUs of little more than what the leanest plan holds.
  private static func problem(
    seed: Int, _ constraints: SearchConstraints, isScarce: Bool
  ) -> ClusterProblem? {
    let problem = problem(seed: seed, batch: 4)
    guard isScarce else { return problem }
    var search = ClusterMemorySearch(problem, constraints, effort: SearchEffort())
    search.run()
    return search.best.map { problem.limited(to: $0.memory * 1.05) }
  }

  /// That a cheap pool is too small for a model makes it cost more than its work.
  @Test func aSmallPoolIsNotAllThatIsPaid() throws {
    let constraints = SearchConstraints()
    var raised = 0
    for seed in 0..<24 {
      let problem = Self.problem(seed: seed, batch: 4)
      guard let scarce = Self.problem(seed: seed, constraints, isScarce: true) else { continue }
      var cluster = problem.cluster
      for pool in cluster.pools.indices { cluster.pools[pool].pricePerGPUHour = [1, 100][pool] }
      let prices = StepPrices(cluster)
      let bound = try #require(CostBound(problem, constraints, prices)).least
      let higher = try #require(CostBound(scarce, constraints, prices)).least
      #expect(higher >= bound * (1 - 1e-6))
      if higher > bound * 1.1 { raised += 1 }
    }
    #expect(raised > 0)
  }
}
