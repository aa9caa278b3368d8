import Costing
import Quantities
import Testing

@testable import Planning

/// What the space leaves out for something that is never worse.
@Suite struct StrategySpaceTests {
  /// A sequence that is cut in vain is no faster and no leaner than with more replicas.
  @Test(arguments: 0..<300)
  func cutsNoSequenceInVain(seed: Int) {
    var random = SplitMix64(seed: seed)
    let example = [DecoderExample.small, .gpt1B5].randomElement(using: &random)!
    let sequence = [384, 512, 1024].randomElement(using: &random)!
    let batch = [24, 32, 36].randomElement(using: &random)!
    let problem = example.problem(
      on: .example(nodes: 16, gpusPerNode: [4, 6, 8].randomElement(using: &random)!),
      batch: batch, sequence: sequence)
    let space = StrategySpace(problem, SearchConstraints())
    let context = sequence.divisors.filter { $0 <= 12 }.randomElement(using: &random)!
    let size = batch.divisors.randomElement(using: &random)!
    let share = (batch / size).divisors.randomElement(using: &random)!
    let tensor = [1, 2, 4].randomElement(using: &random)!
    var split = LayerParallelism(
      tensor: tensor, sequenceParallel: tensor > 1 && sequence / context % tensor == 0,
      context: context, zeroStage: ZeroStage.allCases.randomElement(using: &random)!)
    let pipeline = Int.random(in: 1...3, using: &random)
    let nodes = problem.graph.nodes.count
    let evenly = PipelineSplit(
      boundaries: (0...pipeline).map { $0 * nodes / pipeline },
      recomputed: [Int](repeating: 0, count: pipeline))
    func plan(without factor: Int) -> Plan {
      Planner(problem).simulate(
        ParallelStrategy(
          pipeline: pipeline, tensor: tensor, data: share * factor, context: context / factor,
          microBatchSize: size / factor, microBatches: batch / size / share,
          zeroStage: split.zeroStage, sequenceParallel: split.sequenceParallel, recompute: .none,
          schedule: .oneForwardOneBackward), split: evenly)
    }
    split.microBatchSize = size
    guard pipeline * tensor * share * context <= problem.pool.gpus,
      !space.microBatchSizes(split).contains(size)
    else { return }
    let cut = plan(without: 1)
    let isInVain = context.divisors.dropFirst().contains { factor in
      guard size % factor == 0 else { return false }
      let whole = plan(without: factor)
      return whole.prediction.step <= cut.prediction.step * (1 + 1e-12)
        && whole.prediction.peakMemory <= cut.prediction.peakMemory * (1 + 1e-12)
    }
    #expect(isInVain, "seed \(seed): \(cut.strategy)")
  }
}
