import Costing
import Hardware
import Quantities
import Scheduling
import Testing
import Workload

@testable import Planning

@Suite struct MixedPredictionTests {
  /// One lane on one pool is the homogeneous prediction to the last digit.
  @Test(arguments: PredictionTests.strategies)
  func equalSeatsArePredictedAsOneStrategy(_ strategy: ParallelStrategy) {
    let pool = PredictionTests.problem.pool
    let problem = DecoderExample.small.problem(
      on: Cluster(pools: [pool]), batch: PredictionTests.problem.job.globalBatchSize,
      sequence: PredictionTests.problem.job.sequenceLength)
    let plain = Planner(PredictionTests.problem).simulate(strategy)
    var mixed = ClusterPlanner(problem).simulate(
      MixedStrategy(strategy, pool: 0), split: plain.split)
    for stage in mixed.stages.indices {
      #expect(mixed.stages[stage].share?.data == strategy.data)
      mixed.stages[stage].share = nil
    }
    #expect(mixed == plain)
  }

  /// Short sequences are reduced for longer than they are computed.
  @Test func recomputingHidesNoReduction() {
    let pool = PredictionTests.problem.pool
    let problem = DecoderExample.llama7B.problem(
      on: Cluster(pools: [pool]), batch: 48, sequence: 64)
    let strategy = ParallelStrategy(data: 16, microBatches: 3, recompute: .full)
    let plain = Planner(problem.pools[0]).simulate(strategy)
    #expect(plain.stages[0].recomputedLayers > 0)
    let mixed = ClusterPlanner(problem).simulate(
      MixedStrategy(strategy, pool: 0), split: plain.split)
    #expect(mixed.prediction == plain.prediction)
  }

  @Test func partsAddUpToTheStep() throws {
    let problem = DecoderExample.llama7B.problem(
      on: .example([("h100-sxm5-80gb", 1, 8), ("a100-sxm4-80gb", 2, 8)]), batch: 64,
      sequence: 2048)
    let outcome = ClusterPlanner(problem, effort: .quick).plan(SearchConstraints())
    guard case .found(let result) = outcome.outcome else {
      Issue.record("a plan exists")
      return
    }
    for plan in [result.best] + result.alternatives {
      let step = plan.prediction.step.value
      #expect(abs(plan.prediction.breakdown.total.value - step) <= 1e-12 * step)
      #expect(result.proof.lowerBound <= plan.prediction.step)
    }
  }
}

@Suite struct MixedSearchTests {
  /// Small clusters of two or three types, from a seed.
  static func problem(seed: Int) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let types = ["a100-sxm4-80gb", "v100-sxm2-32gb", "a10", "rtx4090", "t4"]
      .shuffled(using: &random)
    let perNode = seed % 4 == 0 ? 2 : 1
    let pools = perNode == 2 ? 2 : Int.random(in: 2...3, using: &random)
    let parts = (0..<pools).map { pool in
      (types[pool], perNode == 2 || pools == 3 ? 1 : Int.random(in: 1...2, using: &random), perNode)
    }
    var model = DecoderExample.small
    model.layers = perNode == 2 ? 2 : Int.random(in: 3...4, using: &random)
    model.tiesEmbeddings = Bool.random(using: &random)
    model.hidden = 1024 * Int.random(in: 1...2, using: &random)
    model.feedForward = 4 * model.hidden
    let memory = ByteCount.gibi(.random(in: 3.2...4.5, using: &random))
    return model.problem(
      on: .example(parts, memory: seed % 3 == 0 ? nil : memory),
      batch: [6, 8, 16].randomElement(using: &random)!,
      sequence: [1024, 2048].randomElement(using: &random)!,
      precision: seed % 5 == 4 ? .fp16 : .bf16)
  }

  /// Holds a search, which is to close, against every pipeline.
  private func expectEverything(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, partsBatches: Bool = false
  ) {
    let everything = EveryPipeline(
      problem: problem, constraints: constraints, partsBatches: partsBatches
    ).best()
    for isParted in [false, true] {
      let search = MixedSearch(
        problem, constraints, partsBatches: partsBatches, effort: SearchEffort(),
        tables: SeatTables(problem), incumbents: [])
      if isParted { runInParts(search) } else { search.run { false } }
      #expect(search.found.first?.plan.prediction.step == everything?.plan.plan.prediction.step)
      #expect(search.open >= search.best, "the search is closed")
    }
  }

  /// Again and again two searchers go on for a while, and are made one.
  private func runInParts(_ search: MixedSearch) {
    let tables = SearchTables(search.problem)
    search.begin(.whole)
    var isOver = false
    while !isOver {
      let part = search.split(tables)
      isOver = search.advance(256) { false }
      if let part {
        isOver = part.advance(256) { false } && isOver
        search.absorb(part)
      }
    }
  }

  /// Every order of stages, every cut and every assignment to pools, tried one by one.
  @Test(arguments: 0..<18)
  func findsWhatTryingEverythingFinds(seed: Int) {
    let problem = Self.problem(seed: seed)
    var constraints = SearchConstraints()
    constraints.context = [1]
    // One replica makes pipelines of all GPUs; the schedules take turns.
    if seed % 3 > 0 { constraints.data = [1] }
    constraints.schedule = [[.oneForwardOneBackward], [.gpipe], [.zeroBubble]][seed / 2 % 3]
    expectEverything(problem, constraints)
  }

  /// The same of mixtures of experts, which lie on several replicas where one has too few GPUs.
  @Test(arguments: 0..<8)
  func spreadsExpertsAsTryingEverythingDoes(seed: Int) {
    var problem = Self.problem(seed: 4 * seed)
    problem = ClusterProblem(
      graph: problem.graph.withExperts, cluster: problem.cluster, job: problem.job,
      parameters: .published,
      memoryHeadroomFraction: 0.05)
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.expert = [seed % 2 == 0 ? 2 : 4]
    constraints.schedule = [[.oneForwardOneBackward], [.gpipe], [.zeroBubble]][seed % 3]
    expectEverything(problem, constraints)
  }

  /// The same of pipelines some of whose stages have more replicas than others.
  @Test(arguments: 0..<18)
  func replicatesStagesAsTryingEverythingDoes(seed: Int) {
    let problem = Self.problem(seed: seed)
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.schedule = [[.oneForwardOneBackward], [.gpipe], [.zeroBubble]][seed / 2 % 3]
    expectEverything(problem, constraints, partsBatches: true)
  }

  /// The same of pipelines of several chunks a stage.
  @Test(arguments: 0..<16)
  func interleavesAsTryingEverythingDoes(seed: Int) {
    var random = SplitMix64(seed: seed)
    var problem = Self.problem(seed: seed)
    var model = DecoderExample.small
    model.layers = Int.random(in: 4...7, using: &random)
    model.tiesEmbeddings = Bool.random(using: &random)
    model.hidden = 1024
    model.feedForward = 4096
    let memory = ByteCount.gibi(.random(in: 2.6...3.6, using: &random))
    let parts = problem.cluster.pools.map { ($0.accelerator.id, $0.nodes, $0.gpusPerNode) }
    problem = model.problem(
      on: .example(parts, memory: seed % 3 == 0 ? nil : memory), batch: 12, sequence: 1024)
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.data = [1]
    constraints.schedule = [.interleaved]
    expectEverything(problem, constraints)
  }

  /// And where layers are all unequal, with memory for the best plan and with less.
  @Test(arguments: 0..<12)
  func interleavesUnequalLayersAsTryingEverythingDoes(seed: Int) throws {
    let parts = Self.problem(seed: seed).cluster.pools.map {
      ($0.accelerator.id, $0.nodes, $0.gpusPerNode)
    }
    let graph = RandomChain(seed: seed, schedules: [.interleaved]).problem.graph
    var constraints = SearchConstraints()
    constraints.data = [1]
    constraints.schedule = [.interleaved]
    func best(_ memory: ByteCount?) throws -> MixedPlan? {
      let problem = ClusterProblem(
        graph: graph, cluster: .example(parts, memory: memory),
        job: TrainingJob(globalBatchSize: 12, sequenceLength: 512), parameters: .published,
        memoryHeadroomFraction: 0)
      let everything = EveryPipeline(problem: problem, constraints: constraints).best()?.plan
      let search = MixedSearch(
        problem, constraints, effort: SearchEffort(), tables: SeatTables(problem), incumbents: [])
      search.run { false }
      #expect(search.found.first?.plan.prediction.step == everything?.plan.prediction.step)
      #expect(search.open >= search.best, "the search is closed")
      return everything
    }
    let plan = try #require(try best(nil))
    _ = try best(plan.plan.prediction.peakMemory * 0.98)
  }

  /// Where a request leaves out what is not searched over several pools, a proof leaves out nothing:
  /// every schedule is bounded.
  @Test(arguments: [1, 6, 10, 14, 15, 22, 31, 33])
  func provesAllThatIsAskedFor(seed: Int) throws {
    var constraints = SearchConstraints()
    constraints.tensor = [1]
    constraints.context = [1]
    constraints.zeroStage = [.none, .optimizer]
    constraints.rankOrder = [.tensorContextDataPipeline]
    let outcome = ClusterPlanner(Self.problem(seed: seed)).plan(constraints).outcome
    guard case .found(let result) = outcome else {
      Issue.record("a plan exists")
      return
    }
    #expect(result.proof.isClosed)
  }

  /// With little effort and no plan to start from, a plan is found all the same, whatever a schedule makes deep
  /// pipelines hold.
  @Test(arguments: [PipelineSchedule.oneForwardOneBackward, .gpipe, .zeroBubble])
  func findsAPlanAtOnce(schedule: PipelineSchedule) {
    var model = DecoderExample.llama7B
    model.layers = 96
    model.hidden = 12288
    model.feedForward = 4 * model.hidden
    let types = ["h100-sxm5-80gb", "a100-sxm4-80gb", "a100-sxm4-40gb", "v100-sxm2-32gb"]
    let problem = model.problem(
      on: .example(types.map { ($0, 256, 8) }), batch: 4096, sequence: 2048, precision: .fp16)
    var constraints = SearchConstraints()
    constraints.schedule = [schedule]
    constraints.microBatchSize = [1]
    constraints.context = [1]
    constraints.tensor = [4, 8]
    constraints.zeroStage = [.optimizer]
    let search = MixedSearch(
      problem, constraints, effort: .quick, tables: SeatTables(problem), incumbents: [])
    search.run { false }
    #expect(!search.found.isEmpty)
  }

  /// Where nothing fits but with gradients or weights sharded, a plan has them sharded as is best: here,
  /// one of two layers is too much for a GPU.
  @Test func shardsWhereNothingFitsOtherwise() {
    var only = 0
    for gibibytes in stride(from: 4.25, through: 5.75, by: 0.125) {
      var model = DecoderExample.small
      model.layers = 2
      model.hidden = 4096
      model.feedForward = 16384
      let problem = model.problem(
        on: .example(
          [("a100-sxm4-80gb", 1, 2), ("h100-sxm5-80gb", 1, 2)], memory: .gibi(gibibytes)),
        batch: 8, sequence: 1024)
      func best(_ stages: [ZeroStage]) -> Plan? {
        var constraints = SearchConstraints()
        constraints.zeroStage = stages
        constraints.tensor = [1]
        constraints.context = [1]
        guard
          case .found(let result) = ClusterPlanner(problem).plan(constraints).outcome
        else { return nil }
        #expect(result.proof.lowerBound <= result.best.prediction.step)
        return result.best
      }
      let (any, whole, sharded) = (
        best([]), best([.none, .optimizer]), best([.gradients, .weights])
      )
      #expect((any == nil) == (whole == nil && sharded == nil), "\(gibibytes) GiB")
      guard let any, let sharded, any.strategy.zeroStage > .optimizer || whole == nil else {
        continue
      }
      if whole == nil { only += 1 }
      #expect(any.prediction.step <= sharded.prediction.step, "\(gibibytes) GiB")
    }
    #expect(only > 0)
  }
}
