import Costing
import Quantities
import Scheduling
import Testing

@testable import Planning

/// What the search knows of a strategy before it cuts it, against every split there is.
@Suite struct StrategyBoundTests {
  @Test(arguments: 0..<40)
  func boundsEverySplit(batch: Int) {
    var raised = 0
    for seed in (batch * 50)..<((batch + 1) * 50) {
      var chain = RandomChain(seed: seed)
      if seed % 4 == 0 { chain.strategy.zeroStage = .weights }
      let search = SplitSearch(
        StrategyModel(chain.problem, chain.strategy), choosesRecompute: true)
      var best = Double.infinity
      chain.forEachSplit(everyCount: true) { split in
        if search.fits(split) { best = min(best, search.costs.played(split)) }
      }
      let bound = chain.bound(of: chain.problem)
      #expect(bound <= best * (1 + 1e-9), "\(chain): bound \(bound), best \(best)")
      var free = chain.problem
      free.memoryLimit = ByteCount(.infinity)
      if chain.bound(of: free) < bound { raised += 1 }
    }
    #expect(raised > 5, "memory makes some bounds greater")
  }
}

extension RandomChain {
  /// Of the strategy, as the search has it; infinite where it says that nothing fits.
  fileprivate func bound(of problem: PlanningProblem) -> Double {
    var constraints = SearchConstraints()
    constraints.zeroStage = [strategy.zeroStage]
    constraints.schedule = [strategy.schedule]
    constraints.virtualStages = [strategy.virtualStages]
    constraints.recompute = [strategy.recompute]
    var counts = [Double](repeating: 0, count: problem.graph.kinds.count)
    for kind in problem.kinds { counts[kind] += 1 }
    let slice = StrategySlice(
      problem, counts: counts,
      LayerParallelism(
        zeroStage: strategy.zeroStage.representative, microBatchSize: strategy.microBatchSize))
    slice.measureBlocks(problem)
    var least = Double.infinity
    var bounds = ShapeBounds(
      StrategySpace(problem, constraints), slice, stages: strategy.pipeline, data: strategy.data)
    _ = bounds?.forEachStrategy(below: .infinity) { least = min(least, $0.seconds) }
    return least
  }
}
