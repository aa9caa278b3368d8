import Costing
import Planning
import Quantities

/// Plans side by side: what each takes, and in which of their dimensions they differ or do anything.
struct AlternativesTable {
  private let plans: [Plan]
  private let best: Plan

  /// - Parameter best: what the plans are held against.
  init(_ plans: [Plan], against best: Plan) {
    self.plans = plans
    self.best = best
  }

  private struct Dimension {
    let column: TextTable.Column
    let isShown: Bool
    let cell: (Plan) -> String
  }

  private var dimensions: [Dimension] {
    let all = plans.map(\.strategy)
    func degrees(_ title: String, _ value: @escaping (Plan) -> Span) -> Dimension {
      Dimension(column: .numbers(title), isShown: plans.contains { value($0).most > 1 }) {
        value($0).words
      }
    }
    func degree(_ title: String, _ value: @escaping (ParallelStrategy) -> Int) -> Dimension {
      degrees(title) { Span(value($0.strategy)) }
    }
    return [
      degree("pipeline", \.pipeline), degrees("tensor", \.tensors), degree("context", \.context),
      degrees("data", \.replicas), degree("expert", \.expert),
      Dimension(column: .numbers("micro-batches"), isShown: true) {
        "\($0.microBatches.words) of \($0.microBatchSizes.words)"
      },
      Dimension(column: .words("schedule"), isShown: all.contains { $0.pipeline > 1 }) {
        let strategy = $0.strategy
        guard strategy.pipeline > 1 else { return "" }
        let chunks = strategy.virtualStages > 1 ? " x \(strategy.virtualStages)" : ""
        return strategy.schedule.name + chunks
      },
      Dimension(column: .numbers("ZeRO"), isShown: true) { "\($0.strategy.zeroStage.rawValue)" },
      Dimension(
        column: .words("sequence"), isShown: Set(all.map(\.sequenceParallel)).count > 1
      ) { $0.strategy.sequenceParallel ? "yes" : "no" },
      Dimension(column: .words("ranks"), isShown: Set(all.map(\.rankOrder)).count > 1) {
        $0.strategy.rankOrder.rawValue
      },
    ].filter(\.isShown)
  }

  func lines(indent: Int) -> [String] {
    guard !plans.isEmpty else { return [] }
    let dimensions = self.dimensions
    let countsGPUs = Set(([best] + plans).map(\.prediction.gpus)).count > 1
    var table = TextTable(
      [.numbers("step"), .numbers("against best"), .numbers("peak memory")]
        + (countsGPUs ? [.numbers("GPUs")] : []) + dimensions.map(\.column)
        + [.words("recompute")])
    for plan in plans {
      let slower = plan.prediction.step / best.prediction.step - 1
      table.add(
        [
          HumanNumber.time(plan.prediction.step),
          (slower >= 0 ? "+" : "") + HumanNumber.percent(slower),
          HumanNumber.size(plan.prediction.peakMemory),
        ] + (countsGPUs ? [HumanNumber.count(plan.prediction.gpus)] : [])
          + dimensions.map { $0.cell(plan) } + [plan.recomputeCell])
    }
    return table.lines(indent: indent)
  }
}
