import Costing
import Hardware
import Planning
import Scheduling

extension Plan {
  /// How the GPUs are used: `4 pipeline x 2 tensor x 2 data = 16 GPUs`, and where stages differ,
  /// `4 pipeline x 2–4 tensor x 2 data on 24 GPUs`.
  package var degrees: String {
    let all = [
      (strategy.pipeline...strategy.pipeline, "pipeline"), (tensors, "tensor"),
      (strategy.context...strategy.context, "context"), (replicas, "data"),
    ].filter { $0.0.upperBound > 1 }
    let experts = strategy.expert > 1 ? ", experts over \(strategy.expert)" : ""
    guard !all.isEmpty else { return "1 GPU" + experts }
    let product = all.map { "\($0.0.words) \($0.1)" }.joined(separator: " x ")
    let isProduct = all.allSatisfy { $0.0.count == 1 }
    return product + (isProduct ? " = " : " on ") + "\(HumanNumber.count(prediction.gpus)) GPUs"
      + experts
  }

  /// Of the stages, where these differ.
  var tensors: ClosedRange<Int> { range(\.tensor, strategy.tensor) }
  var replicas: ClosedRange<Int> { range(\.data, strategy.data) }

  /// Sequences that a replica of a stage runs at once: of stages with more replicas fewer.
  var microBatchSizes: ClosedRange<Int> {
    let all = strategy.microBatchSize * strategy.data
    return (all / replicas.upperBound)...(all / replicas.lowerBound)
  }

  private func range(_ degree: (StageShare) -> Int, _ shared: Int) -> ClosedRange<Int> {
    let own = stages.compactMap { $0.share.map(degree) }
    return (own.min() ?? shared)...(own.max() ?? shared)
  }

  /// How a step runs, but for recomputation: `1F1B, 8 micro-batches of 2, ZeRO-1`.
  private var course: String {
    var parts: [String] = []
    if strategy.pipeline > 1 { parts.append(strategy.schedule.name) }
    if strategy.virtualStages > 1 { parts.append("\(strategy.virtualStages) chunks a stage") }
    let plural = strategy.microBatches == 1 ? "micro-batch" : "micro-batches"
    parts.append(
      "\(HumanNumber.count(strategy.microBatches)) \(plural) of \(microBatchSizes.words)")
    parts.append(strategy.zeroStage.name)
    if strategy.sequenceParallel { parts.append("sequence parallel") }
    if strategy.rankOrder != .tensorContextDataPipeline {
      parts.append("ranks \(strategy.rankOrder.rawValue)")
    }
    return parts.joined(separator: ", ")
  }
}

extension ClosedRange<Int> {
  /// `4`, or `2–4`.
  var words: String {
    lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)–\(upperBound)"
  }
}

extension ZeroStage {
  /// As people call it.
  package var name: String { self == .none ? "no ZeRO" : "ZeRO-\(rawValue)" }
}

extension Plan {
  /// How a step runs: `1F1B, 8 micro-batches of 2, ZeRO-1, full recomputation of 12 layers`.
  package var manner: String { "\(course), \(recomputation) recomputation\(extent)" }

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
