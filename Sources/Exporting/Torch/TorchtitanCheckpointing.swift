import Costing
import Planning

extension PlannedJob {
  /// torchtitan recomputes all layers, or every n-th of each rank, counted from 1; the same n on all
  /// ranks. The largest n that recomputes at least the planned layers is taken. 0.3 knows all or none.
  func torchtitanCheckpointing(
    _ version: ExportTarget.TorchtitanVersion, _ contents: StageContents,
    _ notes: inout ExportNotes
  ) -> ConfigValue {
    switch strategy.recompute {
    case .none: return ["mode": "none"]
    case .selective:
      notes.warn(
        Field.strategy("recompute"),
        "torchtitan's choice of operators to recompute is its own, and not only attention's scores")
      return ["mode": "selective", "selective_ac_option": "op"]
    case .full: break
    }
    let stages = (0..<contents.pipeline).map { stage in
      let held = contents.chunkSizes(ofStage: stage).reduce(0, +)
      return (held: held, wanted: min(plan.stages[stage].recomputedLayers, held))
    }
    guard stages.contains(where: { $0.wanted > 0 }) else { return ["mode": "none"] }
    let every =
      version == .python
      ? 1
      : (1...(stages.map(\.held).max() ?? 1)).last { every in
        stages.allSatisfy { $0.held / every >= $0.wanted }
      } ?? 1
    let surplus = stages.enumerated().filter { $1.held / every > $1.wanted }
    if let (stage, layers) = surplus.first {
      notes.warn(
        Field.stages,
        "recompute_layers: torchtitan recomputes \(every == 1 ? "all layers" : "one layer in \(every)"); "
          + "\(surplus.count) of \(stages.count) stages recompute more than planned, stage \(stage) "
          + "\(layers.held / every) layers instead of \(layers.wanted)")
    }
    return every == 1
      ? ["mode": "full"] : ["mode": "selective", "selective_ac_option": .text(String(every))]
  }
}
