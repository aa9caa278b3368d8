import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

@Suite struct StageChainsTests {
  /// A pipeline of stages that have nothing to do with one another.
  private struct Example {
    let stages: Int
    let microBatches: Int
    let times: PipelineTimes

    init(seed: Int) {
      var random = SplitMix64(seed: seed)
      stages = Int.random(in: 1...7, using: &random)
      microBatches = Int.random(in: 1...30, using: &random)
      let evenness = [1.0, 1.3, 8].randomElement(using: &random)!
      func seconds(_ count: Int, _ scale: Double) -> [Seconds] {
        (0..<count).map { _ in Seconds(scale * .random(in: 1...evenness.nextUp, using: &random)) }
      }
      let sends = seconds(stages - 1, [0, 0.1, 1].randomElement(using: &random)!)
      times = PipelineTimes(
        stages: stages, forward: seconds(stages, 1), backwardInput: seconds(stages, 1.2),
        backwardWeight: seconds(stages, 0.8), sendForward: sends, sendBackward: sends)
    }

    /// A stage's passes up to the gradient that is sent back.
    func gradientTime(_ stage: Int) -> Double {
      (times.forward[stage] + times.backwardInput[stage]).value
    }

    /// Of a stage: its time for a micro-batch, the time until its first forward begins, as far as a chain
    /// counts it, and a round through all stages after it.
    func stage(_ index: Int, _ schedule: PipelineSchedule) -> (
      time: Double, ahead: Double, round: Double
    ) {
      let splits = schedule.splitsBackward
      func time(_ stage: Int, weights: Bool) -> Double {
        (times.forward[stage] + times.backwardInput[stage]).value
          + (weights ? times.backwardWeight[stage].value : 0)
      }
      var (ahead, round) = (0.0, 0.0)
      for stage in 0..<index {
        let send = times.sendForward[stage].value
        ahead +=
          splits ? times.forward[stage].value + send : time(stage, weights: true) + 2 * send
      }
      for stage in index..<(stages - 1) {
        round += time(stage + 1, weights: !splits) + 2 * times.sendForward[stage].value
      }
      return (time(index, weights: true), ahead, round)
    }
  }

  /// No step that is played ends before a chain of any of its stages does; 1F1B of equal stages does
  /// just then.
  @Test(arguments: 0..<300)
  func noStepEndsBeforeAChain(seed: Int) {
    let example = Example(seed: seed)
    for schedule in [PipelineSchedule.oneForwardOneBackward, .gpipe, .zeroBubble] {
      let played = schedule.makespan(example.times, microBatches: example.microBatches).value
      for index in 0..<example.stages {
        let chains = StageChains(
          schedule, microBatches: example.microBatches, after: example.stages - 1 - index)
        let stage = example.stage(index, schedule)
        let forward = example.times.forward[index].value
        let least = chains.seconds(stage.time, forward: forward, round: stage.round)
        #expect(stage.ahead + least <= played * (1 + 1e-9), "\(schedule), stage \(index)")
        let longest = chains.longest(within: least, forward: forward, round: stage.round)
        #expect(abs(longest - stage.time) <= 1e-9 * stage.time)
        // As the walk through cuts has them, trip by trip.
        let beside = chains.beside(stage.time, forward: forward)
        #expect(max(beside.once + stage.round, beside.twice + 2 * stage.round) <= least)
        guard schedule == .zeroBubble else { continue }
        // Home through the stages before, beside the weight gradients that trail.
        let trailing = StageChains.trailing(
          schedule, microBatches: example.microBatches, before: index)
        let home = (0..<index).reduce(0.0) {
          $0 + example.gradientTime($1) + 2 * example.times.sendForward[$1].value
        }
        let weights = Double(trailing) * example.times.backwardWeight[index].value
        #expect(home + least - weights <= played * (1 + 1e-9), "home from stage \(index)")
      }
    }
  }

  /// With fewer micro-batches than stages, all but the last weight gradient of the first stage is told by the
  /// chain that goes home from the last one.
  @Test(arguments: [(12, 6), (7, 2), (5, 4)])
  func theWayHomeIsTight(stages: Int, microBatches: Int) {
    let each = [Seconds](repeating: Seconds(1), count: stages)
    let times = PipelineTimes(
      stages: stages, forward: each, backwardInput: each, backwardWeight: each)
    let played = PipelineSchedule.zeroBubble.makespan(times, microBatches: microBatches).value
    let trailing = StageChains.trailing(
      .zeroBubble, microBatches: microBatches, before: stages - 1)
    let own = StageChains(.zeroBubble, microBatches: microBatches, after: 0)
      .seconds(3, forward: 1, round: 0)
    #expect(Double(2 * (stages - 1)) + own - Double(trailing) + 1 == played)
  }

  @Test(arguments: [(4, 9), (6, 7), (8, 64), (3, 40)])
  func chainsOfEqualStagesAreTight(stages: Int, microBatches: Int) {
    let each = { (seconds: Double) in [Seconds](repeating: Seconds(seconds), count: stages) }
    let times = PipelineTimes(
      stages: stages, forward: each(1), backwardInput: each(1), backwardWeight: each(1))
    let last = Double(stages - 1)
    for (schedule, trip, ahead) in [
      (PipelineSchedule.oneForwardOneBackward, 3.0, 3.0), (.zeroBubble, 2.0, 1.0),
    ] {
      let played = schedule.makespan(times, microBatches: microBatches).value
      for stage in 0..<stages {
        let chains = StageChains(
          schedule, microBatches: microBatches, after: stages - 1 - stage)
        let least = chains.seconds(3, forward: 1, round: trip * (last - Double(stage)))
        #expect(ahead * Double(stage) + least == played, "\(schedule), stage \(stage)")
      }
    }
  }
}
