import Quantities

/// What a search found, and how sure it is.
package enum PlanningOutcome: Hashable, Sendable {
  case found(PlanningResult)
  case infeasible(Infeasibility)
  /// The search was stopped before a plan was found, or it was known that there is none and which comes
  /// nearest.
  case undecided
}

package struct PlanningResult: Hashable, Sendable {
  package var best: Plan
  /// Other strategies worth knowing, best first.
  package var alternatives: [Plan]
  /// The time–memory Pareto set, fastest first, if it was asked for.
  package var frontier: [Plan]
  package var proof: OptimalityProof
  package var warnings: [String]
  /// What bounds the best plan, if it was asked for and the GPUs are alike.
  package var explanation: Explanation?

  package init(
    best: Plan, alternatives: [Plan] = [], frontier: [Plan] = [], proof: OptimalityProof,
    warnings: [String] = [], explanation: Explanation? = nil
  ) {
    self.best = best
    self.alternatives = alternatives
    self.frontier = frontier
    self.proof = proof
    self.warnings = warnings
    self.explanation = explanation
  }
}

/// How far from the best the answer can be, under the cost model.
package struct OptimalityProof: Hashable, Sendable {
  /// No plan within the constraints takes less.
  package var lowerBound: Seconds
  /// (best − lower bound) / best: 0 when the search is closed.
  package var gapFraction: Double
  /// Strategies whose best stage split was computed.
  package var strategiesConsidered: Int
  /// Strategies that a bound excluded without that.
  package var strategiesPruned: Int
  /// Plans that the constraints allow were neither searched nor bounded, as a warning says: the bound
  /// holds for the others.
  package var isPartial: Bool

  package init(
    lowerBound: Seconds, gapFraction: Double, strategiesConsidered: Int, strategiesPruned: Int,
    isPartial: Bool = false
  ) {
    self.lowerBound = lowerBound
    self.gapFraction = gapFraction
    self.strategiesConsidered = strategiesConsidered
    self.strategiesPruned = strategiesPruned
    self.isPartial = isPartial
  }

  package var isClosed: Bool { gapFraction <= 0 && !isPartial }
}

/// Why no plan satisfies a request.
package struct Infeasibility: Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    /// No combination of degrees satisfies the constraints and the runtime's rules.
    case noStrategy([String])
    /// The plan that comes nearest to fitting exceeds its limit at one stage.
    case memory(nearest: Plan, stage: Int, excess: ByteCount)
  }
  package var reason: Reason
  /// Changes that would make a plan possible, the smallest first, each checked by planning it.
  package var remedies: [String]

  package init(reason: Reason, remedies: [String] = []) {
    self.reason = reason
    self.remedies = remedies
  }
}
