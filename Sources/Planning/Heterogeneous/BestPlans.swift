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
  var best: Double { plans.first?.plan.prediction.step.value ?? .infinity }

  /// Seconds from which on a step is not among the best.
  var limit: Double {
    plans.count < most ? .infinity : plans.last!.plan.prediction.step.value
  }

  /// Keeps a plan if it fits, is among the best and not known.
  mutating func keep(_ plan: MixedPlan) {
    let step = plan.plan.prediction.step
    guard plan.plan.fits, step.value < limit,
      !plans.contains(where: { $0.strategy == plan.strategy && $0.split == plan.split })
    else { return }
    plans.insert(plan, at: plans.firstIndex { step < $0.plan.prediction.step } ?? plans.count)
    if plans.count > most { plans.removeLast() }
  }
}
