import Costing
import Hardware
import Quantities
import Testing

@testable import Planning

/// What is told while a search over several pools goes on never takes anything back.
@Suite struct ProgressTests {
  private static func problem(seed: Int) -> ClusterProblem {
    var random = SplitMix64(seed: seed)
    let types = ["h100-sxm5-80gb", "a100-sxm4-40gb", "v100-sxm2-16gb", "l40s", "t4"]
      .shuffled(using: &random)
    let parts = (0..<Int.random(in: 2...3, using: &random)).map { pool in
      (
        types[pool], Int.random(in: 1...2, using: &random),
        1 << Int.random(in: 0...2, using: &random)
      )
    }
    var model = DecoderExample.small
    model.layers = Int.random(in: 2...12, using: &random)
    model.hidden = 1024 << Int.random(in: 0...2, using: &random)
    model.feedForward = 4 * model.hidden
    model.tiesEmbeddings = Bool.random(using: &random)
    let memory = ByteCount.gibi(.random(in: 2...12, using: &random))
    return model.problem(
      on: .example(parts, memory: Bool.random(using: &random) ? memory : nil),
      batch: [4, 8, 24, 64].randomElement(using: &random)!, sequence: 1024)
  }

  /// Among them some whose best plan has gradients or weights sharded, or takes less than was proven of those that
  /// are alike over each pool.
  private static let seeds = [0, 1, 6, 10, 14, 18, 25, 28, 37, 53, 85]

  @Test(arguments: [Objective.throughput, .memory, .cost], seeds)
  func takesNothingBack(objective: Objective, seed: Int) {
    var constraints = SearchConstraints()
    constraints.objective = objective
    constraints.wantsFrontier = seed == 10
    var told: [SearchProgress] = []
    let outcome = ClusterPlanner(Self.problem(seed: seed), effort: .quick).plan(constraints) {
      false
    } onProgress: {
      told.append($0)
    }
    for (one, next) in zip(told, told.dropFirst()) {
      #expect(next.best <= one.best)
      #expect(next.bound >= one.bound)
      #expect(next.gapFraction <= one.gapFraction)
    }
    guard let last = told.last, case .found(let result) = outcome.outcome else { return }
    #expect(result.proof.gapFraction <= last.gapFraction)
    if objective != .cost { #expect(result.best.prediction.step.value <= last.best) }
  }
}
