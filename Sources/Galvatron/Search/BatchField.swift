/// Everything that can be chosen for one batch, one number of micro-batches and one of stages.
struct BatchField {
  let judge: Judge
  let strategies: [LayerStrategy]
  let stageLayers: [Int]
  let ends: [End]
  let families: [Family]

  /// A strategy of the embedding and the head.
  struct End {
    var strategy: LayerStrategy
    /// By stage: seconds of a micro-batch, and whole MB.
    var time: [Double]
    var memory: [Int]
  }

  /// Strategies that may be combined under one gather buffer.
  struct Family {
    /// In MB.
    var buffer: Int
    /// By stage.
    var choices: [StageChoices]
    /// Positions in `ends`.
    var ends: [Int]
  }

  /// Complexity: O(families · stages · strategies²).
  init?(_ judge: Judge, _ space: SearchSpace) {
    self.judge = judge
    strategies = space.layerStrategies(judge)
    guard !strategies.isEmpty else { return nil }
    stageLayers = LayerwisePlan.evenDivision(layers: judge.job.layers, stages: judge.stages)
    ends = space.embeddingStrategies(judge, strategies).map { strategy in
      End(
        strategy: strategy, time: judge.endTime(strategy).withoutSync,
        memory: judge.endMemory(strategy).map { Int($0.rounded(.up)) })
    }
    let options = Self.options(judge, strategies)
    families = Self.families(judge, strategies, ends, options, stageLayers)
  }

  /// By stage and strategy.
  private static func options(
    _ judge: Judge, _ strategies: [LayerStrategy]
  ) -> [[LayerOption]] {
    let times = strategies.map(judge.layerTime)
    return (0..<judge.stages).map { stage in
      strategies.indices.map { index in
        LayerOption(
          memory: judge.layerMemory(strategies[index], stage: stage),
          time: times[index].withoutSync, exposure: times[index].exposure, strategy: index)
      }
    }
  }

  /// Without tensor parallelism nothing is buffered; with it, the buffer holds for the largest
  /// degree, and so for all that are smaller.
  private static func families(
    _ judge: Judge, _ strategies: [LayerStrategy], _ ends: [End], _ options: [[LayerOption]],
    _ stageLayers: [Int]
  ) -> [Family] {
    func family(buffer: Int, _ belongs: (LayerStrategy) -> Bool) -> Family? {
      let members = strategies.indices.filter { belongs(strategies[$0]) }
      let ends = ends.indices.filter { belongs(ends[$0].strategy) }
      guard !members.isEmpty, !ends.isEmpty else { return nil }
      let choices = zip(stageLayers, options).map { layers, options in
        StageChoices(layers: layers, candidates: members.map { options[$0] })
      }
      return Family(buffer: buffer, choices: choices, ends: ends)
    }
    let degrees = Set(strategies.map(\.degree)).sorted()
    let largest = degrees[degrees.count - 1]
    guard judge.gatherBuffer(largestDegree: largest) > 0 else {
      return [family(buffer: 0) { _ in true }].compactMap { $0 }
    }
    let unbuffered = family(buffer: 0) { $0.tensorDegree == 1 }
    let buffered = degrees.filter { $0 > 1 }.map { degree in
      family(buffer: judge.gatherBuffer(largestDegree: degree)) { $0.degree <= degree }
    }
    return ([unbuffered] + buffered).compactMap { $0 }
  }

  /// Room for the layers of a stage.
  func room(_ family: Family, end: Int, stage: Int, budget: Int) -> Int {
    budget - family.buffer - ends[end].memory[stage]
  }

  /// No plan of a family and an end takes less; `nil` where none fits.
  ///
  /// The time of every stage is at least that of its relaxation, and so is the step's throughput
  /// part; and with the tail of stage i the step is at least
  /// s_i + c_(i+1) + … + c_(p−1) + (C − 1)·c_(p−1).
  func bound(_ family: Family, end: Int, budget: Int) -> Double? {
    var c = ends[end].time
    let last = c.count - 1
    var synced = c
    for stage in c.indices {
      let room = room(family, end: end, stage: stage, budget: budget)
      guard room >= 0, let time = family.choices[stage].leastTime(room: room),
        let whole = family.choices[stage].leastSyncedTime(room: room)
      else { return nil }
      synced[stage] = whole
      c[stage] += time
    }
    let throughput = PipelineTime.throughput(c, microBatches: judge.microBatches)
    // N + E − N: with the step at least as steep in N as in E, both least values add up.
    var bound = throughput + max(0, synced[0] - c[0])
    var later = Double(judge.microBatches - 1) * c[last]
    for stage in c.indices.reversed() {
      bound = max(bound, synced[stage] + later)
      later += c[stage]
    }
    return bound
  }

  /// MB that the most overfull stage lacks at least.
  func shortage(_ family: Family, end: Int, budget: Int) -> (stage: Int, megabytes: Int) {
    var worst = (stage: 0, megabytes: Int.min)
    for stage in stageLayers.indices {
      let needed =
        family.choices[stage].leastMemory! - room(family, end: end, stage: stage, budget: budget)
      if needed > worst.megabytes { worst = (stage, needed) }
    }
    return worst
  }
}
