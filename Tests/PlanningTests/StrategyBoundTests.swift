import Costing
import Hardware
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
      var chain = RandomChain(seed: seed, hasSlowLinks: seed % 3 == 0)
      if seed % 4 == 0 { chain.strategy.zeroStage = .weights }
      if chain.expectsBound() { raised += 1 }
    }
    #expect(raised > 5, "memory makes some bounds greater")
  }

  /// The same where blocks are alike, of which whole ones make a stage.
  @Test(arguments: 0..<20)
  func boundsEverySplitOfEqualBlocks(batch: Int) {
    for seed in (batch * 10)..<((batch + 1) * 10) {
      var chain = RandomChain(seed: seed, hasSlowLinks: seed % 2 == 0)
      chain.problem = DecoderExample.small.problem(
        on: chain.problem.pool, batch: chain.problem.job.globalBatchSize, sequence: 512)
      let strategy = chain.strategy
      guard
        strategy.virtualStages == 1
          || chain.problem.chunks.allows(chunks: strategy.pipeline * strategy.virtualStages)
      else { continue }
      var keeping = strategy
      keeping.recompute = .none
      let peak = Planner(chain.problem).simulate(keeping).prediction.peakMemory
      let runtime = chain.problem.runtimeMemory
      var random = SplitMix64(seed: seed)
      chain.problem = chain.problem.limited(
        to: runtime + (peak - runtime) * Double.random(in: 0.3...1.2, using: &random))
      _ = chain.expectsBound()
    }
  }

  /// Where sends take longer than passes, every schedule is bounded by them.
  @Test(arguments: [16, 64]) func closesOverSlowLinks(batch: Int) throws {
    let decoder = DecoderExample(
      name: "llama-7b", layers: 32, hidden: 4096, heads: 32, keyValueHeads: 32,
      feedForward: 11008, vocabulary: 32000, isGated: true)
    var pool = Pool.example(nodes: 4, gpusPerNode: 2)
    pool.levels[1].bandwidth = .gigabits(1)
    let problem = decoder.problem(on: pool, batch: batch, sequence: 1024)
    guard case .found(let result) = Planner(problem).plan(SearchConstraints()) else {
      Issue.record("a plan fits")
      return
    }
    #expect(result.proof.gapFraction == 0)
  }

  /// A search that is to stop does so wherever it is, with a plan and a bound that holds.
  @Test(arguments: [1, 2, 3]) func stopsAnywhere(stages: Int) throws {
    let problem = DecoderExample.small.problem(
      on: .example("a100-sxm4-40gb", nodes: 2, gpusPerNode: 3), batch: 12, sequence: 512)
    var constraints = SearchConstraints()
    constraints.pipeline = [stages, stages + 1]
    constraints.allowsUnevenChunks = true
    constraints.wantsFrontier = true
    func search(upTo asks: Int) throws -> (result: PlanningResult, asked: Int) {
      var asked = 0
      let outcome = Planner(problem).plan(constraints) {
        asked += 1
        return asked > asks
      }
      guard case .found(let result) = outcome else { throw NothingFound() }
      return (result, asked)
    }
    let whole = try search(upTo: .max)
    #expect(whole.asked > 10)
    let best = whole.result.best.prediction.step
    for asks in 0..<min(whole.asked, 40) {
      let (result, asked) = try search(upTo: asks)
      #expect(result.best.prediction.step >= best)
      // Another plan that is as fast may be so to the last digit but one.
      #expect(result.proof.lowerBound <= best * (1 + SplitSearch.tolerance))
      #expect(result.frontier.count <= whole.result.frontier.count)
      // Once told, it does not ask for long.
      #expect(asked <= asks + 200, "\(asks)")
    }
  }

  private struct NothingFound: Error {}
}

extension RandomChain {
  /// Expects the strategy's bound to be one; whether memory makes it greater.
  fileprivate func expectsBound() -> Bool {
    let search = SplitSearch(StrategyModel(problem, strategy), choosesRecompute: true)
    var best = Double.infinity
    forEachSplit(everyCount: true) { split in
      if search.fits(split) { best = min(best, search.costs.played(split)) }
    }
    let bound = bound(of: problem)
    #expect(bound <= best * (1 + 1e-9), "\(self): bound \(bound), best \(best)")
    return self.bound(of: problem.limited(to: ByteCount(1e18))) < bound
  }

  /// Of the strategy, as the search has it; infinite where it says that nothing fits.
  fileprivate func bound(of problem: PlanningProblem) -> Double {
    var constraints = SearchConstraints()
    constraints.zeroStage = [strategy.zeroStage]
    constraints.schedule = [strategy.schedule]
    constraints.virtualStages = [strategy.virtualStages]
    constraints.recompute = [strategy.recompute]
    var counts = [Double](repeating: 0, count: problem.graph.kinds.count)
    for kind in problem.kinds { counts[kind] += 1 }
    // Sharded weights are gathered among the replicas.
    let isSharded = strategy.zeroStage == .weights
    let slice = StrategySlice(
      problem, counts: counts,
      LayerParallelism(
        data: isSharded ? strategy.data : 1, zeroStage: strategy.zeroStage.representative,
        microBatchSize: strategy.microBatchSize), includesGathers: isSharded)
    var least = Double.infinity
    let space = StrategySpace(problem, constraints)
    var bounds = ShapeBounds(
      space, slice, space.rankFreedom(slice.parallelism), stages: strategy.pipeline,
      data: strategy.data)
    _ = bounds?.forEachStrategy(below: .infinity) { least = min(least, $0.seconds) }
    return least
  }
}
