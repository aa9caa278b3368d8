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
    let all = [
      (Span(strategy.pipeline), "pipeline"), (tensors, "tensor"),
      (Span(strategy.context), "context"), (replicas, "data"),
    ].filter { $0.0.most > 1 }
    let experts = strategy.expert > 1 ? ", experts over \(strategy.expert)" : ""
    guard !all.isEmpty else { return "1 GPU" + experts }
    let product = all.map { "\($0.0.words) \($0.1)" }.joined(separator: " x ")
    return product + " = \(HumanNumber.count(prediction.gpus)) GPUs" + experts
  }

  /// How a step runs: `1F1B, 8 micro-batches of 2, ZeRO-1, full recomputation of 12 layers`; where replicas
  /// differ, from the fewest micro-batches to the most.
  package var manner: String {
    let counts = microBatches
    let plural = counts.most == 1 ? "micro-batch" : "micro-batches"
    let manner = strategy.manner(
      microBatches: "\(counts.words) \(plural) of \(microBatchSizes.words)")
    return "\(manner), \(recomputation) recomputation\(extent)"
  }

  /// Degrees of the stages.
  var tensors: Span {
    Span(stages.map { $0.share?.tensor ?? strategy.tensor }, or: strategy.tensor)
  }
  var replicas: Span { Span(stages.map { $0.share?.data ?? strategy.data }, or: strategy.data) }

  /// Of the replicas, in a step.
  var microBatches: Span {
    Span(
      stages.flatMap { $0.share?.microBatches ?? [strategy.microBatches] },
      or: strategy.microBatches)
  }

  /// Sequences: a stage with more replicas than others has fewer on each.
  var microBatchSizes: Span {
    let whole = strategy.microBatchSize * strategy.data
    return Span(
      stages.map { whole / ($0.share?.data ?? strategy.data) }, or: strategy.microBatchSize)
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
struct Span {
  let least: Int
  let most: Int

  init(_ numbers: [Int], or only: Int) {
    (least, most) = (numbers.min() ?? only, numbers.max() ?? only)
  }

  init(_ only: Int) { (least, most) = (only, only) }

  var words: String {
    least == most
      ? HumanNumber.count(most) : "\(HumanNumber.count(least))–\(HumanNumber.count(most))"
  }
}
