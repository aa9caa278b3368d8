import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

/// Pipelines over unequal pools, predicted, against every bound on their layout.
@Suite struct LayoutBoundTests {
  /// A layout of three pools, or two, and a random pipeline on some of its groups.
  private struct Example {
    let problem: ClusterProblem
    let space: MixedSpace
    let base: ParallelStrategy
    let seats: [SeatCosts]
    let rates: [SeatRates]
    /// The seat of each stage.
    let order: [Int]
    let boundaries: [Int]

    /// One chunk a stage.
    var fold: ChunkFold { space.folds[0] }
    var whole: WholeLayers { space.wholeLayers(fold) }

    /// - Parameter isShort: ZB-H1 over many groups of one type with so few micro-batches that stages run ahead
    ///   all they can, the last ones the shorter the later they come.
    init(seed: Int, isShort: Bool = false) {
      var random = SplitMix64(seed: seed)
      let types = ["h100-sxm5-80gb", "a100-sxm4-80gb", "v100-sxm2-32gb", "a10", "t4"]
        .shuffled(using: &random)
      func type(_ pool: Int) -> String { isShort ? types[0] : types[pool] }
      var model = DecoderExample.small
      model.layers = Int.random(in: 5...20, using: &random)
      if isShort { (model.layers, model.vocabulary) = (model.layers + 10, 500) }
      model.tiesEmbeddings = Bool.random(using: &random)
      let pools = Int.random(in: 2...3, using: &random)
      let replicas = seed % 4 == 2 ? 2 : 1
      let parts = (0..<pools).map {
        (type($0), replicas * Int.random(in: isShort ? 3...4 : 1...4, using: &random), 1)
      }
      let memory = ByteCount.gibi(.random(in: 2...8, using: &random))
      problem = model.problem(
        on: .example(parts, memory: seed % 3 == 0 ? memory : nil),
        batch: replicas * Int.random(in: isShort ? 1...4 : 2...40, using: &random),
        sequence: 1024,
        precision: seed % 4 == 0 ? .fp16 : .bf16)
      var constraints = SearchConstraints()
      constraints.context = [1]
      space = MixedSpace(problem, constraints)
      var base = ParallelStrategy()
      base.data = replicas
      base.zeroStage = seed % 8 == 2 ? .optimizer : .none
      base.sequenceParallel = space.choices.sequenceParallel
      base.microBatches = problem.job.globalBatchSize / replicas
      base.schedule =
        isShort ? .zeroBubble : [.oneForwardOneBackward, .zeroBubble, .gpipe][seed % 7 % 3]
      base.recompute = seed % 5 == 0 ? .selective : .full
      self.base = base
      let tables = SeatTables(problem)
      let slices = PoolSlices(problem)
      let strategy = space.strategy(base, tensor: 1, parts: 1)
      let problem = problem
      let fold = space.folds[0]
      seats = problem.pools.indices.map { pool in
        SeatCosts(
          StrategyModel(
            problem.pools[pool], strategy,
            table: tables.table(strategy.layerParallelism, pool: pool)),
          pool: pool, most: problem.cluster.pools[pool].gpus / replicas, fold: fold)
      }
      rates = problem.pools.indices.map { pool in
        SeatRates(
          problem.pools[pool], slices.whole(strategy.layerParallelism, pool: pool),
          strategy.layerParallelism, groups: problem.cluster.pools[pool].gpus / replicas,
          recompute: base.recompute)
      }
      let all = parts.indices.flatMap { Array(repeating: $0, count: parts[$0].1 / replicas) }
        .shuffled(using: &random)
      let nodes = problem.graph.nodes.count
      let most = min(all.count, nodes)
      order = Array(all.prefix(Int.random(in: (isShort ? most : 1)...most, using: &random)))
      let cuts = (1..<nodes).shuffled(using: &random).prefix(order.count - 1).sorted()
      let waning = isShort ? Double.random(in: 0...1, using: &random) : 0
      boundaries =
        [0] + Self.evened(cuts, order, seats, waning: waning, nodes: nodes) + [nodes]
    }

    /// Half-way to stages of equal time, so that the trips count.
    ///
    /// - Parameter waning: The part by which the last of them is to be shorter.
    private static func evened(
      _ cuts: [Int], _ order: [Int], _ seats: [SeatCosts], waning: Double, nodes: Int
    ) -> [Int] {
      let speeds = order.enumerated().map { stage, seat in
        let late = max(0, 2 * Double(stage + 1) / Double(order.count) - 1)
        return (1 - waning * late) / seats[seat].wholeTime
      }
      let all = speeds.reduce(0, +)
      var (sum, last) = (0.0, 0)
      return cuts.indices.map { index in
        sum += speeds[index] / all
        let even = Int((sum * Double(nodes)).rounded())
        last = min(max(last + 1, (cuts[index] + 7 * even) / 8), nodes - (cuts.count - index))
        return last
      }
    }

    /// The plan, and what of its step the pipeline takes; nil where it does not fit.
    func plan() -> (plan: MixedPlan, pipeline: Double)? {
      var base = base
      base.pipeline = order.count
      var recomputed: [Int] = []
      for (stage, seat) in order.enumerated() {
        let held = base.schedule.inFlightMicroBatches(
          atStage: stage, stages: order.count, microBatches: base.microBatches)
        guard
          let layers = seats[seat].leastRecomputation(
            boundaries[stage], boundaries[stage + 1], held: HeldBatches(held))
        else { return nil }
        recomputed.append(layers)
      }
      let lane = Lane(
        seats: order.map { StageSeat(pool: $0, tensor: 1, data: base.data, microBatchSize: 1) },
        microBatches: base.microBatches)
      let strategy = MixedStrategy(base: base, lanes: [lane])
      let split = PipelineSplit(boundaries: boundaries, recomputed: recomputed)
      let plan = MixedPlan(problem, strategy, split)
      guard plan.plan.fits else { return nil }
      let times = MixedModel(problem, strategy).pipelineTimes(split, lane: 0)
      return (plan, base.schedule.makespan(times, microBatches: base.microBatches).value)
    }
  }

  /// Nor than what is said of all layouts of its micro-batch size together.
  @Test func noPipelineIsFasterThanItsSliceAllows() {
    var fitting = 0
    for seed in 0..<480 {
      let example = Example(seed: seed, isShort: seed >= 240)
      guard let (plan, pipeline) = example.plan() else { continue }
      fitting += 1
      let (base, m, hair) = (example.base, example.base.microBatches, 1 + 1e-9)
      let rates = SliceRates(
        base, example.space, PoolSlices(example.problem),
        chunkOverhead: MixedBound(example.problem).chunkOverhead)
      let least = rates.pipeline(
        replicas: base.data, microBatches: m, deepest: example.space.deepest, [(base.schedule, 1)])
      #expect(least <= pipeline * hair, "seed \(seed)")
      let time = rates.stageTime(
        within: pipeline * hair, microBatches: m, stages: rates.mostGroups(replicas: base.data),
        base.schedule)
      var slowest = 0.0
      for (stage, seat) in example.order.enumerated() {
        let own = example.seats[seat].plainTime(
          example.boundaries[stage], example.boundaries[stage + 1])
        #expect(own <= time * hair, "seed \(seed)")
        slowest = max(slowest, own)
      }
      // One GPU a node.
      let nodes = rates.leastNodes(replicas: base.data, stageTime: slowest * hair, chunks: 1)
      #expect(nodes <= plan.strategy.gpus, "seed \(seed)")
    }
    #expect(fitting > 300)
  }

  /// What a stage takes after the pipeline is enough for the layers that it has, and for a table that is tied.
  @Test func noStageEndsBeforeItsLayers() {
    var ending = 0
    for seed in 0..<160 {
      let example = Example(seed: seed)
      guard let (plan, _) = example.plan() else { continue }
      let (problem, hair) = (example.problem, 1 + 1e-9)
      let model = MixedModel(problem, plan.strategy)
      let times = model.pipelineTimes(plan.split, lane: 0)
      for (stage, seat) in example.order.enumerated() {
        let nodes = example.boundaries[stage]..<example.boundaries[stage + 1]
        let (forward, backward) = (
          times.forward[stage],
          times.backwardInput[stage] + times.backwardWeight[stage] - times.recompute[stage]
        )
        let (reduction, update) = model.model(lane: 0, stage: stage).model
          .stepEnd([nodes], forward: forward, backward: backward)
        let hidden = MixedBound(problem).overlap * (forward + backward).value
        let end = example.rates[seat].end
        let blocks = nodes.count { problem.graph.nodes[$0].kind == example.space.commonLayer.kind }
        let most = BlockLoads.End(most: (reduction + update).value * hair, hidden: hidden)
        #expect(end.blocks(within: most, tied: 0) >= blocks, "seed \(seed)")
        guard stage == 0, example.order.count > 1 else { continue }
        #expect(end.tied <= reduction.value * hair, "seed \(seed)")
        if end.tied > 0 { ending += 1 }
      }
    }
    #expect(ending > 20)
  }

  @Test func noPipelineIsFasterThanItsBounds() {
    var (fitting, walked, raised) = (0, 0, 0)
    for seed in 0..<160 {
      let example = Example(seed: seed)
      guard let (plan, pipeline) = example.plan() else { continue }
      fitting += 1
      let step = plan.plan.prediction.step.value
      let (seats, rates, schedule) = (example.seats, example.rates, example.base.schedule)
      let (m, deepest) = (example.base.microBatches, example.space.deepest)
      let hair = 1 + 1e-9
      let divisible = MixedBound.pipeline(
        TripBound(rates, microBatches: m, stages: deepest, schedule: schedule), deepest: deepest)
      #expect(divisible <= pipeline * hair, "seed \(seed)")
      // Of all pipelines, and of those of about as many stages.
      let count = example.order.count
      let depths = [1...deepest, max(1, count - seed % 3)...min(deepest, count + seed % 2)]
      for stages in depths {
        let loads = BlockLoads(
          rates, microBatches: m, whole: example.whole, stages: stages, schedule: schedule,
          chunks: 1)
        // One GPU a node.
        #expect(loads.leastNodes(within: pipeline * hair) <= plan.strategy.gpus, "seed \(seed)")
        let whole = loads.least(from: divisible, below: pipeline * hair)
        #expect(whole <= pipeline * hair, "seed \(seed)")
      }
      #expect(
        MixedBound.fewestStages(rates, example.whole, within: pipeline * hair / Double(m)) <= count,
        "seed \(seed)")

      let bound = MixedBound(example.problem)
      let waiting = 1 + MixedModel(example.problem, plan.strategy).stragglerFraction
      for stages in depths {
        let loads = BlockLoads(
          rates, microBatches: m, whole: example.whole, stages: stages, schedule: schedule,
          chunks: 1)
        let undisturbed = step / waiting * hair
        guard let ends = bound.ends(loads, within: undisturbed, from: divisible) else {
          Issue.record("seed \(seed): the pipeline and what comes after it are in time")
          continue
        }
        #expect(bound.step(pipeline, ends, microBatches: m) <= undisturbed, "seed \(seed)")
        if ends.least > ends.reduction + ends.update { raised += 1 }
      }
      let most = seats.map { min($0.most, deepest) }
      var reach = LayoutReach(
        table: ReachTable(
          seats: seats, classes: ReachTable.classes(seats, most: most, states: .max),
          stages: depths[seed % 2], microBatches: m, schedule: schedule,
          common: (example.space.commonLayer.kind, rates.map(\.block)), whole: example.whole),
        bound: bound,
        loads: BlockLoads(
          rates, microBatches: m, whole: example.whole, stages: depths[seed % 2],
          schedule: schedule, chunks: 1),
        least: divisible, space: example.space)
      guard let least = reach.least(from: 0, below: step * hair) else {
        Issue.record("seed \(seed): the pipeline is within reach")
        continue
      }
      #expect(least <= step * hair, "seed \(seed)")

      let states = GroupStates(most: most)
      let used = seats.indices.map { seat in example.order.count { $0 == seat } }
      let sends = MixedSearch(
        example.problem, example.space.constraints, effort: SearchEffort(),
        tables: SeatTables(example.problem), incumbents: []
      ).sendTimes(seats, schedule, example.fold)
      for windows in [nil, reach.windows(states, within: step * hair)] {
        let table = SuffixTable(
          seats: seats, most: most, deepest: deepest, microBatches: m, schedule: schedule,
          fewest: windows == nil ? 1 : reach.table.fewest, sends: sends, windows: windows)
        let state = states.state(used)
        #expect(table.best(state) <= pipeline * hair, "seed \(seed)")
        // The walk comes by, unless there is too much else to see.
        var effort = 1 << 13
        var isFound = false
        _ = table.visitCuts(of: state, below: pipeline * hair, effort: &effort) { cut in
          if cut.seats == example.order, cut.boundaries == example.boundaries { isFound = true }
          return pipeline * hair
        }
        #expect(isFound || effort <= 0, "seed \(seed)")
        if isFound { walked += 1 }
      }
    }
    #expect(fitting > 80)
    #expect(walked > 80)
    #expect(raised > 30, "whole layers make some ends longer")
  }
}
