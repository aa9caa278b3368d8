import Costing
import Testing

@testable import Planning

/// Alternatives against the best plan of every shape, each searched for by itself.
@Suite struct AlternativesTests {
  @Test(arguments: [(8, 512), (16, 1024), (12, 512)])
  func areTheBestOfOtherShapes(batch: Int, sequence: Int) {
    let problem = DecoderExample.small.problem(
      on: .example(nodes: 1), batch: batch, sequence: sequence)
    guard case .found(let result) = Planner(problem).plan(SearchConstraints()) else {
      Issue.record("a small model fits")
      return
    }
    let steps = [result.best].map(\.prediction.step) + result.alternatives.map(\.prediction.step)
    let expected = bestOfShapes(problem).sorted().prefix(steps.count)
    #expect(steps.count == 4)
    for (step, best) in zip(steps, expected) {
      #expect(abs(step.value - best) <= 1e-9 * best, "\(steps) against \(expected)")
    }
  }

  private func bestOfShapes(_ problem: PlanningProblem) -> [Double] {
    var steps: [Double] = []
    for tensor in 8.divisors {
      for context in 8.divisors {
        for data in problem.job.globalBatchSize.divisors {
          for pipeline in 1...8 where tensor * context * data * pipeline <= 8 {
            let strategy = ParallelStrategy(
              pipeline: pipeline, tensor: tensor, data: data, context: context)
            steps += [best(problem, strategy)].filter { $0 < .infinity }
          }
        }
      }
    }
    return steps
  }

  /// Of the micro-batch sizes that the space holds under each ZeRO stage.
  private func best(_ problem: PlanningProblem, _ shape: ParallelStrategy) -> Double {
    let space = StrategySpace(problem, SearchConstraints())
    var best = Double.infinity
    for zero in ZeroStage.allCases {
      let split = LayerParallelism(
        tensor: shape.tensor, sequenceParallel: shape.tensor > 1, context: shape.context,
        zeroStage: zero.representative)
      var constraints = SearchConstraints()
      constraints.pipeline = [shape.pipeline]
      constraints.tensor = [shape.tensor]
      constraints.data = [shape.data]
      constraints.context = [shape.context]
      constraints.zeroStage = [zero]
      constraints.microBatchSize = space.microBatchSizes(split)
      constraints.alternatives = 0
      if case .found(let result) = Planner(problem).plan(constraints) {
        best = min(best, result.best.prediction.step.value)
      }
    }
    return best
  }
}
