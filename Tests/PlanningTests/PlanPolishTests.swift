import Costing
import Hardware
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
    PlanPolish(problem: problem, constraints: constraints, tables: SeatTables(problem))
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

  /// No small change betters an answer. Nothing fits on the clusters of the seeds that are left out.
  @Test(arguments: [0, 1, 3, 4, 5, 6, 7, 8, 9, 10])
  func answersArePolished(seed: Int) throws {
    let problem = MixedSearchTests.problem(seed: seed)
    let constraints = SearchConstraints()
    let best = try #require(ClusterPlanner(problem).plan(constraints).best)
    let polish = PlanPolish(problem: problem, constraints: constraints, tables: SeatTables(problem))
    let polished = polish.polished(best, tries: .max)
    #expect(polished.plan.prediction.step == best.plan.prediction.step)
  }
}
