import Quantities
import Scheduling
import Testing

@testable import Planning

/// The flat figures of the split search against those that plans are predicted from.
@Suite struct SplitCostsTests {
  @Test(arguments: 0..<60)
  func agreesWithTheModel(seed: Int) {
    let chain = RandomChain(
      seed: seed, schedules: [.gpipe, .oneForwardOneBackward, .zeroBubble],
      hasSlowLinks: seed % 2 == 0)
    let model = StrategyModel(chain.problem, chain.strategy)
    let costs = SplitCosts(model, choosesRecompute: true)
    let bound = PipelineBound(costs)
    chain.forEachSplit(everyCount: false) { split in
      var split = split
      for stage in split.recomputed.indices {
        split.recomputed[stage] =
          costs.table.recomputableLayers(split.nodes(ofVirtualStage: stage)) / 2
      }
      let times = model.pipelineTimes(split)
      let played = chain.strategy.schedule.makespan(
        times, microBatches: chain.strategy.microBatches
      ).value
      #expect(bound.linkFloor <= played * (1 + 1e-12), "\(chain) \(split)")
      var before = PipelineBound.Upstream()
      for stage in 0..<model.stages {
        let nodes = split.nodes(ofVirtualStage: stage)
        let count = split.recomputed[stage]
        let passes = costs.passes(nodes, recomputed: count)
        #expect(near(passes.forward, times.forward[stage].value))
        #expect(near(passes.input, times.backwardInput[stage].value))
        #expect(near(passes.weight, times.backwardWeight[stage].value))
        let memory = model.memory(stage: stage, chunks: [nodes], recomputed: count).total.value
        #expect(near(costs.memory(stage: stage, nodes, recomputed: count), memory))
        // Exact or not, what comes before gives a bound.
        let least = bound.upstream(stage: stage, start: nodes.lowerBound)
        #expect(least.head <= before.head * (1 + 1e-12) && least.tail <= before.tail * (1 + 1e-12))
        let seconds = bound.seconds(stage: stage, before, passes, end: nodes.upperBound)
        #expect(seconds <= played * (1 + 1e-12), "\(chain) \(split)")
        before = bound.after(before, stage: stage, passes, cut: nodes.upperBound)
      }
    }
  }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-11 * max(a, b) }
}
