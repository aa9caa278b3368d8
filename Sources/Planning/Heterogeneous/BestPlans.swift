import Costing
import Quantities

/// The best plans that a search knows, the fastest first.
struct BestPlans {
  /// That are kept at most.
  let most: Int
  private(set) var plans: [MixedPlan] = []

  init(most: Int, _ known: [MixedPlan] = []) {
    self.most = most
    for plan in known { keep(plan) }
  }

  /// Seconds of the best step.
  var best: Double { plans.first?.step ?? .infinity }

  /// Seconds from which on a step is not among the best.
  var limit: Double {
    plans.count < most ? .infinity : plans.last!.step
  }

  /// Keeps a plan if it fits, is among the best and not known.
  mutating func keep(_ plan: MixedPlan) {
    let step = plan.plan.prediction.step
    guard step.value < limit else { return }
    plans.keep(plan, most: most) { step < $0.plan.prediction.step }
  }

  /// So many of the best, without those that are like a better one.
  func distinct(_ count: Int) -> [MixedPlan] { plans.distinct(count) }
}

extension [MixedPlan] {
  /// Keeps a plan if it fits and is not known: before the first that it precedes, and of too many not the last.
  mutating func keep(_ plan: MixedPlan, most: Int, where precedes: (MixedPlan) -> Bool) {
    guard plan.plan.fits,
      !contains(where: { $0.strategy == plan.strategy && $0.split == plan.split })
    else { return }
    insert(plan, at: firstIndex(where: precedes) ?? count)
    if count > most { removeLast() }
  }

  /// So many of the first, without those that are like one before.
  func distinct(_ count: Int) -> [MixedPlan] {
    var distinct: [MixedPlan] = []
    for plan in self where distinct.count < count && !distinct.contains(where: plan.isLike) {
      distinct.append(plan)
    }
    return distinct
  }
}

extension MixedPlan {
  /// Whether a plan takes and holds the same, or differs in where its stages lie and end alone.
  func isLike(_ other: MixedPlan) -> Bool {
    let (own, its) = (plan.prediction, other.plan.prediction)
    let areEqual =
      abs(own.step / its.step - 1) < 1e-6 && abs(own.peakMemory / its.peakMemory - 1) < 1e-6
    return areEqual || strategy.isReordered(other.strategy)
  }
}

extension MixedStrategy {
  /// Whether the stages of a strategy have the same seats, in whichever order.
  fileprivate func isReordered(_ other: MixedStrategy) -> Bool {
    func seats(_ strategy: MixedStrategy) -> [[[Int]: Int]] {
      strategy.lanes.map { lane in
        lane.seats.reduce(into: [:]) {
          $0[[lane.microBatches, $1.pool, $1.tensor, $1.data], default: 0] += 1
        }
      }
    }
    func shared(_ strategy: MixedStrategy) -> ParallelStrategy {
      // The first stage's.
      var base = strategy.base
      (base.tensor, base.data) = (1, 1)
      return base
    }
    return shared(self) == shared(other) && seats(self) == seats(other)
  }
}
