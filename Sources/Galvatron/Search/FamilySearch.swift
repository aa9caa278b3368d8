/// The best plan of one family and one strategy of the embedding and the head.
struct FamilySearch {
  let field: BatchField
  let family: BatchField.Family
  let end: Int
  let budget: Int

  struct Found {
    var seconds: Double
    /// Layers by option, for each stage.
    var counts: [[Int]]
    /// No plan of the family takes less than this.
    var bound: Double
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
  /// - Returns: `nil` if nothing below `limit` fits.
  func best(below limit: Double) -> Found? {
    let judge = field.judge
    var stages: [Stage?] = Array(repeating: nil, count: judge.stages)
    var isComplete = true
    for stage in 1..<max(1, judge.stages) {
      var search = StageSearch(
        family.choices[stage], room: room(stage), objective: .time)
      guard search.run() != nil, let counts = search.bestCounts else { return nil }
      isComplete = isComplete && search.isComplete
      stages[stage] = summary(stage, counts)
    }
    var first = StageSearch(
      family.choices[0], room: room(0), objective: objective(0, stages), limit: limit)
    guard let relaxed = first.run(), let counts = first.bestCounts else { return nil }
    isComplete = isComplete && first.isComplete
    stages[0] = summary(0, counts)
    var chosen = stages.map { $0! }
    var seconds = step(chosen)
    let bound = isComplete ? min(relaxed, seconds) : first.bound
    if seconds > relaxed {
      improve(&chosen, &seconds)
      improveFromSynced(&chosen, &seconds)
    }
    guard seconds < limit else { return nil }
    return Found(seconds: seconds, counts: chosen.map(\.counts), bound: bound)
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
    let times = field.ends[end].time
    return PipelineTime.seconds(
      withoutSync: zip(stages, times).map { $0.time + $1 },
      withSync: stages.map { $0.time + $0.exposure }, microBatches: field.judge.microBatches)
  }

  /// The step as a function of one stage, with the others as they are; those not yet chosen take no
  /// time and expose nothing.
  private func objective(_ stage: Int, _ stages: [Stage?]) -> StageObjective {
    let ends = field.ends[end].time
    let last = ends.count - 1
    let microBatches = Double(field.judge.microBatches)
    let c = ends.indices.map { ends[$0] + (stages[$0]?.time ?? 0) }
    let own = ends[stage]
    let others = c.indices.filter { $0 != stage }.reduce(0.0) { $0 + c[$1] }
    guard last > 0 else {
      return StageObjective(
        pieces: [.init(constant: microBatches * own, slope: microBatches)], allowance: own)
    }
    let later = Double(max(0, field.judge.microBatches - last))
    var pieces: [StageObjective.Piece] = []
    let repeats = stage == last ? microBatches : 1
    pieces.append(
      .init(
        constant: others + repeats * own + (stage == last ? 0 : (microBatches - 1) * c[last]),
        slope: repeats))
    if stage == 0 {
      let ahead = min(Double(last), microBatches - 1)
      pieces.append(.init(constant: (ahead + later) * own, slope: ahead + later))
      pieces.append(.init(constant: others + later * own, slope: later))
    } else {
      let ahead = min(Double(last), microBatches - 1) * c[0]
      pieces.append(.init(constant: ahead + later * c[0], slope: 0))
      pieces.append(.init(constant: others - c[0] + own + later * c[0], slope: 1))
    }
    return StageObjective(
      pieces: pieces, tail: stage == 0 ? 0 : tail(of: stages, c, but: stage),
      allowance: own + c[..<stage].reduce(0, +))
  }

  /// What sticks out of the other stages.
  private func tail(of stages: [Stage?], _ c: [Double], but stage: Int) -> Double {
    var tail = 0.0
    var before = 0.0
    for index in c.indices {
      before += c[index]
      guard index != stage, let other = stages[index] else { continue }
      tail = max(tail, other.time + other.exposure - before)
    }
    return tail
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
        var objective = objective(stage, stages)
        if stage == 0 {
          let c = zip(stages, field.ends[end].time).map { $0.time + $1 }
          objective.tail = tail(of: stages, c, but: 0)
        }
        var search = StageSearch(
          family.choices[stage], room: room(stage), objective: objective)
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
