import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

@Suite struct PlanPolishTests {
  private static let problem = DecoderExample.llama7B.problem(
    on: .example([("a100-sxm4-80gb", 1, 4), ("l40s", 1, 4)]), batch: 16, sequence: 1024)

  private static func best(_ constraints: SearchConstraints) throws -> MixedPlan {
    try #require(ClusterPlanner(problem).plan(constraints).best)
  }

  private static func polish(_ constraints: SearchConstraints = SearchConstraints()) -> PlanPolish {
    PlanPolish(problem: problem, constraints: constraints, tables: [SeatTables(problem)])
  }

  /// Half of the layers on GPUs without NVLink, split by tensors, is not how they work best; what is found takes
  /// no more tries than are given, and stays within constraints.
  @Test func bettersAPlanMadeByHand() throws {
    let seats = [0, 1].map { StageSeat(pool: $0, tensor: 4, data: 1, microBatchSize: 4) }
    let base = ParallelStrategy(
      pipeline: 2, tensor: 4, microBatchSize: 4, microBatches: 4, zeroStage: .none,
      sequenceParallel: true)
    let half = Self.problem.graph.nodes.count / 2
    let start = MixedPlan(
      Self.problem, MixedStrategy(base: base, lanes: [Lane(seats: seats, microBatches: 4)]),
      PipelineSplit(
        boundaries: [0, half, Self.problem.graph.nodes.count], recomputed: [0, 0]), devices: [])
    #expect(start.plan.fits)
    let better = Self.polish().polished(start, tries: 256)
    #expect(better.plan.prediction.step < start.plan.prediction.step)
    #expect(better.plan.fits)
    #expect(better.strategy.gpus == start.strategy.gpus)
    #expect(better.strategy.data(ofStage: 1) > 1)
    let again = MixedPlan(Self.problem, better.strategy, better.split, devices: [])
    #expect(again.plan.prediction == better.plan.prediction)
    #expect(Self.polish().polished(start, tries: 0) == start)
    var narrow = SearchConstraints()
    narrow.data = [1]
    let within = Self.polish(narrow).polished(start, tries: 256)
    #expect(within.strategy.lanes[0].seats.allSatisfy { $0.tensor == 4 && $0.data == 1 })
    #expect(within.plan.prediction.step < start.plan.prediction.step)
  }

  /// Moving a layer back to where a search had it is found.
  @Test func movesLayers() throws {
    var constraints = SearchConstraints()
    constraints.pipeline = [2]
    constraints.tensor = [2]
    constraints.schedule = [.oneForwardOneBackward]
    constraints.virtualStages = [1]
    let best = try Self.best(constraints)
    var moved = best.split
    moved.boundaries[1] += 3
    let start = MixedPlan(Self.problem, best.strategy, moved, devices: [])
    #expect(start.plan.prediction.step > best.plan.prediction.step)
    let found = Self.polish(constraints).polished(start, tries: 256)
    #expect(found.plan.prediction.step <= best.plan.prediction.step)
  }

  /// What is recomputed although there is room without is not: with room for all that layers keep, and for some.
  @Test(arguments: [false, true])
  func recomputesNoMoreThanItHasTo(isTight: Bool) throws {
    var constraints = SearchConstraints()
    constraints.pipeline = [2]
    constraints.microBatchSize = [4]
    var problem = Self.problem
    var best = try Self.best(constraints)
    let held = best.plan.stages.map(\.memory.total).max()!
    #expect(best.split.recomputed == [0, 0])
    for part in stride(from: 0.9, to: 0.2, by: -0.1)
    where isTight && best.split.recomputed == [0, 0] {
      problem = Self.problem.limited(to: held * part)
      best = try #require(ClusterPlanner(problem).plan(constraints).best)
    }
    #expect(best.split.recomputed.contains { $0 > 0 } == isTight)
    var needless = best.split
    for stage in needless.recomputed.indices { needless.recomputed[stage] += 2 }
    let start = MixedPlan(problem, best.strategy, needless, devices: [])
    #expect(start.plan.fits && start.step > best.step)
    let polish = PlanPolish(
      problem: problem, constraints: constraints, tables: [SeatTables(problem)])
    let found = polish.polished(start, tries: 1)
    #expect(found.split == best.split)
    #expect(found.plan.prediction == best.plan.prediction)
  }

  /// Two stages or two unequal replicas, with micro-batches of any size.
  private static func plan(stages: Int, size: Int) -> MixedPlan? {
    let seats = [0, 1].map { StageSeat(pool: $0, tensor: 4, data: 1, microBatchSize: size) }
    let base = ParallelStrategy(
      pipeline: stages, zeroStage: .none, sequenceParallel: true, recompute: .full)
    let batches = problem.job.globalBatchSize / size
    let lanes =
      stages == 2
      ? [Lane(seats: seats, microBatches: batches)]
      : seats.map { Lane(seats: [$0], microBatches: batches / 2) }
    guard lanes[0].microBatches > 0 else { return nil }
    let strategy = MixedStrategy(base: base, lanes: lanes)
    let nodes = problem.graph.nodes.count
    let boundaries = stages == 2 ? [0, 2 * nodes / 3, nodes] : [0, nodes]
    return MixedModel(problem, strategy).leastRecomputation(boundaries).map {
      MixedPlan(
        problem, strategy, PipelineSplit(boundaries: boundaries, recomputed: $0), devices: [])
    }
  }

  /// From any size of micro-batches the best is found, and replicas on faster GPUs get more of them.
  @Test(arguments: [1, 2])
  func findsTheNumberOfMicroBatches(stages: Int) throws {
    let plans = Self.problem.job.globalBatchSize.divisors.compactMap {
      Self.plan(stages: stages, size: $0)
    }
    let best = try #require(plans.map(\.step).min())
    #expect(plans.contains { $0.step > best })
    for start in plans {
      let found = Self.polish().polished(start, tries: 256)
      #expect(found.plan.fits && found.step <= best)
      if start.step > best { #expect(found.strategy != start.strategy) }
      if stages == 1 {
        #expect(found.strategy.lanes[0].microBatches > found.strategy.lanes[1].microBatches)
      }
    }
    var fixed = SearchConstraints()
    fixed.microBatchSize = [2]
    let start = try #require(Self.plan(stages: stages, size: 2))
    let found = Self.polish(fixed).polished(start, tries: 256)
    #expect(found.strategy.lanes[0].seats.allSatisfy { $0.microBatchSize == 2 })
  }

  /// Of whatever searches find, nothing becomes slower or too large; what comes of it is predicted alike from its
  /// devices, and no prediction undercuts the bound by which changes are passed over.
  @Test(arguments: 0..<24)
  func whatIsPolishedIsPredictedAlike(seed: Int) throws {
    let problem = MixedSearchTests.problem(seed: seed)
    let (constraints, tables) = (SearchConstraints(), SeatTables(problem))
    var effort = SearchEffort.quick
    effort.kept = 8
    let searches: [any PoolSearch] = constraints.byChunks.flatMap { part -> [any PoolSearch] in
      [
        MixedSearch(problem, part, effort: effort, tables: tables, incumbents: []),
        LaneSearch(problem, part, effort: effort, tables: tables, incumbents: []),
      ]
    }
    let polish = PlanPolish(problem: problem, constraints: constraints, tables: [tables])
    for search in searches {
      search.sketch { false }
      for start in search.found {
        let found = polish.polished(start, tries: 64)
        #expect(found.plan.fits && found.step <= start.step)
        let placed = found.placed(on: problem.cluster).plan
        #expect(try ClusterPlanner(problem).mixed(placed).plan == placed)
        for plan in [start, found] {
          let least = MixedModel(problem, plan.strategy).leastStep(plan.split)
          #expect(least <= plan.plan.prediction.step)
          #expect(least > plan.plan.prediction.step * 0.25)
        }
      }
    }
  }

  /// Stages in each other's place find back, whether they kept their layers or not.
  @Test(arguments: [false, true])
  func putsStagesInOrder(movesLayers: Bool) throws {
    var constraints = SearchConstraints()
    constraints.pipeline = [2]
    constraints.virtualStages = [1]
    let best = try Self.best(constraints)
    var (strategy, split) = (best.strategy, best.split)
    strategy.lanes[0].seats.swapAt(0, 1)
    strategy = MixedStrategy(base: strategy.base, lanes: strategy.lanes)
    if movesLayers { split.boundaries[1] = split.boundaries[2] - split.boundaries[1] }
    let start = MixedPlan(Self.problem, strategy, split, devices: [])
    try #require(start.plan.fits && start.step > best.step)
    let polish = Self.polish(constraints)
    let found = polish.polished(start, by: [.order, .boundary], tries: 256)
    #expect(found.strategy == best.strategy && found.step <= best.step)
  }

  /// Chunks that do not pay are put together.
  @Test func interleavesNoLongerThanItHelps() throws {
    let seats = [0, 1].map { StageSeat(pool: $0, tensor: 4, data: 1, microBatchSize: 1) }
    let base = ParallelStrategy(
      pipeline: 2, virtualStages: 16, zeroStage: .none, sequenceParallel: true, recompute: .full,
      schedule: .interleaved)
    let strategy = MixedStrategy(base: base, lanes: [Lane(seats: seats, microBatches: 16)])
    let nodes = Self.problem.graph.nodes.count
    let boundaries = [0] + (0..<31).map { $0 + 2 } + [nodes]
    let recomputed = try #require(
      MixedModel(Self.problem, strategy).leastRecomputation(boundaries))
    let start = MixedPlan(
      Self.problem, strategy, PipelineSplit(boundaries: boundaries, recomputed: recomputed),
      devices: [])
    let found = Self.polish().polished(start, by: [.schedule], tries: 8)
    #expect(found.strategy.base.virtualStages == 1 && found.step < start.step)
    func layers(_ plan: MixedPlan) -> [Int] {
      plan.plan.stages.map { $0.layerRanges.reduce(0) { $0 + $1.count } }
    }
    #expect(layers(found) == layers(start))
  }

  /// No small change betters an answer. Nothing fits on the clusters of the seeds that are left out.
  @Test(arguments: [0, 1, 3, 4, 5, 6, 7, 8, 9, 10])
  func answersArePolished(seed: Int) throws {
    let problem = MixedSearchTests.problem(seed: seed)
    let constraints = SearchConstraints()
    let best = try #require(ClusterPlanner(problem).plan(constraints).best)
    let polish = PlanPolish(
      problem: problem, constraints: constraints, tables: [SeatTables(problem)])
    let polished = polish.polished(best, tries: .max)
    #expect(polished.plan.prediction.step == best.plan.prediction.step)
  }
}
