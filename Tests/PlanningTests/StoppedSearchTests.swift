import Costing
import Hardware
import Quantities
import Scheduling
import Testing

@testable import Planning

/// A search that is stopped, be it at once, answers with a plan and an honest bound, or that it does not know.
@Suite struct StoppedSearchTests {
  private static let pools: [[(accelerator: String, nodes: Int, gpusPerNode: Int)]] = [
    [("a100-sxm4-80gb", 2, 4)],
    [("a100-sxm4-80gb", 1, 4), ("l40s", 1, 4)],
    [("a100-sxm4-40gb", 1, 4), ("v100-sxm2-32gb", 2, 2), ("h100-sxm5-80gb", 1, 1)],
  ]

  private static func problem(_ pools: Int) -> ClusterProblem {
    var model = DecoderExample.llama7B
    model.layers = 12
    return model.problem(on: .example(Self.pools[pools]), batch: 16, sequence: 1024)
  }

  private static func plan(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, polls: Int = .max
  ) -> ClusterOutcome {
    var left = polls
    return ClusterPlanner(problem).plan(
      constraints,
      shouldStop: {
        left -= 1
        return left < 0
      })
  }

  /// Whether bounds speak of a plan: its stages are equally replicated, and on one pool split alike.
  private static func isBounded(_ plan: MixedPlan) -> Bool {
    plan.strategy.lanes.allSatisfy { lane in
      Set(lane.seats.map(\.data)).count == 1
        && Set(lane.seats.map { [$0.pool, $0.tensor] }).count == Set(lane.seats.map(\.pool)).count
    }
  }

  /// Whatever a search was stopped at: no plan takes less than it says, and it says no more than it knows.
  @Test(arguments: Objective.allCases, [0, 1, 2])
  func boundsTheBestPlan(objective: Objective, pools: Int) throws {
    let problem = Self.problem(pools)
    var constraints = SearchConstraints()
    constraints.objective = objective
    let outcome = Self.plan(problem, constraints)
    guard case .found(let whole) = outcome.outcome else {
      Issue.record("the model fits")
      return
    }
    var found = 0
    for polls in [0, 1, 2, 3, 5, 8, 13, 21, 55, 144, 377, 987] {
      switch Self.plan(problem, constraints, polls: polls).outcome {
      case .infeasible: Issue.record("\(polls) polls do not rule out what there is")
      case .undecided: continue
      case .found(let part):
        found += 1
        let (step, bound) = (part.best.prediction.step, part.proof.lowerBound)
        #expect(part.best.fits)
        #expect(bound <= step)
        #expect(part.proof.gapFraction >= 0 && part.proof.gapFraction <= 1)
        // With other objectives the bound speaks of plans that hold no more, or of what is paid.
        guard objective == .throughput else { continue }
        if outcome.best.map(Self.isBounded) ?? true {
          #expect(bound <= whole.best.prediction.step * (1 + 1e-9), "after \(polls) polls")
        }
        #expect(step >= whole.proof.lowerBound * (1 - 1e-9), "after \(polls) polls")
      }
    }
    #expect(found > 6)
  }

  /// Nor is a search for the frontier asked once more after it was to stop.
  @Test(arguments: [0, 1, 2])
  func endsSoonAfterItIsToStop(pools: Int) {
    let problem = Self.problem(pools)
    for objective in Objective.allCases {
      for polls in [0, 40, 700] {
        var constraints = SearchConstraints()
        constraints.objective = objective
        constraints.wantsFrontier = true
        var (asked, isOver) = (0, 0)
        _ = ClusterPlanner(problem).plan(
          constraints,
          shouldStop: {
            asked += 1
            if asked > polls { isOver += 1 }
            return asked > polls
          })
        #expect(isOver < 200, "\(objective), \(polls) polls")
      }
    }
  }

  /// Where nothing fits, that is said once it is known and not before.
  @Test(arguments: [0, 1, 2])
  func rulesNothingOutTooSoon(pools: Int) {
    var model = DecoderExample.llama7B
    model.layers = 400
    let problem = model.problem(on: .example(Self.pools[pools]), batch: 16, sequence: 1024)
    guard case .infeasible = Self.plan(problem, SearchConstraints()).outcome else {
      Issue.record("the model is too large")
      return
    }
    for objective in Objective.allCases {
      var constraints = SearchConstraints()
      constraints.objective = objective
      for polls in [0, 1, 5] {
        #expect(Self.plan(problem, constraints, polls: polls).outcome == .undecided)
      }
    }
  }

  /// What comes nearest to fitting is known to the byte, or not said.
  @Test(arguments: [0, 1])
  func namesNoNearestPlanTooSoon(pools: Int) {
    var model = DecoderExample.llama7B
    model.layers = 400
    let problem = model.problem(on: .example(Self.pools[pools]), batch: 16, sequence: 1024)
    func excess(_ outcome: ClusterOutcome) -> ByteCount? {
      guard case .infeasible(let why) = outcome.outcome, case .memory(_, _, let excess) = why.reason
      else { return nil }
      return excess
    }
    var asked = 0
    let whole = ClusterPlanner(problem).plan(
      SearchConstraints(),
      shouldStop: {
        asked += 1
        return false
      })
    guard let least = excess(whole) else {
      Issue.record("the model is too large")
      return
    }
    let counts = (1..<16).map { asked * $0 / 16 } + [asked - 1]
    for polls in counts {
      let outcome = Self.plan(problem, SearchConstraints(), polls: polls)
      #expect(
        outcome.outcome == .undecided || excess(outcome) == least, "\(polls) polls of \(asked)")
    }
    #expect(Self.plan(problem, SearchConstraints(), polls: asked).outcome == whole.outcome)
  }
}
