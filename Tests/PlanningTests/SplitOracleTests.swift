import Quantities
import Scheduling
import Testing

@testable import Planning

/// The split search against every split there is, each with every number of recomputed layers, and
/// the schedule played for each.
@Suite struct SplitOracleTests {
  static let batches = Array(0..<40)

  @Test(arguments: batches)
  func findsTheBestOfAllSplits(batch: Int) {
    for seed in (batch * 50)..<((batch + 1) * 50) {
      let chain = RandomChain(seed: seed, hasSlowLinks: seed % 3 == 0)
      let model = StrategyModel(chain.problem, chain.strategy)
      let search = SplitSearch(model, choosesRecompute: true, effort: 100_000)
      let result = search.result(cutoff: .infinity, floor: 0)
      var best = Double.infinity
      var count = 0
      chain.forEachSplit(everyCount: true) { split in
        count += 1
        guard search.fits(split) else { return }
        best = min(best, search.costs.played(split))
      }
      guard best < .infinity else {
        #expect(result.split == nil, "\(chain)")
        continue
      }
      #expect(result.split.map(search.fits) == true, "\(chain)")
      #expect(result.bound <= best * (1 + 1e-9), "\(chain): bound \(result.bound), best \(best)")
      #expect(
        result.seconds <= best * (1 + 1e-9), "\(chain): found \(result.seconds), best \(best)")
      #expect(result.seconds >= best * (1 - 1e-12), "\(chain)")
    }
  }
}

extension SplitSearch {
  func fits(_ split: PipelineSplit) -> Bool {
    let model = costs.model
    return (0..<model.stages).allSatisfy { stage in
      let chunks = split.chunks(ofStage: stage, of: model.stages)
      let memory = model.memory(
        stage: stage, chunks: chunks, recomputed: split.recomputed[stage])
      return memory.total <= model.problem.memoryLimit
    }
  }
}
