import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

/// What is excluded before any layout is made of it, against every pipeline there is.
@Suite struct CoveringTests {
  /// What pipelines that a search looks at together have in common.
  private struct Key: Hashable {
    var microBatchSize: Int
    var data: Int
    var context: Int
    var expert: Int
    var zeroStage: ZeroStage

    init(_ strategy: ParallelStrategy) {
      (microBatchSize, data) = (strategy.microBatchSize, strategy.data)
      (context, expert) = (strategy.context, strategy.expert)
      zeroStage = strategy.zeroStage.representative
    }
  }

  /// Two or three types of GPUs, one or two of each, and a model of a few layers.
  private static func problem(seed: Int) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let types = ["a100-sxm4-80gb", "v100-sxm2-32gb", "a10", "rtx4090", "t4"]
      .shuffled(using: &random)
    let pools = Int.random(in: 2...3, using: &random)
    let parts = (0..<pools).map {
      (types[$0], pools == 3 ? 1 : Int.random(in: 1...2, using: &random), 1)
    }
    var model = DecoderExample.small
    model.layers = Int.random(in: 3...6, using: &random)
    model.tiesEmbeddings = Bool.random(using: &random)
    model.hidden = 1024
    model.feedForward = 4096
    // A vocabulary of which little is left beside the blocks, and one that weighs as much.
    model.vocabulary = seed % 2 == 0 ? 500 : 8000
    return model.problem(
      on: .example(parts), batch: [4, 6, 8].randomElement(using: &random)!, sequence: 1024)
  }

  private static func constraints(seed: Int) -> SearchConstraints {
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.data = seed % 3 == 0 ? [1, 2] : [1]
    constraints.microBatchSize = [1, 2]
    constraints.schedule =
      [
        [.oneForwardOneBackward, .zeroBubble], [.zeroBubble], [.gpipe, .oneForwardOneBackward],
        [.interleaved],
      ][seed / 3 % 4]
    return constraints
  }

  /// Of all that is looked at together the least step, waiting for the slowest replica left out.
  private static func least(
    _ problem: ClusterProblem, _ constraints: SearchConstraints
  ) -> [Key: Double] {
    var least: [Key: Double] = [:]
    EveryPipeline(problem: problem, constraints: constraints).forEachFitting { plan in
      let waiting = 1 + MixedModel(problem, plan.strategy).stragglerFraction
      let key = Key(plan.plan.strategy)
      least[key] = min(
        least[key] ?? .infinity, plan.plan.prediction.step.value / waiting)
    }
    return least
  }

  /// What the fullest GPU holds in the leanest plan and in an eighth of all, and no limit.
  private static func memories(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, recomputesAll: Bool
  ) -> [ByteCount?] {
    var peaks: [ByteCount] = []
    EveryPipeline(problem: problem, constraints: constraints, recomputesAll: recomputesAll)
      .forEachFitting { peaks.append($0.plan.prediction.peakMemory) }
    peaks.sort()
    return peaks.isEmpty ? [nil] : [peaks[0], peaks[peaks.count / 8], nil]
  }

  /// Whatever of size, replicas and states a search looks at together: a plan's own step is enough for it, in
  /// memory that just suffices, in somewhat more and in plenty. Where no plan fits, that is known of some.
  @Test(arguments: 0..<4)
  func excludesNothingThatHasAPlanInTime(batch: Int) {
    var (holding, excluded) = (0, 0)
    for seed in stride(from: batch, to: 40, by: 4) {
      let (whole, constraints) = (Self.problem(seed: seed), Self.constraints(seed: seed))
      for memory in Self.memories(whole, constraints, recomputesAll: seed % 5 > 0) {
        // A hair more, as bytes are summed in another order.
        let problem = memory.map { whole.limited(to: $0 * (1 + 1e-12)) } ?? whole
        let least = Self.least(problem, constraints)
        let search = MixedSearch(
          problem, constraints, effort: SearchEffort(), tables: SeatTables(problem),
          incumbents: [])
        for base in Self.bases(search) {
          if let step = least[Key(base.strategy)] {
            holding += 1
            #expect(
              search.mayCover(base, within: step * (1 + 1e-9)), "seed \(seed), \(base.strategy)")
          } else if !search.mayCover(base, within: .infinity) {
            excluded += 1
          }
        }
      }
    }
    #expect(holding > 40)
    #expect(excluded > 4)
  }

  /// All that a search looks at.
  private static func bases(_ search: MixedSearch) -> [MixedSearch.Base] {
    var bases: [MixedSearch.Base] = []
    let (space, batch) = (search.space, search.problem.job.globalBatchSize)
    space.forEachSplit { split in
      var strategy = split
      for size in space.choices.microBatchSizes(data: 1) {
        strategy.microBatchSize = size
        search.sliceRates.append(
          SliceRates(strategy, space, search.slices, chunkOverhead: search.bound.chunkOverhead))
        for data in space.choices.datas(context: split.context)
        where batch.isMultiple(of: data * size) {
          (strategy.data, strategy.microBatches) = (data, batch / data / size)
          bases.append(
            MixedSearch.Base(strategy: strategy, slice: search.sliceRates.count - 1))
        }
      }
    }
    return bases
  }
}
