import Costing
import Quantities
import Testing

@testable import Planning

/// Waiting for the slowest replica.
@Suite struct StragglerTests {
  private static func problem(_ parameters: CostParameters) -> PlanningProblem {
    let problem = DecoderExample.small.problem(
      on: .example(nodes: 8, gpusPerNode: 4), batch: 160, sequence: 512)
    return PlanningProblem(
      graph: problem.graph, pool: problem.pool, job: problem.job, parameters: parameters,
      memoryHeadroomFraction: 0)
  }

  /// What is added to a step, as a part of it, in doublings.
  private func doublings(_ strategy: ParallelStrategy) -> Double {
    var parameters = CostParameters.published
    let growth = 0.01
    parameters.fused.stragglerGrowth = growth
    let waits = Planner(Self.problem(parameters)).simulate(strategy).prediction.step
    parameters.fused.stragglerGrowth = 0
    let undisturbed = Planner(Self.problem(parameters)).simulate(strategy).prediction.step
    return (waits / undisturbed - 1) / growth
  }

  @Test(arguments: [
    // Replicas on nodes of their own meet once a step.
    (ParallelStrategy(tensor: 4, data: 8, microBatches: 20), 3.0),
    (ParallelStrategy(tensor: 4, data: 5, microBatches: 32), 3.0),
    (ParallelStrategy(data: 32, microBatches: 5), 3.0),
    (ParallelStrategy(pipeline: 4, tensor: 4, data: 2, microBatches: 80), 1.0),
    (ParallelStrategy(tensor: 4, context: 8, microBatches: 160), 3.0),
    // One replica's stages wait for each other all along; those of one node are not apart.
    (ParallelStrategy(pipeline: 2, tensor: 4, microBatches: 160), 0.0),
    (ParallelStrategy(data: 4, microBatches: 40), 0.0),
  ])
  func waitsForReplicas(strategy: ParallelStrategy, expected: Double) {
    #expect(abs(doublings(strategy) - expected) < 1e-6, "\(strategy)")
  }

  /// A stage with one replica joins those of the others, and spares them no waiting.
  @Test func stagesWithFewerReplicasWaitToo() {
    let problem = DecoderExample.small.problem(
      on: .example([("a100-sxm4-80gb", 4, 1), ("l40s", 4, 1)]), batch: 16, sequence: 512)
    func fraction(_ first: (tensor: Int, data: Int), _ second: (tensor: Int, data: Int)) -> Double {
      let seats = [first, second].enumerated().map {
        StageSeat(
          pool: $0, tensor: $1.tensor, data: $1.data, microBatchSize: 4 / $1.data)
      }
      let strategy = MixedStrategy(
        base: ParallelStrategy(pipeline: 2), lanes: [Lane(seats: seats, microBatches: 4)])
      return MixedModel(problem, strategy).stragglerFraction
    }
    let growth = problem.parameters.fused.stragglerGrowth
    #expect(fraction((1, 4), (4, 1)) == 2 * growth)
    #expect(fraction((4, 1), (1, 4)) == 2 * growth)
    #expect(fraction((2, 2), (4, 1)) == growth)
    #expect(fraction((4, 1), (4, 1)) == 0)
  }
}
