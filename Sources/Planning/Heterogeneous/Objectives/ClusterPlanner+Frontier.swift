import Quantities

extension ClusterPlanner {
  /// Fast plans within each memory, downwards in steps of at least a fiftieth to what the leanest plan holds: as
  /// `Planner` has them, but from short searches that prove nothing.
  ///
  /// Once it is to stop, those so far.
  ///
  /// - Parameter best: A plan that is known.
  func frontier(
    knowing best: MixedPlan, _ constraints: SearchConstraints, _ shouldStop: () -> Bool
  ) -> [Plan] {
    var single = constraints
    single.objective = .throughput
    single.alternatives = 0
    let leanest = problem.leanest(single, effort: effort, shouldStop)
    let known = [best, leanest?.plan].compactMap { $0 }
    var plans: [Plan] = []
    var limit = ByteCount(.infinity)
    while plans.count < Self.points, !shouldStop() {
      let limited = problem.limited(to: limit)
      let fitting = known.map { MixedPlan(limited, $0.strategy, $0.split) }.filter(\.plan.fits)
      guard
        let found = ClusterPlanner(limited, effort: .quick, parallel: parallel)
          .fastest(single, knowing: fitting, shouldStop, { _ in })?.best
      else { break }
      // A leaner plan takes the place of those that are no faster: searches that prove nothing may miss it for them.
      while let last = plans.last, last.prediction.step >= found.plan.prediction.step {
        plans.removeLast()
      }
      plans.append(found.plan)
      limit = found.plan.prediction.peakMemory * 0.98
    }
    return plans.isEmpty ? [best.plan] : plans
  }

  private static let points = 64
}
