import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

/// What a prediction must obey, whatever the strategy.
@Suite struct PredictionTests {
  static let problem = DecoderExample.small.problem(
    on: .example(nodes: 2), batch: 48, sequence: 1024)

  static let strategies: [ParallelStrategy] = [
    ParallelStrategy(data: 16, microBatchSize: 3),
    ParallelStrategy(pipeline: 3, microBatches: 48, schedule: .gpipe),
    ParallelStrategy(
      pipeline: 2, tensor: 2, data: 4, microBatches: 12, sequenceParallel: true,
      recompute: .selective),
    ParallelStrategy(
      pipeline: 4, tensor: 4, microBatches: 48, sequenceParallel: true, recompute: .full),
    ParallelStrategy(
      pipeline: 2, data: 8, virtualStages: 3, microBatches: 6, schedule: .interleaved),
    ParallelStrategy(
      pipeline: 4, data: 2, context: 2, microBatches: 24, schedule: .zeroBubble),
    ParallelStrategy(data: 16, microBatches: 3, zeroStage: .weights),
    ParallelStrategy(data: 8, context: 2, microBatches: 6, zeroStage: .gradients),
    ParallelStrategy(data: 16, microBatches: 3, zeroStage: .none),
  ]

  @Test(arguments: strategies)
  func partsAddUpToTheStep(_ strategy: ParallelStrategy) {
    let plan = Planner(Self.problem).simulate(strategy)
    let step = plan.prediction.step.value
    #expect(step > 0)
    let breakdown = plan.prediction.breakdown
    #expect(abs(breakdown.total.value - step) <= 1e-12 * step)
    #expect(breakdown.bubble >= .zero)
  }

  @Test(arguments: strategies)
  func simulatingAPlanAgainChangesNothing(_ strategy: ParallelStrategy) {
    let planner = Planner(Self.problem)
    let plan = planner.simulate(strategy)
    let again = planner.simulate(plan.strategy, split: plan.split)
    #expect(again == plan)
  }

  /// Recomputing every layer is what `full` means where no number of layers is given.
  @Test func recomputesEveryLayerUnlessTold() {
    let strategy = ParallelStrategy(data: 16, microBatches: 3, recompute: .full)
    #expect(Planner(Self.problem).simulate(strategy).stages[0].recomputedLayers == 6)
    let least = Planner(Self.problem).simulate(strategy, fewestRecomputed: true)
    #expect(least.stages[0].recomputedLayers == 0)
  }

  @Test func planThatDoesNotFitIsPredicted() {
    let tight = DecoderExample.small.problem(
      on: .example(nodes: 2, memory: .gibi(2.1)), batch: 48, sequence: 1024)
    let plan = Planner(tight).simulate(ParallelStrategy(data: 16, microBatches: 3))
    #expect(!plan.fits)
    #expect(plan.prediction.step > .zero)
    #expect(plan.prediction.peakMemory > plan.stages[0].memoryLimit)
  }
}
