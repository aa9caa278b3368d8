/// What the judge makes of a plan.
package struct Verdict: Hashable, Sendable {
  /// Of one step.
  package var seconds: Double
  package var samplesPerSecond: Double
  /// By stage: one micro-batch, and its layers with gradients reduced.
  package var stageSeconds: [Double]
  package var syncedStageSeconds: [Double]
  /// By stage, in whole MB.
  package var stageMemory: [Int]
}

extension Judge {
  /// Judges a plan for this batch, these micro-batches and stages.
  ///
  /// - Precondition: the job has the plan's schedule and default sharding, and `admits` each of its
  ///   strategies.
  /// - Complexity: O(layers), with one evaluation for each distinct strategy.
  package func verdict(_ plan: LayerwisePlan) -> Verdict {
    precondition(
      plan.stages == stages && plan.microBatches == microBatches
        && plan.globalBatchSize == globalBatchSize, "a plan has its own judge")
    precondition(
      plan.schedule == job.run.schedule && plan.defaultSharding == job.run.defaultSharding,
      "the job is run as the plan says")
    var times: [LayerStrategy: LayerTime] = [:]
    var c = endTime(plan.embedding).withoutSync
    var s = [Double](repeating: 0, count: stages)
    var memory = endMemory(plan.embedding).map { Int($0.rounded(.up)) }
    let buffer = gatherBuffer(plan)
    for (stage, range) in plan.stageRanges.enumerated() {
      var compute = 0.0
      memory[stage] += buffer
      for strategy in plan.layers[range] {
        let time = times[strategy] ?? layerTime(strategy)
        times[strategy] = time
        compute += time.withoutSync
        s[stage] += time.withSync
        memory[stage] += layerMemory(strategy, stage: stage)
      }
      c[stage] += compute
    }
    let seconds = PipelineTime.seconds(withoutSync: c, withSync: s, microBatches: microBatches)
    return Verdict(
      seconds: seconds, samplesPerSecond: Double(globalBatchSize) / seconds, stageSeconds: c,
      syncedStageSeconds: s, stageMemory: memory)
  }

  /// The plan's gather buffer in MB: none where nothing is tensor parallel.
  func gatherBuffer(_ plan: LayerwisePlan) -> Int {
    var largest = 1
    var hasTensor = false
    for strategy in plan.layers + [plan.embedding] {
      largest = max(largest, strategy.degree)
      hasTensor = hasTensor || strategy.tensorDegree > 1
    }
    return hasTensor ? gatherBuffer(largestDegree: largest) : 0
  }
}

/// How much memory a search may fill, by Galvatron's rule: of more than 20 GB a fifth is kept for
/// the allocator's cache.
package struct MemoryBudget: Hashable, Sendable {
  /// In MB.
  package var whole: Int
  package var reserved: Int

  package init(gigabytes: Int) {
    whole = gigabytes * 1024
    reserved = gigabytes > 20 ? Int(Double(whole) * 0.2) : 0
  }

  package var usable: Int { whole - reserved }
}
