import Galvatron
import Reporting

extension PlanService {
  /// A few lines, as text or as a picture of words.
  func words(
    _ lines: [String], _ request: LayerwiseRequest, _ media: MediaType
  ) -> APIResponse {
    let heading =
      "\(request.job.graph.name) on \(request.job.pool.shorthand), by Galvatron's cost model"
    return media == .svg
      ? svg(PlanPicture(heading: heading, lines: lines))
      : text(([heading] + lines).joined(separator: "\n") + "\n")
  }

  static func lines(_ outcome: LayerwiseOutcome, _ request: LayerwiseRequest) -> [String] {
    switch outcome {
    case .found(let result):
      return JudgedPlan(result.plan, result.judge, request).lines
        + [Sentence.layerwiseProof(result)] + request.warnings
    case .infeasible(let reason):
      var lines = [Sentence.noStrategy]
      if case .memory(let stage, let excess, _, _, _) = reason {
        lines = [Sentence.layerwiseMemory(excess, over: request.budget.usable, atStage: stage)]
      }
      return lines + reason.remedies(request) + request.warnings
    case .undecided:
      return [Sentence.outOfTime, Sentence.moreTime] + request.warnings
    }
  }
}

extension JudgedPlan {
  /// For people: speed, memory, and what each stage does.
  var lines: [String] {
    let memory = verdict.stageMemory.map { $0 + budget.reserved }
    var lines = [
      "\(rounded(verdict.samplesPerSecond)) samples/s, \(rounded(verdict.seconds)) s a step; "
        + "played out \(rounded(played.samplesPerSecond)) samples/s",
      "\(plan.globalBatchSize) sequences in \(plan.microBatches) "
        + "micro-batch\(plan.microBatches == 1 ? "" : "es"), "
        + "\(plan.schedule.rawValue), \(plan.defaultSharding.rawValue); embedding and head "
        + words(plan.embedding),
    ]
    for (stage, range) in plan.stageRanges.enumerated() {
      var runs: [(words: String, count: Int)] = []
      for layer in plan.layers[range] {
        if runs.last?.words == words(layer) {
          runs[runs.count - 1].count += 1
        } else {
          runs.append((words(layer), 1))
        }
      }
      let list = runs.map { "\($0.count) x \($0.words)" }.joined(separator: ", ")
      lines.append("stage \(stage): \(memory[stage]) of \(budget.whole) MB; layers \(list)")
    }
    return lines
  }

  private func words(_ strategy: LayerStrategy) -> String {
    var words = "data \(judge.replicas(strategy))"
    if strategy.degree > 1 {
      words = "\(strategy.usesUlysses ? "ulysses" : "tensor") \(strategy.degree) \(words)"
    }
    if strategy.shardsWeights { words += " zero3" }
    return strategy.recomputes ? words + " recomputed" : words
  }

  /// With four digits after the point.
  private func rounded(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }
}
