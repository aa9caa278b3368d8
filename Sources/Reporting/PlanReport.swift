import Costing
import Planning
import Quantities

/// A plan, or why there is none, as text for people: the first five lines say what matters, tables
/// follow.
package struct PlanReport {
  let subject: String
  let style: TerminalStyle
  private let layerNames: [String]?
  private let run: @Sendable (Plan) -> TrainingRun?

  /// - Parameters:
  ///   - modelName: of the model.
  ///   - clusterName: the cluster in a few words, such as `4x8xh100-sxm5-80gb`.
  ///   - layerNames: of the model's layers in its graph's order, where plans may have orders of their
  ///     own: then every stage's layers are named.
  ///   - run: What the whole training takes at a plan's pace, where that is asked.
  package init(
    modelName: String, clusterName: String, layerNames: [String]? = nil,
    style: TerminalStyle = .plain, run: @escaping @Sendable (Plan) -> TrainingRun? = { _ in nil }
  ) {
    self.run = run
    subject = "\(modelName) on \(clusterName)"
    self.layerNames = layerNames
    self.style = style
  }

  /// What a search found. Ends with a line break.
  ///
  /// - Parameter warnings: of the request, before those of the search.
  package func text(
    _ outcome: PlanningOutcome, comparison: Comparison? = nil, warnings: [String] = []
  ) -> String {
    switch outcome {
    case .found(let result):
      joined(found(result, comparison) + self.warnings(warnings + result.warnings))
    case .infeasible(let why): joined(infeasible(why) + self.warnings(warnings))
    case .undecided: joined(undecided + self.warnings(warnings))
    }
  }

  /// A plan that somebody else made. Ends with a line break.
  package func text(_ plan: Plan, warnings: [String] = []) -> String {
    joined(head(plan, proof: nil) + details(plan) + self.warnings(warnings))
  }

  private func warnings(_ warnings: [String]) -> [String] {
    section("Warnings", warnings.map { "  - " + $0 })
  }

  private func joined(_ lines: [String]) -> String {
    lines.map { $0 + "\n" }.joined()
  }

  private func found(_ result: PlanningResult, _ comparison: Comparison?) -> [String] {
    var lines = head(result.best, proof: result.proof)
    if let explanation = result.explanation { lines.append(sentence(explanation)) }
    if let comparison { lines += sentences(comparison) }
    lines += details(result.best)
    lines += section("Alternatives", alternatives(result.alternatives, to: result.best))
    lines += section("Time against memory", alternatives(result.frontier, to: result.best))
    return lines
  }

  // MARK: The first lines

  private func head(_ plan: Plan, proof: OptimalityProof?) -> [String] {
    var lines = [style.strong("\(subject): \(plan.prediction.speed)")]
    lines.append("\(plan.degrees); \(plan.manner)")
    lines.append(memory(plan))
    lines.append(timeSpent(plan.prediction.breakdown))
    if let run = run(plan) { lines.append(sentence(run)) }
    if let proof { lines.append(sentence(proof)) }
    return lines
  }

  private func memory(_ plan: Plan) -> String {
    func room(_ stage: StagePlan) -> ByteCount { stage.memoryLimit - stage.memory.total }
    guard let tightest = plan.stages.min(by: { room($0) < room($1) }) else {
      return "No stages."
    }
    let sizes =
      "\(HumanNumber.size(tightest.memory.total)) of \(HumanNumber.size(tightest.memoryLimit)) "
      + "a GPU at stage \(tightest.id)"
    if plan.fits {
      // Where GPUs are of several sizes, the fullest need not hold most.
      let holdsMost = plan.stages.allSatisfy { $0.memory.total <= tightest.memory.total }
      return style.good("Fits") + (holdsMost ? ": at most " : ": the fullest ") + sizes
    }
    let excess = max(ByteCount.zero, ByteCount.zero - room(tightest))
    return style.bad("Does not fit") + ": \(sizes), \(HumanNumber.size(excess)) too much"
  }

  private func timeSpent(_ breakdown: StepBreakdown) -> String {
    let total = max(breakdown.total, Seconds(.leastNormalMagnitude))
    let largest = breakdown.causes.enumerated().sorted {
      ($1.element.time, $0.offset) < ($0.element.time, $1.offset)
    }.prefix(4)
    return "Time goes to "
      + largest.map { "\($0.element.name) \(HumanNumber.percent($0.element.time / total))" }
      .joined(separator: ", ")
  }

  private func sentence(_ run: TrainingRun) -> String {
    "The whole training: \(HumanNumber.count(run.steps)) steps, \(HumanNumber.time(run.duration)), "
      + "\(HumanNumber.fixed(run.gpuHours)) GPU-hours"
      + (run.cost.map { ", at a cost of \(HumanNumber.fixed($0))" } ?? "")
  }

  private func sentence(_ proof: OptimalityProof) -> String {
    let weighed =
      "\(HumanNumber.count(proof.strategiesConsidered)) strategies worked out, "
      + "\(HumanNumber.count(proof.strategiesPruned)) excluded by bounds"
    if proof.isClosed { return "Optimal under the cost model: \(weighed)" }
    if proof.gapFraction <= 0 {
      return "Best of all that the bound covers, as a warning says: \(weighed)"
    }
    // Not to say that nothing is left.
    let gap = max(proof.gapFraction, 0.001)
    return
      "Within \(HumanNumber.percent(gap)) of the best possible, which takes at least "
      + "\(HumanNumber.time(proof.lowerBound)): \(weighed)"
  }

  private func sentence(_ explanation: Explanation) -> String {
    let bound =
      switch explanation.boundBy {
      case .bubble: "the pipeline bubble"
      case .pipeline: "pipeline sends"
      default: explanation.boundBy.rawValue.split(separator: "_").joined(separator: " ")
      }
    let helpful = explanation.levers.prefix(2).filter { $0.gain >= 0.001 }
      .map { "\($0.change.rawValue) (-\(HumanNumber.percent($0.gain)))" }
    return "Bound by \(bound)"
      + (helpful.isEmpty ? "" : "; most would help: \(helpful.joined(separator: ", "))")
  }

  /// What planning for all pools and their differences gains.
  private func sentences(_ comparison: Comparison) -> [String] {
    func times(_ step: Seconds) -> String {
      "\(HumanNumber.short(comparison.factor(step))) times as long"
    }
    return [
      comparison.onePool.map { "On pool \($0.name) alone a step takes \(times($0.step))" },
      comparison.evenStep.map { "Split as if all GPUs were alike a step takes \(times($0))" },
    ].compactMap { $0 }
  }

  // MARK: Tables

  private func details(_ plan: Plan) -> [String] {
    section("Stages", stages(plan).lines(indent: 2))
      + section("Layers of the stages", layers(plan))
      + section("Memory of one GPU", memoryTable(plan).lines(indent: 2))
      + section("Time of one step", timeTable(plan.prediction).lines(indent: 2))
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", style.strong(title)] + lines
  }

  private func stages(_ plan: Plan) -> TextTable {
    let recomputes = plan.stages.contains { $0.recomputedLayers > 0 }
    let differs = plan.stages.contains { $0.share != nil }
    var table = TextTable(
      [
        .numbers("stage"), .words("layers"), .numbers("parameters"), .numbers("forward"),
        .numbers("backward"),
      ] + (recomputes ? [.numbers("recomputed")] : [])
        + (differs ? [.numbers("tensor"), .words("micro-batches")] : []) + [.words("devices")])
    for stage in plan.stages {
      table.add(
        [
          "\(stage.id)", stage.layerRanges.map(range).joined(separator: ", "),
          HumanNumber.amount(Double(stage.parameters)), HumanNumber.time(stage.forward),
          HumanNumber.time(stage.backward),
        ] + (recomputes ? [HumanNumber.count(stage.recomputedLayers)] : [])
          + (differs ? share(stage, of: plan.strategy) : []) + [devices(stage.devices)])
    }
    return table
  }

  /// The stages' layers by name, neighbours in the graph's order as one.
  private func layers(_ plan: Plan) -> [String] {
    guard let layerNames else { return [] }
    let order = plan.order ?? Array(layerNames.indices)
    var table = TextTable([.numbers("stage"), .words("layers")])
    for stage in plan.stages {
      var runs: [ClosedRange<Int>] = []
      for layer in stage.layerRanges.flatMap({ order[$0] }) {
        if let last = runs.last, last.upperBound + 1 == layer {
          runs[runs.count - 1] = last.lowerBound...layer
        } else {
          runs.append(layer...layer)
        }
      }
      let names = runs.map { run in
        run.count == 1
          ? layerNames[run.lowerBound]
          : "\(layerNames[run.lowerBound]) … \(layerNames[run.upperBound])"
      }
      table.add(["\(stage.id)", names.joined(separator: ", ")])
    }
    return table.lines(indent: 2)
  }

  /// The stage's own tensor degree, and the micro-batches of each of its replicas.
  private func share(_ stage: StagePlan, of strategy: ParallelStrategy) -> [String] {
    let tensor = stage.share?.tensor ?? strategy.tensor
    let all = [Int](repeating: strategy.microBatches, count: strategy.data)
    return ["\(tensor)", sum(stage.share?.microBatches ?? all)]
  }

  /// `5 + 5 + 3` of few numbers, `16 x 5 + 8 x 3` of many.
  private func sum(_ numbers: [Int]) -> String {
    var runs: [(count: Int, number: Int)] = []
    for number in numbers {
      if numbers.count > 4, let last = runs.last, last.number == number {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((1, number))
      }
    }
    return runs.map { run in
      let number = HumanNumber.count(run.number)
      return run.count > 1 ? "\(HumanNumber.count(run.count)) x \(number)" : number
    }.joined(separator: " + ")
  }

  private func memoryTable(_ plan: Plan) -> TextTable {
    var table = TextTable(
      [.numbers("stage")] + MemoryPart.allCases.map { .numbers($0.rawValue) }
        + [.numbers("total"), .numbers("limit"), .numbers("used")])
    for stage in plan.stages {
      let used = stage.memory.total / max(stage.memoryLimit, ByteCount(1))
      let mark = stage.memory.total > stage.memoryLimit ? " over" : ""
      table.add(
        ["\(stage.id)"] + MemoryPart.allCases.map { HumanNumber.size($0.size(stage.memory)) }
          + [
            HumanNumber.size(stage.memory.total), HumanNumber.size(stage.memoryLimit),
            HumanNumber.percent(used) + mark,
          ])
    }
    return table
  }

  private func timeTable(_ prediction: Prediction) -> TextTable {
    var table = TextTable([.words("part"), .numbers("time"), .numbers("share"), .words("")])
    let total = max(prediction.breakdown.total, Seconds(.leastNormalMagnitude))
    for part in prediction.breakdown.causes {
      let share = part.time / total
      let bar = String(repeating: "█", count: Int((share * 40).rounded()))
      table.add([part.name, HumanNumber.time(part.time), HumanNumber.percent(share), bar])
    }
    table.add(["step", HumanNumber.time(prediction.step), "", ""])
    return table
  }

  private func alternatives(_ plans: [Plan], to best: Plan) -> [String] {
    AlternativesTable(plans, against: best).lines(indent: 2)
  }

  private func range(_ layers: ClosedRange<Int>) -> String {
    layers.count == 1 ? "\(layers.lowerBound)" : "\(layers.lowerBound)–\(layers.upperBound)"
  }

  /// `node-0: 0–3`, or for many nodes `node-0 … node-7 (64 GPUs)`.
  private func devices(_ groups: [DeviceGroup]) -> String {
    guard let first = groups.first, let last = groups.last else { return "" }
    if groups.count <= 2 {
      return groups.map { "\($0.node): \(gpus($0.gpus))" }.joined(separator: ", ")
    }
    let count = groups.reduce(0) { $0 + $1.gpus.count }
    return "\(first.node) … \(last.node) (\(HumanNumber.count(count)) GPUs)"
  }

  private func gpus(_ gpus: [Int]) -> String {
    guard let first = gpus.first, let last = gpus.last else { return "" }
    let isRun = gpus.count > 2 && zip(gpus, gpus.dropFirst()).allSatisfy { $1 == $0 + 1 }
    return isRun ? "\(first)–\(last)" : gpus.map(String.init).joined(separator: ", ")
  }

  // MARK: No plan

  private var undecided: [String] {
    [
      style.bad("No plan yet for \(subject)"),
      "Time was up before a plan was found, and before it was shown that there is none.",
    ]
  }

  private func infeasible(_ why: Infeasibility) -> [String] {
    var lines = [style.bad("No plan for \(subject)")]
    switch why.reason {
    case .noStrategy(let reasons):
      lines.append("No way of using the GPUs satisfies every rule:")
      lines += reasons.map { "  - " + $0 }
    case .memory(let nearest, let stage, let excess):
      lines.append(
        "Nothing fits. The plan that comes nearest needs \(HumanNumber.size(excess)) too much "
          + "at stage \(stage):")
      lines.append("\(nearest.degrees); \(nearest.manner)")
      lines += section("Memory of one GPU", memoryTable(nearest).lines(indent: 2))
    }
    lines += section("What would help", why.remedies.map { "  - " + $0 })
    return lines
  }
}
