import Exporting
import Importing
import JSON
import Planning
import Workload

/// What of an answer is wanted as a launcher takes it.
package struct ExportRequest: Sendable {
  var targets: [ExportTarget] = []
  /// The model by its shapes; a graph of the sender's own has none.
  var model: TransformerModel?

  /// Of one plan, in the order they were asked for.
  func exports(of plan: Plan, _ job: JobRequest) -> [Result<Export, ExportRefusal>] {
    let planned = PlannedJob(
      plan: plan, graph: job.graph, model: model, job: job.job, pools: job.cluster.pools)
    return targets.map { target in
      Result { () throws(ExportRefusal) in try planned.export(to: target) }
    }
  }
}

extension PlanService {
  /// Reads `export`, and the shapes of `model` if there is any.
  func readExports(_ members: inout JSONMemberReader) -> ExportRequest {
    let targets = members.optional(
      "export", .list(of: ExportTargetRule(), counts: 1...WireLimits.exports), absent: [])
    guard !targets.isEmpty, let value = members.object["model"],
      case .success(.transformer(let model)) = value.read(as: .model)
    else { return ExportRequest(targets: targets) }
    return ExportRequest(targets: targets, model: model)
  }
}
