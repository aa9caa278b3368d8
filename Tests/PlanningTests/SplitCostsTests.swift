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

  /// As few layers as fit, on whichever stage, also where there is room for everything or just not.
  @Test(arguments: 0..<30)
  func recomputesAsFewAsFit(seed: Int) {
    let chain = RandomChain(
      seed: seed, schedules: [.gpipe, .oneForwardOneBackward, .zeroBubble])
    let nodes = chain.problem.graph.nodes.count
    let free = SplitCosts(StrategyModel(chain.problem, chain.strategy), choosesRecompute: true)
    let fullest = (0..<free.stages).reduce(0) {
      max($0, free.memory(stage: $1, 0..<nodes, recomputed: 0))
    }
    var fitting: Set<Bool> = []
    for part in [0.5, 0.9, 0.999, 1.001, 2] {
      let limit = ByteCount(fullest * part)
      let costs = SplitCosts(
        StrategyModel(chain.problem.limited(to: limit), chain.strategy), choosesRecompute: true)
      fitting.insert(costs.fitsAnywhere)
      for stage in 0..<costs.stages {
        for start in 0..<nodes {
          for end in (start + 1)...nodes {
            let fewest = (0...costs.table.recomputableLayers(start..<end)).first {
              costs.memory(stage: stage, start..<end, recomputed: $0) <= limit.value * (1 - 1e-12)
            }
            #expect(costs.leastRecomputation(stage, start..<end) == fewest)
          }
        }
      }
    }
    #expect(fitting == [false, true])
  }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-11 * max(a, b) }
}
