import Testing

@testable import Galvatron

/// Every plan of a space within a budget, judged one by one: each stage takes every multiset of
/// strategies, as the judge only adds layers up.
private func bruteForce(
  _ job: MeasuredJob, _ space: SearchSpace, budget: MemoryBudget
) -> Double? {
  var best: Double?
  for batch in space.batchSizes {
    for microBatches in space.microBatchCounts(batch) {
      for stages in space.stageCounts(job, microBatches: microBatches) {
        let judge = Judge(
          job, globalBatchSize: batch, microBatches: microBatches, stages: stages)
        let strategies = space.layerStrategies(judge)
        let division = LayerwisePlan.evenDivision(layers: job.layers, stages: stages)
        for layers in layerLists(division[...], strategies) {
          for embedding in space.embeddingStrategies(judge, strategies) {
            let plan = LayerwisePlan(
              stageLayers: division, layers: layers, embedding: embedding,
              globalBatchSize: batch, microBatches: microBatches, schedule: job.run.schedule,
              defaultSharding: job.run.defaultSharding)
            let verdict = judge.verdict(plan)
            guard verdict.stageMemory.allSatisfy({ $0 <= budget.usable }) else { continue }
            best = max(best ?? 0, verdict.samplesPerSecond)
          }
        }
      }
    }
  }
  return best
}

private func layerLists(
  _ division: ArraySlice<Int>, _ strategies: [LayerStrategy]
) -> [[LayerStrategy]] {
  guard let count = division.first else { return [[]] }
  let rest = layerLists(division.dropFirst(), strategies)
  return multisets(count, strategies[...]).flatMap { stage in rest.map { stage + $0 } }
}

private func multisets(
  _ count: Int, _ strategies: ArraySlice<LayerStrategy>
) -> [[LayerStrategy]] {
  guard count > 0 else { return [[]] }
  return strategies.indices.flatMap { index in
    multisets(count - 1, strategies[index...]).map { [strategies[index]] + $0 }
  }
}

@Suite struct LayerwiseSearchTests {
  /// The search finds what trying every plan finds; where reductions of later stages stick out it
  /// may miss by what its bound says.
  @Test func findsWhatTryingEveryPlanFinds() {
    var generator = SeededGenerator(state: 2307)
    var (found, closed, infeasible) = (0, 0, 0)
    for round in 0..<60 {
      let job = randomJob(&generator)
      let batch = [1, 2, 4, 6][Int.random(in: 0..<4, using: &generator)]
      var space = SearchSpace(batchSizes: [batch])
      // Few strategies keep the number of plans small where layers are many.
      space.allowsRecompute = job.layers <= 3
      space.allowsUlysses = job.layers <= 3 || round % 2 == 0
      let budget = MemoryBudget(gigabytes: Int.random(in: 2...14, using: &generator))
      let best = bruteForce(job, space, budget: budget)
      switch LayerwiseSearch(job, space, budget: budget).run() {
      case .infeasible:
        infeasible += 1
        #expect(best == nil, "round \(round)")
      case .undecided: Issue.record("round \(round): nobody stopped it")
      case .found(let result):
        found += 1
        guard let best else {
          Issue.record("round \(round): found what does not fit")
          continue
        }
        #expect(result.verdict.stageMemory.allSatisfy { $0 <= budget.usable })
        let least = Double(batch) / best
        #expect(result.lowerBound <= least * (1 + 1e-12), "round \(round)")
        if result.verdict.seconds <= result.lowerBound * (1 + 1e-12) {
          closed += 1
          #expect(abs(result.verdict.samplesPerSecond / best - 1) < 1e-12, "round \(round)")
        } else {
          #expect(result.verdict.seconds <= least * 1.05, "round \(round)")
        }
      }
    }
    #expect(
      found > 30 && infeasible > 2 && closed * 100 >= found * 95,
      "\(found) \(closed) \(infeasible)")
  }

  /// On one to eight nodes, with budgets from tight to loose: never worse than planning each stage by
  /// itself as Galvatron's search does, and nearly always proved to be the best.
  @Test(arguments: [1, 2, 4, 8])
  func isNeverWorseThanPlanningStagesByThemselves(nodes: Int) {
    var generator = SeededGenerator(state: UInt64(nodes))
    var (found, closed, better) = (0, 0, 0)
    for round in 0..<6 {
      let job = madeUpJob(nodes: nodes, &generator)
      let batch = nodes * 8 * [1, 2, 4][round % 3]
      let space = SearchSpace(batchSizes: [batch])
      let budget = MemoryBudget(gigabytes: Int.random(in: 16...72, using: &generator))
      let reference = StagewiseReference(job: job, space: space, budget: budget).best()
      guard case .found(let result) = LayerwiseSearch(job, space, budget: budget).run() else {
        #expect(reference == nil, "round \(round)")
        continue
      }
      found += 1
      let throughput = result.verdict.samplesPerSecond
      #expect(throughput >= (reference ?? 0) * (1 - 1e-12), "round \(round)")
      let most = Double(batch) / result.lowerBound
      #expect(most >= max(throughput, reference ?? 0) * (1 - 1e-12), "round \(round)")
      #expect(result.verdict.stageMemory.allSatisfy { $0 <= budget.usable }, "round \(round)")
      if result.verdict.seconds <= result.lowerBound * (1 + 1e-12) { closed += 1 }
      if throughput > (reference ?? 0) * (1 + 1e-6) { better += 1 }
    }
    #expect(found > 2 && closed * 10 >= found * 9 && better > 0, "\(found) \(closed) \(better)")
  }

  @Test func moreMemoryIsNeverWorse() {
    var generator = SeededGenerator(state: 7)
    for round in 0..<40 {
      let job = randomJob(&generator)
      var before = 0.0
      for gigabytes in 2...16 {
        let search = LayerwiseSearch(
          job, SearchSpace(batchSizes: [4, 8]), budget: MemoryBudget(gigabytes: gigabytes))
        guard case .found(let result) = search.run() else {
          #expect(before == 0, "round \(round)")
          continue
        }
        let closed = result.lowerBound * (1 - 1e-12) / Double(result.plan.globalBatchSize)
        #expect(1 / closed >= before, "round \(round) at \(gigabytes) GB")
        before = max(before, result.verdict.samplesPerSecond)
      }
    }
  }

  /// Stopped early and late: whatever is known then is answered, with a bound that holds.
  @Test(arguments: 0..<5) func answersWhatItKnowsWhenItIsStopped(seed: Int) throws {
    var generator = SeededGenerator(state: UInt64(seed))
    let job = madeUpJob(nodes: 1, &generator)
    let space = SearchSpace(batchSizes: [16])
    let search = LayerwiseSearch(job, space, budget: MemoryBudget(gigabytes: 72))
    guard case .found(let whole) = search.run() else {
      Issue.record("a plan fits")
      return
    }
    var (asked, plans) = (0, 0)
    #expect(search.run(shouldStop: { true }, onPlan: { plans += 1 }) == .undecided)
    _ = search.run { () -> Bool in
      asked += 1
      return false
    }
    var kinds: Set<String> = []
    for limit in Array(stride(from: 1, to: asked, by: max(1, asked / 16))) + [asked] {
      var asks = 0
      let outcome = search.run(
        shouldStop: {
          asks += 1
          return asks > limit
        }, onPlan: { plans += 1 })
      switch outcome {
      case .undecided: kinds.insert("undecided")
      case .infeasible: Issue.record("a plan fits, stopped after \(limit)")
      case .found(let result):
        plans -= 1
        kinds.insert(result.gapFraction == 0 ? "closed" : "open")
        #expect(result.verdict.stageMemory.allSatisfy { $0 <= search.budget.usable })
        #expect(result.verdict.seconds >= whole.lowerBound * (1 - 1e-12))
        #expect(result.lowerBound <= whole.verdict.seconds * (1 + 1e-12), "after \(limit)")
      }
    }
    // Each plan that was answered had been told of, once.
    #expect(plans == 0)
    #expect(kinds.isSuperset(of: ["open", "closed"]))
  }

  @Test func stoppingRulesNothingOut() {
    var generator = SeededGenerator(state: 99)
    let job = randomJob(&generator)
    let search = LayerwiseSearch(
      job, SearchSpace(batchSizes: [4]), budget: MemoryBudget(gigabytes: 0))
    guard case .infeasible = search.run() else {
      Issue.record("nothing fits into nothing")
      return
    }
    #expect(search.run { true } == .undecided)
  }

  @Test func budgetsKeepAFifthForTheCache() {
    #expect(MemoryBudget(gigabytes: 20).usable == 20_480)
    #expect(MemoryBudget(gigabytes: 36).usable == 36_864 - 7372)
  }

  /// A budget that is too small is said with what it lacks: with so much more a plan fits.
  @Test func shortagesAreWhatIsMissing() throws {
    var generator = SeededGenerator(state: 99)
    var seen = 0
    for _ in 0..<60 {
      let job = randomJob(&generator)
      let space = SearchSpace(batchSizes: [4])
      var budget = MemoryBudget(gigabytes: 1)
      guard
        case .infeasible(.memory(_, let excess, _, _, _)) =
          LayerwiseSearch(job, space, budget: budget).run()
      else { continue }
      seen += 1
      #expect(excess > 0)
      budget.whole += excess
      guard case .found = LayerwiseSearch(job, space, budget: budget).run() else {
        Issue.record("\(excess) MB more are still too few")
        continue
      }
      budget.whole -= 1
      guard case .infeasible = LayerwiseSearch(job, space, budget: budget).run() else {
        Issue.record("\(excess) MB more are not needed")
        continue
      }
    }
    #expect(seen > 10)
  }
}
