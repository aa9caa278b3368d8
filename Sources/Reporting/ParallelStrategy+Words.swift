import Costing
import Hardware
import Planning
import Scheduling

extension ParallelStrategy {
  /// How a step runs, but for micro-batches and recomputation: `1F1B, ZeRO-1`.
  fileprivate func manner(microBatches: String) -> String {
    var parts: [String] = []
    if pipeline > 1 { parts.append(schedule.name) }
    if virtualStages > 1 { parts.append("\(virtualStages) chunks a stage") }
    parts.append(microBatches)
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
  /// How the GPUs are used: `4 pipeline x 2 tensor x 2 data = 16 GPUs`; where stages differ, from the least to
  /// the most.
  package var degrees: String {
    let tensor = Span(stages.map { $0.share?.tensor ?? strategy.tensor }, or: strategy.tensor)
    let data = Span(stages.map { $0.share?.data ?? strategy.data }, or: strategy.data)
    let all = [
      (Span([], or: strategy.pipeline), "pipeline"), (tensor, "tensor"),
      (Span([], or: strategy.context), "context"), (data, "data"),
    ].filter { $0.0.most > 1 }
    let experts = strategy.expert > 1 ? ", experts over \(strategy.expert)" : ""
    guard !all.isEmpty else { return "1 GPU" + experts }
    let product = all.map { "\($0.0.words) \($0.1)" }.joined(separator: " x ")
    return product + " = \(HumanNumber.count(prediction.gpus)) GPUs" + experts
  }

  /// How a step runs: `1F1B, 8 micro-batches of 2, ZeRO-1, full recomputation of 12 layers`; where replicas
  /// differ, from the fewest micro-batches to the most.
  package var manner: String {
    let counts = Span(
      stages.flatMap { $0.share?.microBatches ?? [strategy.microBatches] },
      or: strategy.microBatches)
    let whole = strategy.microBatchSize * strategy.data
    let sizes = Span(
      stages.map { whole / ($0.share?.data ?? strategy.data) }, or: strategy.microBatchSize)
    let plural = counts.most == 1 ? "micro-batch" : "micro-batches"
    let manner = strategy.manner(microBatches: "\(counts.words) \(plural) of \(sizes.words)")
    return "\(manner), \(recomputation) recomputation\(extent)"
  }

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

/// The least and the most of some numbers.
private struct Span {
  let least: Int
  let most: Int

  init(_ numbers: [Int], or only: Int) {
    (least, most) = (numbers.min() ?? only, numbers.max() ?? only)
  }

  var words: String {
    least == most
      ? HumanNumber.count(most) : "\(HumanNumber.count(least))–\(HumanNumber.count(most))"
  }
}
