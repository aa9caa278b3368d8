import Quantities
import Scheduling
import Testing
import Workload

@testable import Planning

/// The search over down-sets against every sequence of nested ones, the schedule played for each.
@Suite struct DownSetOracleTests {
  @Test(arguments: 0..<10)
  func findsTheBestOfAllCuts(batch: Int) {
    for seed in (batch * 40)..<((batch + 1) * 40) {
      let random = RandomGraph(seed: seed)
      let (problem, strategy) = (random.problem, random.strategy)
      var best = Seconds(.infinity)
      var leanest = ByteCount(.infinity)
      random.forEachCut { split in
        let plan = problem.plan(strategy, split)
        if plan.fits { best = min(best, plan.prediction.step) }
        leanest = min(leanest, plan.prediction.peakMemory)
      }
      let model = StrategyModel(problem, strategy)
      let result = SplitSearch(model, choosesRecompute: true, effort: 100_000)
        .result(cutoff: .infinity, floor: 0)
      if let split = result.split {
        let found = problem.plan(strategy, split)
        #expect(found.fits, "\(random)")
        #expect(found.prediction.step / best < 1 + 1e-9, "\(random)")
        #expect(found.prediction.step / best > 1 - 1e-9, "\(random)")
        #expect(result.bound <= result.seconds * (1 + 1e-12), "\(random)")
        #expect(result.bound >= result.seconds * (1 - 1e-8), "\(random): left open")
      } else {
        #expect(best.value == .infinity, "\(random)")
      }
      if problem.downSets != nil {
        let costs = SplitCosts(model, choosesRecompute: false)
        let cuts = LeanestCut(costs).boundaries(below: .infinity)!
        let fullest = zip(cuts, cuts.dropFirst()).enumerated().reduce(0) {
          max($0, costs.memory(stage: $1.offset, $1.element.0..<$1.element.1, recomputed: 0))
        }
        #expect(abs(fullest / leanest.value - 1) < 1e-9, "\(random)")
      }
    }
  }

  /// A bound that is lower than the cutoff must not be claimed for what is dearer.
  @Test(arguments: 0..<100)
  func knowsWhatTheCutoffExcludes(seed: Int) {
    let random = RandomGraph(seed: seed)
    let model = StrategyModel(random.problem, random.strategy)
    let search = SplitSearch(model, choosesRecompute: true, effort: 100_000)
    let best = search.result(cutoff: .infinity, floor: 0).seconds
    guard best < .infinity else { return }
    let above = search.result(cutoff: best * 1.001, floor: 0)
    #expect(abs(above.seconds / best - 1) < 1e-9)
    let below = search.result(cutoff: best * 0.999, floor: 0)
    #expect(below.bound >= best * 0.999 * (1 - 1e-9))
  }

  /// Where the effort does not suffice, the bound still holds.
  @Test(arguments: 0..<100)
  func claimsNoMoreThanItLookedAt(seed: Int) {
    let random = RandomGraph(seed: seed)
    let model = StrategyModel(random.problem, random.strategy)
    let best = SplitSearch(model, choosesRecompute: true, effort: 100_000)
      .result(cutoff: .infinity, floor: 0).seconds
    for effort in [1, 4, 16] {
      let early = SplitSearch(model, choosesRecompute: true, effort: effort)
        .result(cutoff: .infinity, floor: 0)
      #expect(early.bound <= best * (1 + 1e-9), "\(random)")
      #expect(early.seconds >= best * (1 - 1e-9), "\(random)")
    }
  }

  /// What a problem on some down-sets proves holds for all.
  @Test(arguments: 0..<40)
  func partOfTheDownSetsProvesNoMore(seed: Int) throws {
    let random = RandomGraph(seed: seed)
    guard random.problem.downSets != nil else { return }
    let exact = Planner(random.problem).plan(SearchConstraints())
    let along = Planner(
      random.problem.along(PipelineSplit(boundaries: [], recomputed: []))
    ).plan(SearchConstraints())
    guard case .found(let best) = exact, case .found(let heuristic) = along else { return }
    #expect(best.proof.isClosed)
    #expect(heuristic.proof.lowerBound <= best.best.prediction.step * (1 + 1e-9))
    #expect(heuristic.best.prediction.step >= best.best.prediction.step * (1 - 1e-9))
    if heuristic.best.strategy.pipeline > 1 {
      #expect(heuristic.warnings.contains { $0.contains("no chain") })
    }
  }
}
