import Hardware
import Quantities
import Testing

@testable import Planning

@Suite struct ExplanationTests {
  static let problems = [
    DecoderExample.gpt1B5.problem(on: .example(nodes: 1), batch: 64, sequence: 1024),
    DecoderExample.small.problem(on: .example(nodes: 2), batch: 48, sequence: 1024),
    DecoderExample.small.problem(
      on: .example(nodes: 2, memory: .gibi(3)), batch: 48, sequence: 4096),
    DecoderExample.llama70B.problem(
      on: .example("h100-sxm5-80gb", nodes: 8), batch: 128, sequence: 4096),
  ]

  private func explained(
    _ problem: PlanningProblem, _ constraints: SearchConstraints = SearchConstraints()
  ) throws -> (plan: Plan, explanation: Explanation) {
    guard case .found(let result) = Planner(problem).plan(constraints) else {
      throw NothingFits()
    }
    return (result.best, Planner(problem).explanation(of: result.best, constraints))
  }

  private struct NothingFits: Error {}

  @Test(arguments: problems)
  func leversAreWhatPlanningTheChangedProblemSays(_ problem: PlanningProblem) throws {
    let (plan, explanation) = try explained(problem)
    for lever in explanation.levers where lever.change != .memory {
      let changed = Planner(try #require(problem.after(lever.change)))
      var strategy = plan.strategy
      if lever.change == .globalBatch { strategy.microBatches *= 2 }
      let anew = changed.simulate(strategy, fewestRecomputed: true)
      let held = changed.simulate(strategy, split: plan.split)
      #expect(
        lever.step == min(anew.prediction.step, held.prediction.step), "\(lever.change)")
      #expect(anew.fits)
    }
  }

  @Test(arguments: problems)
  func nothingBetterSlows(_ problem: PlanningProblem) throws {
    let (plan, explanation) = try explained(problem)
    let step = plan.prediction.step
    let gains = explanation.levers.map(\.gain)
    #expect(gains == gains.sorted(by: >))
    #expect(gains.allSatisfy { (0..<1).contains($0) })
    for lever in explanation.levers {
      let sequences = lever.change == .globalBatch ? 2.0 : 1
      #expect(lever.step <= step * (sequences * (1 + 1e-12)), "\(lever.change)")
      #expect(abs(1 - lever.step / (step * sequences) - lever.gain) < 1e-9)
    }
    #expect(Set(explanation.levers.map(\.change)).count == explanation.levers.count)
  }

  @Test func isTheSameEveryTime() throws {
    let problem = Self.problems[0]
    #expect(try explained(problem).explanation == explained(problem).explanation)
  }

  @Test func oneNodeHasNoNetwork() throws {
    let changes = try explained(Self.problems[0]).explanation.levers.map(\.change)
    #expect(!changes.contains(.networkBandwidth))
    #expect(changes.contains(.scaleUpBandwidth))
  }

  /// A pipeline of few micro-batches waits, and a larger batch helps it.
  @Test func fewMicroBatchesLeaveABubble() throws {
    var constraints = SearchConstraints()
    constraints.pipeline = [4]
    constraints.data = [1]
    constraints.tensor = [1]
    constraints.virtualStages = [1]
    constraints.schedule = [.gpipe]
    constraints.microBatchSize = [4]
    let problem = DecoderExample.small.problem(
      on: .example(nodes: 1, gpusPerNode: 4), batch: 8, sequence: 8192)
    let (plan, explanation) = try explained(problem, constraints)
    #expect(plan.prediction.breakdown.bubble > plan.prediction.breakdown.compute)
    #expect(explanation.boundBy == .bubble)
    let batch = try #require(explanation.levers.first { $0.change == .globalBatch })
    #expect(batch.gain > 0.1)
  }

  /// What is recomputed for lack of memory is not with twice as much.
  @Test func recomputingIsALackOfMemory() throws {
    var constraints = SearchConstraints()
    constraints.pipeline = [1]
    constraints.tensor = [1]
    constraints.microBatchSize = [1]
    (constraints.context, constraints.data, constraints.zeroStage) = ([1], [8], [.optimizer])
    let roomy = DecoderExample.gpt1B5.problem(on: .example(nodes: 1), batch: 64, sequence: 4096)
    constraints.recompute = [.none]
    let whole = try explained(roomy, constraints)
    constraints.recompute = []
    let tight = DecoderExample.gpt1B5.problem(
      on: .example(nodes: 1, memory: whole.plan.prediction.peakMemory * 0.7), batch: 64,
      sequence: 4096)
    let (plan, explanation) = try explained(tight, constraints)
    #expect(plan.prediction.breakdown.recompute > .zero)
    #expect(explanation.boundBy == .memory)
    let memory = try #require(explanation.levers.first { $0.change == .memory })
    #expect(memory.step <= whole.plan.prediction.step * (1 + 1e-9))
  }
}
