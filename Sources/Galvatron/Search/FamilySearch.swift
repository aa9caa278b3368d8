/// The best plan of one family and one strategy of the embedding and the head.
struct FamilySearch {
  let field: BatchField
  let family: BatchField.Family
  let end: Int
  let budget: Int
  private let function: StepFunction

  init(field: BatchField, family: BatchField.Family, end: Int, budget: Int) {
    self.field = field
    self.family = family
    self.end = end
    self.budget = budget
    function = StepFunction(
      ends: field.ends[end].time, microBatches: field.judge.microBatches)
  }

  struct Outcome {
    /// The best plan that was found below the limit.
    var found: Found?
    /// No plan of the family takes less; the limit, where none is below it.
    var bound: Double
  }

  struct Found {
    var seconds: Double
    /// Layers by option, for each stage.
    var counts: [[Int]]
  }

  /// A stage's layers: their time, exposure, and counts by option.
  private struct Stage {
    var time: Double
    var exposure: Double
    var counts: [Int]
  }

  /// Later stages take the fastest choice that fits, since a step never gains by a slower one, but
  /// for its tail; the first stage then minimises the step. Where a later stage's reductions stick
  /// out at the step's end, each stage in turn is chosen anew against the others.
  ///
  /// - Parameters:
  ///   - limit: plans that take as long are not wanted.
  ///   - bound: known to hold for the family.
  func quick(below limit: Double, bound: Double) -> Outcome {
    var outcome = Outcome(found: nil, bound: bound)
    var stages: [Stage?] = Array(repeating: nil, count: function.stages)
    var isComplete = true
    for stage in 1..<max(1, function.stages) {
      var search = StageSearch(
        family.choices[stage], room: room(stage), objective: .time)
      guard search.run() != nil, let counts = search.bestCounts else {
        preconditionFailure("a family with a bound has a choice for every stage")
      }
      isComplete = isComplete && search.isComplete
      stages[stage] = summary(stage, counts)
    }
    // Tails of later stages depend on the first one's time: at least there may be none.
    var alone = objective(0, stages)
    alone.tail = 0
    var first = StageSearch(
      family.choices[0], room: room(0), objective: alone, limit: limit)
    let relaxed = first.run()
    if isComplete {
      let least = first.isComplete ? relaxed ?? limit : first.bound
      outcome.bound = max(bound, min(limit, least))
    }
    guard let relaxed, let counts = first.bestCounts else { return outcome }
    stages[0] = summary(0, counts)
    var chosen = stages.map { $0! }
    var seconds = step(chosen)
    if seconds > relaxed {
      improve(&chosen, &seconds)
      improveFromSynced(&chosen, &seconds)
    }
    if seconds < limit {
      outcome.found = Found(seconds: seconds, counts: chosen.map(\.counts))
    }
    // Sums in another order differ in the last digits.
    outcome.bound = min(outcome.bound, seconds)
    return outcome
  }

  /// All stages at once.
  ///
  /// - Parameter steps: how many the search may take, and at the end how many are left.
  func thorough(below limit: Double, bound: Double, steps: inout Int) -> Outcome {
    var search = JointSearch(
      function, family.choices, rooms: field.stageLayers.indices.map(room), limit: limit,
      steps: steps)
    search.run()
    steps = search.stepsLeft
    return Outcome(
      found: search.best.map { Found(seconds: $0.seconds, counts: $0.counts) },
      bound: max(bound, search.bound))
  }

  private func room(_ stage: Int) -> Int {
    field.room(family, end: end, stage: stage, budget: budget)
  }

  private func summary(_ stage: Int, _ counts: [Int]) -> Stage {
    var summary = Stage(time: 0, exposure: 0, counts: counts)
    for (option, count) in zip(family.choices[stage].options, counts) {
      summary.time += Double(count) * option.time
      summary.exposure += Double(count) * option.exposure
    }
    return summary
  }

  private func step(_ stages: [Stage]) -> Double {
    stages.reduce(StepFunction.Prefix()) {
      function.adding(time: $1.time, exposure: $1.exposure, to: $0)
    }.seconds()
  }

  /// The step as a function of one stage, with the others as they are; those not yet chosen take no
  /// time and expose nothing.
  private func objective(_ stage: Int, _ stages: [Stage?]) -> StageObjective {
    var constants = SIMD3<Double>.zero
    var (before, allowance, tail) = (0.0, 0.0, 0.0)
    for (index, end) in function.ends.enumerated() {
      let c = end + (stages[index]?.time ?? 0)
      constants += function.slopes[index] * (index == stage ? end : c)
      if index == stage {
        allowance = before + end
      } else if let other = stages[index] {
        tail = max(tail, other.exposure - end - before)
      }
      before += c
    }
    return StageObjective(
      constants: constants, slopes: function.slopes[stage], tail: tail, allowance: allowance)
  }

  /// The same from where every stage takes least with its reductions, as Galvatron's search has it.
  private func improveFromSynced(_ stages: inout [Stage], _ seconds: inout Double) {
    var synced: [Stage] = []
    for stage in stages.indices {
      var search = StageSearch(family.choices[stage], room: room(stage), objective: .syncedTime)
      guard search.run() != nil, let counts = search.bestCounts else { return }
      synced.append(summary(stage, counts))
    }
    var value = step(synced)
    improve(&synced, &value)
    if value < seconds { (stages, seconds) = (synced, value) }
  }

  private func improve(_ stages: inout [Stage], _ seconds: inout Double) {
    for _ in 0..<4 {
      let before = seconds
      for stage in stages.indices.reversed() {
        var search = StageSearch(
          family.choices[stage], room: room(stage), objective: objective(stage, stages))
        guard search.run() != nil, let counts = search.bestCounts else { continue }
        var candidate = stages
        candidate[stage] = summary(stage, counts)
        let value = step(candidate)
        if value < seconds { (stages, seconds) = (candidate, value) }
      }
      if seconds >= before { return }
    }
  }
}
