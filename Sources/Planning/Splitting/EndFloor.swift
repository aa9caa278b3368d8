import Costing
import Quantities

/// What the slowest gradient reduction and the slowest update take at least, whatever the split.
struct EndFloor {
  private let costs: SplitCosts
  private(set) var reduction = 0.0
  private(set) var optimizer = 0.0

  var total: Double { reduction + optimizer }

  /// Starts from the mean stage.
  init(_ costs: SplitCosts) {
    self.costs = costs
    let table = costs.table
    let all = table.sums[costs.nodes]
    let model = costs.model
    func mean(_ end: StepEnd) -> (reduction: Double, optimizer: Double) {
      Self.mean(
        end, forward: all.forward, backward: all.backward, parameters: all.parameters,
        expertParameters: all.expertParameters,
        hasReduction: model.problem.everyLayerHasParameters,
        overhead: costs.overhead * Double(model.strategy.virtualStages), stages: costs.stages,
        microBatches: costs.microBatches)
    }
    (reduction, optimizer) = mean(model.end)
    if let other = model.other { reduction = min(reduction, mean(other.end).reduction) }
  }

  /// Raises the floors to the least that each stage can have within its window: the starts and ends
  /// that some cut within `budget` gives it. False where there is none.
  mutating func raise(_ probe: SplitProbe, budget: Double) -> Bool {
    guard let earliest = probe.earliest(budget), let latest = probe.latest(budget)
    else { return false }
    for stage in 0..<costs.stages {
      let starts = earliest[stage]...max(earliest[stage], latest[stage])
      let ends = earliest[stage + 1]...max(earliest[stage + 1], latest[stage + 1])
      // Wide windows tell little and cost much.
      guard starts.count * ends.count <= 64 else { continue }
      var (least, leastUpdate) = (Double.infinity, Double.infinity)
      for start in starts {
        let before = probe.bound.upstream(stage: stage, start: start)
        for end in ends where end > start {
          guard let passes = costs.passes(stage: stage, start..<end),
            probe.bound.seconds(stage: stage, before, passes, end: end) <= budget
          else { continue }
          let ending = costs.stepEnd(start..<end, passes)
          least = min(least, ending.reduction)
          leastUpdate = min(leastUpdate, ending.optimizer)
        }
      }
      guard least < .infinity else { return false }
      reduction = max(reduction, least)
      optimizer = max(optimizer, leastUpdate)
    }
    return true
  }
}
