import Costing
import Hardware
import Quantities
import Scheduling
import Testing
import Workload

@testable import Planning

@Suite struct LaneSearchTests {
  /// Two pools of two or three GPUs each, of two types, from a seed.
  private static func problem(
    seed: Int, layers: ClosedRange<Int>, batches: [Int]
  ) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let types = ["a100-sxm4-80gb", "v100-sxm2-32gb", "a10", "rtx4090", "t4"]
      .shuffled(using: &random)
    var model = DecoderExample.small
    model.layers = Int.random(in: layers, using: &random)
    model.hidden = 1024 * Int.random(in: 1...2, using: &random)
    model.feedForward = 4 * model.hidden
    model.tiesEmbeddings = Bool.random(using: &random)
    let memory = ByteCount.gibi(.random(in: 3.5...6, using: &random))
    return model.problem(
      on: .example(
        types.prefix(2).map { ($0, 1, seed < 12 ? 2 : 3) },
        memory: seed.isMultiple(of: 2) ? nil : memory),
      batch: batches.randomElement(using: &random)!, sequence: 1024,
      precision: seed % 4 == 3 ? .fp16 : .bf16)
  }

  /// Holds a search, which may stay open unless `isClosed`, against every sharing and cut.
  private func expectEverything(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, isClosed: Bool = false
  ) {
    let everything = EveryLane(problem: problem, constraints: constraints).best()
    let search = LaneSearch(
      problem, constraints, effort: SearchEffort(), tables: SeatTables(problem), incumbents: [])
    search.run { false }
    let found = search.found.first?.plan.prediction.step.value ?? .infinity
    #expect(min(search.open, found) <= everything)
    if isClosed || search.open >= found { #expect(found <= everything) }
    // The search may find that some replicas had better have nothing to do.
    let all = problem.cluster.gpus
    if let best = search.found.first, best.strategy.gpus == all { #expect(found >= everything) }
  }

  /// Every sharing of the micro-batches among all replicas, and every cut, are tried one by one: nothing
  /// is below the bound, and what is called closed is the best.
  @Test(arguments: 0..<24)
  func boundsWhatTryingEverythingFinds(seed: Int) throws {
    let problem = Self.problem(seed: seed, layers: 1...3, batches: [5, 6, 8])
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.schedule = [
      [.oneForwardOneBackward, .gpipe, .zeroBubble][seed % 3]
    ]
    if seed < 4 { constraints.pipeline = [1] }
    // One stage cannot be cut in different ways.
    expectEverything(problem, constraints, isClosed: seed < 4)
  }

  /// The same of pipelines of several chunks a stage, whose replicas run as many micro-batches at a time as
  /// they have stages.
  @Test(arguments: 0..<24)
  func interleavesAsTryingEverythingDoes(seed: Int) {
    let problem = Self.problem(seed: seed, layers: 3...6, batches: [6, 8, 12])
    var constraints = SearchConstraints()
    constraints.context = [1]
    constraints.schedule = [.interleaved]
    expectEverything(problem, constraints)
  }
}

extension LaneSearchTests {
  /// Replicas that had better have nothing to do run on where so few are not allowed, or could not hold
  /// the experts.
  @Test(arguments: [4, 1], [1, 4])
  func leavesNoReplicaOutThatIsNeeded(data: Int, expert: Int) {
    let block = Layer(
      kind: .transformerBlock,
      operators: [
        Operator(
          "experts", .expertProduct(inputs: 4096, outputs: 4096, experts: 4, active: 1),
          sharding: .experts, parameters: 4 << 24)
      ])
    let graph = LayerGraph(
      name: "experts", kinds: [block], nodes: [.init(name: "block", kind: 0)], edges: [],
      hiddenSize: 4096, vocabularySize: 0)
    let problem = ClusterProblem(
      graph: graph, cluster: .example([("h100-sxm5-80gb", 1, 2), ("t4", 1, 2)]),
      job: TrainingJob(globalBatchSize: 8, sequenceLength: 4096), parameters: .published,
      memoryHeadroomFraction: 0.05)
    var constraints = SearchConstraints()
    (constraints.tensor, constraints.context) = ([1], [1])
    if data > 1 { constraints.data = [data] }
    constraints.expert = [expert]
    let search = LaneSearch(
      problem, constraints, effort: SearchEffort(), tables: SeatTables(problem), incumbents: [])
    search.run { false }
    let degrees = Set(search.found.map(\.strategy.base.data))
    #expect(degrees == (data * expert > 1 ? [4] : [2]))
  }
}

extension LaneSearchTests {
  /// Where replicas on one pool cannot all have equally many micro-batches, no proof forgets those of which some
  /// have one more than others. Mostly these are the best there is.
  @Test func provesNothingWithoutUnequalSharesOnOnePool() throws {
    var best = 0
    for seed in 0..<16 {
      var random = SplitMix64(seed: seed)
      let types = ["a100-sxm4-80gb", "a10", "rtx4090"].shuffled(using: &random)
      var model = DecoderExample.small
      model.layers = Int.random(in: 1...3, using: &random)
      model.hidden = 1024 * Int.random(in: 1...2, using: &random)
      model.feedForward = 4 * model.hidden
      let size = Int.random(in: 1...2, using: &random)
      let problem = model.problem(
        on: .example([(types[0], 1, Int.random(in: 3...4, using: &random)), ("t4", 1, 1)]),
        batch: size * [5, 7, 10, 11].randomElement(using: &random)!, sequence: 1024)
      var constraints = SearchConstraints()
      (constraints.tensor, constraints.context) = ([1], [1])
      constraints.microBatchSize = [size]
      constraints.schedule = [
        [.oneForwardOneBackward, .gpipe, .zeroBubble][seed % 3]
      ]
      let everything = EveryLane(problem: problem, constraints: constraints).bestOnOnePool()
      let outcome = ClusterPlanner(problem).plan(constraints).outcome
      guard case .found(let result) = outcome else {
        Issue.record("seed \(seed): a plan exists")
        continue
      }
      let step = result.best.prediction.step.value
      #expect(result.proof.lowerBound.value <= everything * (1 + 1e-9), "seed \(seed)")
      #expect(step * (1 - result.proof.gapFraction) <= everything * (1 + 1e-9), "seed \(seed)")
      if step == everything { best += 1 }
    }
    #expect(best > 4)
  }
}

/// All data parallelism over unequal replicas, each a pipeline on one pool, costed by prediction alone.
private struct EveryLane {
  let problem: ClusterProblem
  let constraints: SearchConstraints

  /// Seconds of the best step.
  func best() -> Double {
    let space = MixedSpace(problem, constraints)
    var best = Double.infinity
    let each = problem.cluster.pools[0].gpus
    for tensor in space.choices.tensors[0] {
      for size in space.choices.microBatchSizes(data: 1) {
        for depth in 1...each where space.allowsDepth(depth) {
          let replicas = each / tensor / depth
          guard replicas > 0 else { continue }
          for zero in space.choices.zeroStages(replicas: 2 * replicas) {
            for recompute in space.choices.recompute {
              let base = ParallelStrategy(
                pipeline: depth, tensor: tensor, data: 2 * replicas, microBatchSize: size,
                zeroStage: zero, sequenceParallel: tensor > 1, recompute: recompute,
                schedule: constraints.schedule[0])
              best = min(best, self.best(base, replicas))
            }
          }
        }
      }
    }
    return best
  }

  private func best(_ base: ParallelStrategy, _ replicas: Int) -> Double {
    let nodes = problem.graph.nodes.count
    guard base.schedule == .interleaved else {
      return self.best(base, replicas, unit: 1, cuts(from: [0], base.pipeline, nodes))
    }
    guard base.pipeline > 1 else { return .infinity }
    var (best, base) = (Double.infinity, base)
    for chunks in 2...nodes {
      base.virtualStages = chunks
      let cuts = evenCuts(chunks * base.pipeline, nodes)
      best = min(best, self.best(base, replicas, unit: base.pipeline, cuts))
    }
    return best
  }

  /// Chunks of equally many blocks, which an embedding precedes, and norm and head follow.
  private func evenCuts(_ chunks: Int, _ nodes: Int) -> [[Int]] {
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)].compactMap { leading, trailing in
      let all = nodes - 3 + leading + trailing
      let each = all / chunks
      guard all % chunks == 0, each >= max(1, trailing) else { return nil }
      return [0] + (1..<chunks).map { 1 + $0 * each - leading } + [nodes]
    }
  }

  /// - Parameter unit: Micro-batches that a replica runs together.
  private func best(
    _ base: ParallelStrategy, _ replicas: Int, unit: Int, _ cuts: [[Int]]
  ) -> Double {
    let all = problem.job.globalBatchSize / base.microBatchSize
    let count = all / unit
    guard all % unit == 0, count >= 2 * replicas else { return .infinity }
    var best = Double.infinity
    for first in replicas...(count - replicas) {
      let lanes =
        lanes(base, pool: 0, first, replicas, unit)
        + lanes(base, pool: 1, count - first, replicas, unit)
      let strategy = MixedStrategy(base: base, lanes: lanes)
      for cut in cuts {
        guard let recomputed = leastRecomputation(strategy, cut) else { continue }
        let plan = MixedPlan(
          problem, strategy, PipelineSplit(boundaries: cut, recomputed: recomputed))
        if plan.plan.fits { best = min(best, plan.plan.prediction.step.value) }
      }
    }
    return best
  }

  /// Of replicas on one pool that do not all run equally many micro-batches, without tensor parallelism.
  func bestOnOnePool() -> Double {
    let space = MixedSpace(problem, constraints)
    var best = Double.infinity
    for (pool, own) in problem.cluster.pools.enumerated() {
      for size in space.choices.microBatchSizes(data: 1) {
        let count = problem.job.globalBatchSize / size
        for replicas in 1...own.gpus where replicas < count && count % replicas > 0 {
          for depth in 1...(own.gpus / replicas) {
            for zero in space.choices.zeroStages(replicas: replicas) {
              let base = ParallelStrategy(
                pipeline: depth, data: replicas, microBatchSize: size, zeroStage: zero,
                recompute: .full, schedule: constraints.schedule[0])
              let strategy = MixedStrategy(
                base: base, lanes: lanes(base, pool: pool, count, replicas, 1))
              for cut in cuts(from: [0], depth, problem.graph.nodes.count) {
                guard let recomputed = leastRecomputation(strategy, cut) else { continue }
                let plan = MixedPlan(
                  problem, strategy, PipelineSplit(boundaries: cut, recomputed: recomputed))
                if plan.plan.fits { best = min(best, plan.plan.prediction.step.value) }
              }
            }
          }
        }
      }
    }
    return best
  }

  private func cuts(from start: [Int], _ stages: Int, _ nodes: Int) -> [[Int]] {
    guard stages > 1 else { return [start + [nodes]] }
    return ((start.last! + 1)..<nodes).flatMap { cuts(from: start + [$0], stages - 1, nodes) }
  }

  /// As even as can be: some replicas may have one more than the others.
  private func lanes(
    _ base: ParallelStrategy, pool: Int, _ units: Int, _ replicas: Int, _ unit: Int
  ) -> [Lane] {
    let (share, ahead) = units.quotientAndRemainder(dividingBy: replicas)
    return [(share + 1, ahead), (share, replicas - ahead)].compactMap { share, replicas in
      guard share > 0, replicas > 0 else { return nil }
      let seat = StageSeat(
        pool: pool, tensor: base.tensor, data: replicas, microBatchSize: base.microBatchSize)
      return Lane(
        seats: Array(repeating: seat, count: base.pipeline), microBatches: share * unit)
    }
  }

  /// Of each stage the fewest layers with which it fits on every lane.
  private func leastRecomputation(_ strategy: MixedStrategy, _ cut: [Int]) -> [Int]? {
    let model = MixedModel(problem, strategy)
    var recomputed: [Int] = []
    for stage in 0..<strategy.stages {
      let chunks = PipelineSplit(boundaries: cut, recomputed: [])
        .chunks(ofStage: stage, of: strategy.stages)
      let seats = strategy.lanes.indices.map { model.model(lane: $0, stage: stage) }
      let all = chunks.reduce(0) { $0 + seats[0].model.table.recomputableLayers($1) }
      let fewest = strategy.base.recompute == .full ? 0 : all
      guard
        let least = (fewest...all).first(where: { layers in
          seats.allSatisfy {
            $0.model.memory(stage: stage, chunks: chunks, recomputed: layers).total
              <= problem.pools[$0.pool].memoryLimit
          }
        })
      else { return nil }
      recomputed.append(least)
    }
    return recomputed
  }
}
