import Quantities
import Scheduling
import Testing

@testable import Planning

@Suite struct LaneRaceTests {
  /// No other sharing of the micro-batches over unequal replicas ends earlier: all are tried.
  @Test(arguments: 0..<40)
  func sharesSoThatTheLastEndsEarliest(seed: Int) {
    var random = SplitMix64(seed: seed)
    let lanes = Int.random(in: 2...3, using: &random)
    let stages = Int.random(in: 1...3, using: &random)
    let times = (0..<lanes).map { _ in
      let slowness = Double.random(in: 1...4, using: &random)
      func seconds() -> [Seconds] {
        (0..<stages).map { _ in Seconds(slowness * .random(in: 1...1.5, using: &random)) }
      }
      return PipelineTimes(
        stages: stages, forward: seconds(), backwardInput: seconds(), backwardWeight: seconds())
    }
    let replicas = (0..<lanes).map { _ in Int.random(in: 1...3, using: &random) }
    let count = Int.random(in: replicas.reduce(0, +)...18, using: &random)
    let schedule = PipelineSchedule.oneForwardOneBackward
    func time(_ lane: Int, _ microBatches: Int) -> Double {
      microBatches == 0
        ? 0 : schedule.makespan(times[lane], microBatches: microBatches).value
    }
    // Equal replicas share evenly at best: what a lane's slowest does, its total decides.
    func last(_ totals: [Int]) -> Double {
      totals.indices.map { time($0, (totals[$0] + replicas[$0] - 1) / replicas[$0]) }.max()!
    }
    var least = Double.infinity
    // The same where every replica has one at least.
    var leastOfAll = Double.infinity
    func share(_ totals: [Int], _ left: Int) {
      if totals.count == lanes - 1 {
        let totals = totals + [left]
        least = min(least, last(totals))
        if zip(totals, replicas).allSatisfy({ $0 >= $1 }) {
          leastOfAll = min(leastOfAll, last(totals))
        }
        return
      }
      for part in 0...left { share(totals + [part], left - part) }
    }
    share([], count)
    let guess = (0..<lanes).map { _ in Int.random(in: 1...8, using: &random) }
    var race = LaneRace(times: times, replicas: replicas, schedule: schedule)
    let shared = race.lanes(microBatches: count, from: guess)
    #expect(shared.reduce(0) { $0 + $1.microBatches * $1.replicas } == count)
    #expect(shared.map { time($0.index, $0.microBatches) }.max() == least)
    let all = race.lanes(microBatches: count, from: guess, atLeast: 1)
    #expect(all.reduce(0) { $0 + $1.microBatches * $1.replicas } == count)
    #expect(all.reduce(0) { $0 + $1.replicas } == replicas.reduce(0, +))
    #expect(all.map { time($0.index, $0.microBatches) }.max() == leastOfAll)
    var bounded = LaneRace(
      times: times, replicas: replicas, schedule: schedule, clock: .bounded)
    #expect(bounded.seconds(microBatches: count, from: guess) <= least * (1 + 1e-9))
    for lane in 0..<lanes {
      let used = shared.filter { $0.index == lane }.reduce(0) { $0 + $1.replicas }
      #expect(used <= replicas[lane])
    }
  }

  /// No interleaved pipeline whose stages have equal chunks, but for the first chunk of all, ends before what
  /// replicas take at least.
  @Test(arguments: 0..<60)
  func noInterleavedReplicaIsFasterThanItsRate(seed: Int) {
    var random = SplitMix64(seed: seed)
    let stages = Int.random(in: 2...9, using: &random)
    let chunks = Int.random(in: 2...4, using: &random)
    let microBatches = stages * Int.random(in: 1...4, using: &random)
    let evenness = [1.0, 1.2, 3].randomElement(using: &random)!
    let chunk = (0..<stages).map { _ in Double.random(in: 1...evenness.nextUp, using: &random) }
    let first = Double.random(in: 0...1, using: &random)
    let work = (0..<(stages * chunks)).map { chunk[$0 % stages] * ($0 == 0 ? first : 1) }
    let forward = Double.random(in: 0.2...0.5, using: &random)
    let weight = Double.random(in: 0...0.4, using: &random)
    let times = PipelineTimes(
      stages: stages, chunksPerStage: chunks, forward: work.map { Seconds(forward * $0) },
      backwardInput: work.map { Seconds((1 - forward - weight) * $0) },
      backwardWeight: work.map { Seconds(weight * $0) })
    let passes = (0..<stages).map { stage in
      stride(from: stage, to: work.count, by: stages).reduce(0) { $0 + work[$1] }
    }
    let rates = LaneRates(
      groups: [stages],
      pools: [
        LaneRates.Pool(
          speed: 1 / passes.reduce(0, +), block: passes.max()! / 2, forwardPart: forward,
          gradientPart: 1 - weight, forwardAhead: RunAhead(part: forward, excess: 0),
          splitAhead: RunAhead(part: max(forward, weight), excess: 0))
      ], microBatches: microBatches, blocks: stages + 1, hasEqualBlocks: true)
    let played = PipelineSchedule.interleaved.makespan(times, microBatches: microBatches).value
    let least = rates.leastTime(
      rates.shares(depth: stages, .interleaved, chunks: chunks), subset: 1)
    #expect(least <= played * (1 + 1e-9))
  }

  /// What `LaneRates` takes for divisible is no more than what a pipeline takes of as many micro-batches.
  @Test func fillingIsLinearAtMost() {
    for stages in 2...64 {
      for part in stride(from: 0.01, through: 1, by: 0.01) {
        let n = Double(stages - 1)
        let share = (1 - integerPower(1 - part, stages - 1)) / part
        let seconds = Double(stages) / (1 + share)
        #expect(seconds * (1 + 1e-12) >= 1 + part * n * (n - 1) / (2 * Double(stages)))
      }
    }
  }

  /// No pipeline of any stages, played, ends before what replicas take at least.
  @Test(arguments: 0..<80)
  func noReplicaIsFasterThanItsRate(seed: Int) {
    var random = SplitMix64(seed: seed)
    let stages = Int.random(in: 1...6, using: &random)
    let microBatches = Int.random(in: 1...12, using: &random)
    let evenness = [1.0, 1.2, 3].randomElement(using: &random)!
    func seconds() -> [Seconds] {
      (0..<stages).map { _ in Seconds(.random(in: 1...evenness.nextUp, using: &random)) }
    }
    let times = PipelineTimes(
      stages: stages, forward: seconds(), backwardInput: seconds(), backwardWeight: seconds())
    let passes = (0..<stages).map {
      (times.forward[$0] + times.backwardInput[$0] + times.backwardWeight[$0]).value
    }
    func parts(_ seconds: (Int) -> Seconds) -> [Double] {
      passes.indices.map { seconds($0).value / passes[$0] }
    }
    let forward = parts { times.forward[$0] }
    let ahead = parts { max(times.forward[$0], times.backwardWeight[$0]) }
    // Of an uncommon stage, more may be run ahead than of the others.
    let common = [forward.max()!, ahead.max()!].map { seed % 2 == 0 ? $0 : 0.9 * $0 }
    func excess(_ parts: [Double], _ common: Double) -> Double {
      zip(parts, passes).reduce(0) { $0 + max(0, $1.0 - common) * $1.1 }
    }
    let rates = LaneRates(
      groups: [stages],
      pools: [
        LaneRates.Pool(
          // Of one block more than stages, one of these has two.
          speed: 1 / passes.reduce(0, +), block: passes.max()! / 2, forwardPart: forward.min()!,
          gradientPart: 1 - parts { times.backwardWeight[$0] }.max()!,
          forwardAhead: RunAhead(part: common[0], excess: excess(forward, common[0])),
          splitAhead: RunAhead(part: common[1], excess: excess(ahead, common[1])))
      ], microBatches: microBatches, blocks: stages + 1)
    for schedule in [PipelineSchedule.oneForwardOneBackward, .gpipe, .zeroBubble] {
      let played = schedule.makespan(times, microBatches: microBatches).value
      let least = rates.leastTime(rates.shares(depth: stages, schedule), subset: 1)
      #expect(least <= played * (1 + 1e-9), "\(schedule)")
    }
  }
}
