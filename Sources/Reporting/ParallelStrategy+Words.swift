import Costing
import Hardware
import Planning
import Scheduling

extension ParallelStrategy {
  /// How the GPUs are used: `4 pipeline x 2 tensor x 2 data = 16 GPUs`.
  package var degrees: String {
    let all = [
      (pipeline, "pipeline"), (tensor, "tensor"), (context, "context"), (data, "data"),
    ].filter { $0.0 > 1 }
    let experts = expert > 1 ? ", experts over \(expert)" : ""
    guard !all.isEmpty else { return "1 GPU" + experts }
    let product = all.map { "\($0.0) \($0.1)" }.joined(separator: " x ")
    return product + " = \(HumanNumber.count(gpus)) GPUs" + experts
  }

  /// How a step runs, but for recomputation: `1F1B, 8 micro-batches of 2, ZeRO-1`.
  fileprivate var manner: String {
    var parts: [String] = []
    if pipeline > 1 { parts.append(schedule.name) }
    if virtualStages > 1 { parts.append("\(virtualStages) chunks a stage") }
    let plural = microBatches == 1 ? "micro-batch" : "micro-batches"
    parts.append("\(HumanNumber.count(microBatches)) \(plural) of \(microBatchSize)")
    parts.append(zeroStage.name)
    if sequenceParallel { parts.append("sequence parallel") }
    if rankOrder != .tensorContextDataPipeline { parts.append("ranks \(rankOrder.rawValue)") }
    return parts.joined(separator: ", ")
  }
}

extension ZeroStage {
  /// As people call it.
  package var name: String { self == .none ? "no ZeRO" : "ZeRO-\(rawValue)" }
}

extension Plan {
  /// How a step runs: `1F1B, 8 micro-batches of 2, ZeRO-1, full recomputation of 12 layers`.
  package var manner: String { "\(strategy.manner), \(recomputation) recomputation\(extent)" }

  /// Layers whose activations are computed again as a whole. A strategy that allows it need not do so.
  var recomputedLayers: Int { stages.reduce(0) { $0 + $1.recomputedLayers } }

  /// What is recomputed: `no`, `selective` or `full`.
  private var recomputation: String {
    switch strategy.recompute {
    case .none: "no"
    case .selective: "selective"
    case .full: recomputedLayers > 0 ? "full" : "no"
    }
  }

  private var extent: String {
    guard strategy.recompute == .full, recomputedLayers > 0 else { return "" }
    return " of \(HumanNumber.count(recomputedLayers)) layer\(recomputedLayers == 1 ? "" : "s")"
  }

  /// The same for a table's cell: `none`, `selective` or the number of layers.
  var recomputeCell: String {
    switch strategy.recompute {
    case .none: "none"
    case .selective: "selective"
    case .full:
      recomputedLayers > 0 ? "\(HumanNumber.count(recomputedLayers)) layers" : "none"
    }
  }
}
