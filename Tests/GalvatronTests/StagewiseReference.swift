@testable import Galvatron

/// What a search like Galvatron's finds: for every batch, number of micro-batches and stages, largest
/// degree and strategy of the embedding, each stage by itself takes the layers of least time with
/// gradients reduced, by a dynamic program over its memory; the judge then picks among these plans.
///
/// Memory counts in units, rounded up: every plan fits.
struct StagewiseReference {
  let job: MeasuredJob
  let space: SearchSpace
  let budget: MemoryBudget
  private let unit = 512

  /// Samples a second; `nil` where nothing fits.
  func best() -> Double? {
    var best: Double?
    for batch in space.batchSizes {
      for microBatches in space.microBatchCounts(batch) {
        for stages in space.stageCounts(job, microBatches: microBatches) {
          let judge = Judge(
            job, globalBatchSize: batch, microBatches: microBatches, stages: stages)
          let strategies = space.layerStrategies(judge)
          for most in Set(strategies.map(\.degree)) {
            let members = strategies.filter { $0.degree <= most }
            for embedding in space.embeddingStrategies(judge, members) {
              guard let plan = plan(judge, members, embedding, most) else { continue }
              let verdict = judge.verdict(plan)
              precondition(verdict.stageMemory.allSatisfy { $0 <= budget.usable })
              best = max(best ?? 0, verdict.samplesPerSecond)
            }
          }
        }
      }
    }
    return best
  }

  private func plan(
    _ judge: Judge, _ strategies: [LayerStrategy], _ embedding: LayerStrategy, _ most: Int
  ) -> LayerwisePlan? {
    let division = LayerwisePlan.evenDivision(layers: job.layers, stages: judge.stages)
    let ends = judge.endMemory(embedding)
    var layers: [LayerStrategy] = []
    for (stage, count) in division.enumerated() {
      let room =
        budget.usable - Int(ends[stage].rounded(.up)) - judge.gatherBuffer(largestDegree: most)
      guard
        let chosen = stageLayers(
          count, room: room / unit,
          strategies.map {
            (
              memory: (judge.layerMemory($0, stage: stage) + unit - 1) / unit,
              time: judge.layerTime($0).withSync
            )
          })
      else { return nil }
      layers += chosen.map { strategies[$0] }
    }
    return LayerwisePlan(
      stageLayers: division, layers: layers, embedding: embedding,
      globalBatchSize: judge.globalBatchSize, microBatches: judge.microBatches,
      schedule: job.run.schedule, defaultSharding: job.run.defaultSharding)
  }

  /// By layer, which option; `nil` where they do not fit.
  private func stageLayers(
    _ count: Int, room: Int, _ options: [(memory: Int, time: Double)]
  ) -> [Int]? {
    guard room >= 0 else { return nil }
    var least = [Double](repeating: 0, count: room + 1)
    var chosen: [[Int]] = []
    for _ in 0..<count {
      var next = [Double](repeating: .infinity, count: room + 1)
      var which = [Int](repeating: -1, count: room + 1)
      for (index, option) in options.enumerated() where option.memory <= room {
        for memory in option.memory...room {
          let time = least[memory - option.memory] + option.time
          if time < next[memory] { (next[memory], which[memory]) = (time, index) }
        }
      }
      least = next
      chosen.append(which)
    }
    guard least[room] < .infinity else { return nil }
    var memory = room
    return chosen.reversed().map { which in
      let option = which[memory]
      memory -= options[option].memory
      return option
    }
  }
}
