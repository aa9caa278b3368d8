import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

@Suite struct MixedBoundTests {
  /// Stages that get through as many layers are counted at once: as many as one by one, or a few more
  /// where rounding decides, and never fewer.
  @Test(arguments: 0..<60)
  func countsLayersOfManyStagesAtOnce(seed: Int) {
    var random = SplitMix64(seed: seed)
    let types = ["a100-sxm4-80gb", "v100-sxm2-32gb", "a10", "t4"]
    let memory = ByteCount.gibi(.random(in: 2...12, using: &random))
    let problem = DecoderExample.llama7B.problem(
      on: .example([(types[seed % 4], 8, 8)], memory: memory), batch: 64, sequence: 2048,
      precision: seed % 3 == 0 ? .fp16 : .bf16
    ).pools[0]
    let tensor = [1, 2, 4, 8].randomElement(using: &random)!
    let parallelism = LayerParallelism(
      tensor: tensor, sequenceParallel: tensor > 1, data: 2,
      zeroStage: seed % 5 == 0 ? .optimizer : .none, microBatchSize: seed % 2 + 1)
    let kind = problem.kinds[1]
    let cost = problem.costs.layerCosts(parallelism)[kind]
    let block = BlockRates(
      problem, cost, parallelism, recompute: seed % 4 == 0 ? .none : .full)
    for schedule in PipelineSchedule.allCases {
      let chunks = schedule == .interleaved ? seed % 4 + 2 : 1
      let stages = Int.random(in: 1...40, using: &random)
      let microBatches = Int.random(in: 1...48, using: &random)
      let fewest = Int.random(in: 1...8, using: &random)
      let time = block.seconds * .random(in: 0.5...12, using: &random)
      func held(_ place: Int) -> HeldBatches {
        schedule.held(fromEnd: place, of: fewest, chunks: chunks, microBatches: microBatches)
      }
      var least = Int.max
      let each = (1...stages).map { place in
        least = min(least, block.layers(within: time, held: held(place)))
        return least
      }
      let sum = each.reduce(0, +)
      let counted = block.layers(within: time, stages: stages, enough: .max, held: held)
      #expect(counted >= sum)
      #expect(counted <= sum + Set(each).count)
    }
  }

  /// No pipeline over some ways to split each pool that takes all layers in time is taken to be impossible, and none
  /// with any sharding of states takes more than what leaves most room.
  @Test(arguments: 0..<60)
  func excludesNoPipelineThatTakesAllLayers(seed: Int) {
    var random = SplitMix64(seed: seed)
    let memory = ByteCount.gibi(.random(in: 3...14, using: &random))
    let problem = DecoderExample.llama7B.problem(
      on: .example([("a100-sxm4-80gb", 1, 8), ("v100-sxm2-32gb", 1, 8)], memory: memory),
      batch: 64, sequence: 2048)
    let recompute: RecomputePolicy = seed % 4 == 0 ? .selective : .full
    let microBatches = Int.random(in: 2...12, using: &random)
    let zeros: [ZeroStage] = [.none, .optimizer]
    let loads = problem.pools.map { pool -> (block: BlockRates, groups: Int) in
      let tensor = [1, 2, 4].randomElement(using: &random)!
      var parallelism = LayerParallelism(
        tensor: tensor, sequenceParallel: tensor > 1, data: 2, zeroStage: .none)
      let cost = pool.costs.layerCosts(parallelism)[pool.kinds[1]]
      let least = BlockRates.leastMemory(pool, cost, parallelism, zeros: zeros)
      let loosest = BlockRates(cost, states: least.states, room: least.room, recompute: recompute)
      for zero in zeros {
        parallelism.zeroStage = zero
        let block = BlockRates(pool, cost, parallelism, recompute: recompute)
        for held in 1...8 {
          let time = block.seconds * .random(in: 0.5...12, using: &random)
          #expect(
            block.layers(within: time, held: HeldBatches(held))
              <= loosest.layers(within: time, held: HeldBatches(held)))
        }
      }
      parallelism.zeroStage = zeros.randomElement(using: &random)!
      return (
        BlockRates(pool, cost, parallelism, recompute: recompute),
        Int.random(in: 1...3, using: &random)
      )
    }
    let time = loads[0].block.seconds * .random(in: 2...9, using: &random)
    for schedule in [PipelineSchedule.zeroBubble, .interleaved] {
      let space = MixedSpace(problem, SearchConstraints())
      let fold = schedule == .interleaved ? space.folds[1 + seed % 3] : space.folds[0]
      var base = ParallelStrategy()
      (base.schedule, base.microBatches) = (schedule, microBatches)
      let whole = space.wholeLayers(fold)
      // Layers of every order of so many groups of each.
      func most(_ stages: Int) -> Int {
        var most = 0
        for order in 0..<(1 << stages) {
          let seats = (0..<stages).map { order >> $0 & 1 }
          guard
            loads.indices.allSatisfy({ pool in seats.count { $0 == pool } <= loads[pool].groups })
          else { continue }
          let layers = seats.enumerated().reduce(0) { sum, stage in
            sum
              + loads[stage.element].block.times(whole.each).layers(
                within: time,
                held: schedule.held(
                  fromEnd: stage.offset + 1, of: stages, chunks: fold.chunks,
                  microBatches: microBatches))
          }
          most = max(most, layers)
        }
        return most
      }
      for stages in 1...(loads[0].groups + loads[1].groups) {
        let all = most(stages)
        let example = WholeLayers(each: whole.each, least: all, ahead: whole.ahead)
        let deep = DeepLoads(
          whole: example, base: base, fold: fold, stages: 1...8, time: time,
          loads: loads.map { [$0] })
        if all > 0 { #expect(deep.mayCover([0, 0])) }
      }
    }
  }

  /// What stages hold by their place from the end is what schedules say they hold, chunk by chunk; and in
  /// longer pipelines it is no less.
  @Test(arguments: 2...5, 1...7)
  func holdsWhatTheScheduleHolds(chunks: Int, stages: Int) {
    for schedule in PipelineSchedule.allCases where schedule != .interleaved || stages > 1 {
      let chunks = schedule == .interleaved ? chunks : 1
      for microBatches in [1, 2, 3, 5].map({ schedule == .interleaved ? $0 * stages : $0 }) {
        for stage in 0..<stages {
          func held(of least: Int) -> HeldBatches {
            schedule.held(
              fromEnd: stages - stage, of: least, chunks: chunks, microBatches: microBatches)
          }
          for chunk in 0..<chunks {
            let exact = schedule.heldMicroBatches(
              ofChunk: chunk, atStage: stage, stages: stages, chunksPerStage: chunks,
              microBatches: microBatches)
            #expect(held(of: stages)[chunk] == exact)
            #expect((1...stages).allSatisfy { held(of: $0)[chunk] <= exact })
          }
        }
      }
    }
  }

  /// A search for what fills a pool finds nothing else, and the best of that.
  @Test func fillsThePool() {
    let problem = DecoderExample.llama7B.problem(
      on: .example([("a100-sxm4-80gb", 3, 8)]), batch: 48, sequence: 2048
    ).pools[0]
    var search = StrategySearch(problem, SearchConstraints().usual, fillsPool: true)
    let found = search.run { false }.found
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { $0.strategy.gpus == 24 })
  }
}
