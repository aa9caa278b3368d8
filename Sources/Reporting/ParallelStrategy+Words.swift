import Costing
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

  /// How a step runs: `1F1B, 8 micro-batches of 2, ZeRO-1, no recomputation`.
  package var manner: String {
    var parts: [String] = []
    if pipeline > 1 { parts.append(schedule.name) }
    if virtualStages > 1 { parts.append("\(virtualStages) chunks a stage") }
    let plural = microBatches == 1 ? "micro-batch" : "micro-batches"
    parts.append("\(HumanNumber.count(microBatches)) \(plural) of \(microBatchSize)")
    parts.append(zeroStage.name)
    if sequenceParallel { parts.append("sequence parallel") }
    parts.append(recompute.words)
    return parts.joined(separator: ", ")
  }
}

extension ZeroStage {
  /// As people call it.
  package var name: String { self == .none ? "no ZeRO" : "ZeRO-\(rawValue)" }
}

extension RecomputePolicy {
  var words: String {
    switch self {
    case .none: "no recomputation"
    case .selective: "selective recomputation"
    case .full: "full recomputation"
    }
  }
}
