import Galvatron
import Testing

private func differs(_ a: Double, _ b: Double) -> Bool { abs(a - b) > 1e-9 * abs(b) }

@Suite struct GoldenTests {
  @Test func layersCostWhatGalvatronComputes() throws {
    for (profile, rows, batch, microBatches) in [
      (PublishedProfile.fixture, GoldenRow.fixtureLayers, 64, 32),
      (.llama8, GoldenRow.publishedLayers, 16, 1),
    ] {
      let job = try profile.job()
      for row in rows {
        let judge = Judge(
          job, globalBatchSize: batch, microBatches: microBatches, stages: row.stages)
        let strategy = LayerStrategy(short: row.strategy)
        let time = judge.layerTime(strategy)
        #expect(!differs(time.withSync, row.withSync), "\(row)")
        #expect(!differs(time.withoutSync, row.withoutSync), "\(row)")
        #expect(!differs(judge.layerStates(strategy), row.first), "\(row)")
        #expect(!differs(judge.layerActivations(strategy, stage: 0), row.second), "\(row)")
      }
    }
  }

  @Test func endsCostWhatGalvatronComputes() throws {
    for (profile, rows, batch, microBatches) in [
      (PublishedProfile.fixture, GoldenRow.fixtureEnds, 64, 32),
      (.llama8, GoldenRow.publishedEnds, 16, 1),
    ] {
      let job = try profile.job()
      for row in rows {
        let judge = Judge(
          job, globalBatchSize: batch, microBatches: microBatches, stages: row.stages)
        let strategy = LayerStrategy(short: row.strategy)
        let time = judge.endTime(strategy)
        let last = row.stages - 1
        #expect(!differs(time.withSync[last], row.withSync), "\(row)")
        #expect(!differs(time.withoutSync[last], row.withoutSync), "\(row)")
        let memory = judge.endMemory(strategy)
        #expect(!differs(memory[0], row.first), "\(row)")
        #expect(!differs(memory[last], row.second), "\(row)")
      }
    }
  }

  /// A plan that Galvatron's search found, with its throughput and, all memory used and kept back,
  /// its memory; and what is known to be possible.
  struct Run: Sendable {
    var profile: PublishedProfile
    var gigabytes: Int
    var batch: Int
    /// Fixed, or of the plan found.
    var microBatches: Int
    var isFixed: Bool
    var stages: [Int]
    var layers: String
    var embedding: String
    var throughput: Double
    var memory: [Int]
    /// Samples a second that this search reaches at least.
    var reached: Double
  }

  static let runs: [Run] = [
    Run(
      profile: .llama16, gigabytes: 24, batch: 32, microBatches: 1, isFixed: false, stages: [32],
      layers: "28x2c 3x2 1x2ufc", embedding: "2uf", throughput: 26.719729640039837,
      memory: [24490], reached: 26.89660864),
    Run(
      profile: .llama8, gigabytes: 16, batch: 16, microBatches: 2, isFixed: false, stages: [32],
      layers: "32x8c", embedding: "2uf", throughput: 9.991218519371877, memory: [16353],
      reached: 10.20267345),
    Run(
      profile: .llama8, gigabytes: 20, batch: 16, microBatches: 1, isFixed: false, stages: [32],
      layers: "30x1fc 2x1", embedding: "2uf", throughput: 13.708719079851202, memory: [20413],
      reached: 13.7098265),
    Run(
      profile: .llama8, gigabytes: 24, batch: 64, microBatches: 8, isFixed: true,
      stages: [16, 16], layers: "5x2fc 11x2c 13x2fc 2x2c 1x2", embedding: "2uf",
      throughput: 12.100586073413615, memory: [24570, 24501], reached: 12.10058607),
    Run(
      profile: .llama8, gigabytes: 36, batch: 16, microBatches: 1, isFixed: false, stages: [32],
      layers: "20x1fc 12x1f", embedding: "2uf", throughput: 14.732339301332983, memory: [36757],
      reached: 14.73361828),
    // Galvatron reports 64 MB more: it judged the plan with a gather buffer that it does not need.
    Run(
      profile: .fixture, gigabytes: 36, batch: 64, microBatches: 8, isFixed: true, stages: [28],
      layers: "28x1fc", embedding: "1f", throughput: 2.5246283459057333, memory: [35607],
      reached: 2.52898399),
  ]

  @Test(arguments: runs)
  func strategyFilesAreJudgedAsGalvatronDoes(run: Run) throws {
    let job = try run.profile.job()
    let judge = Judge(
      job, globalBatchSize: run.batch, microBatches: run.microBatches, stages: run.stages.count)
    let plan = LayerwisePlan(
      stageLayers: run.stages, layers: LayerStrategy.list(run.layers),
      embedding: LayerStrategy(short: run.embedding), globalBatchSize: run.batch,
      microBatches: run.microBatches)
    let verdict = judge.verdict(plan)
    #expect(!differs(verdict.samplesPerSecond, run.throughput))
    let reserved = MemoryBudget(gigabytes: run.gigabytes).reserved
    #expect(verdict.stageMemory.map { $0 + reserved } == run.memory)
  }

  @Test(arguments: runs)
  func searchIsNeverWorse(run: Run) throws {
    let job = try run.profile.job()
    let space = SearchSpace(
      batchSizes: [run.batch], microBatches: run.isFixed ? run.microBatches : nil)
    let search = LayerwiseSearch(
      job, space, budget: MemoryBudget(gigabytes: run.gigabytes))
    guard case .found(let result) = search.run() else {
      Issue.record("found nothing")
      return
    }
    let throughput = result.verdict.samplesPerSecond
    #expect(throughput >= run.throughput * (1 - 1e-12))
    #expect(throughput >= run.reached)
    #expect(result.verdict.stageMemory.allSatisfy { $0 <= result.budget.usable })
    #expect(result.verdict.seconds <= result.lowerBound * (1 + 1e-12))
  }

  /// Galvatron's own test asserts 2.648509 for its search; 2.662088 is possible.
  @Test func beatsGalvatronOnItsOwnTest() throws {
    let search = LayerwiseSearch(
      try PublishedProfile.fixture.job(), SearchSpace(batchSizes: [64], microBatches: 32),
      budget: MemoryBudget(gigabytes: 36))
    guard case .found(let result) = search.run() else {
      Issue.record("found nothing")
      return
    }
    #expect(abs(result.verdict.samplesPerSecond - 2.662088) < 1e-6)
    #expect(result.plan.layers == LayerStrategy.list("9x4fc 19x8"))
  }
}
