import Analyzing
import JSON
import Reporting

/// What is to be found out about a model.
struct AnalysisRequest: Sendable {
  var layers: LayersRequest
  var stages: ClosedRange<Int>
  var strategies: [PartitionStrategy]
}

extension PlanService {
  /// `POST /analyze`: what a model's layers are like, and how pipelines would cut it.
  func analyze(
    _ body: JSONValue, _ request: APIRequest, _ media: MediaType
  ) throws(Problem) -> APIResponse {
    let rule: JSONObjectRule<AnalysisRequest> = .object { readAnalysis(&$0) }
    let asked = try read(body, as: rule)
    let analysis = ModelAnalysis(
      asked.layers.figures, stages: asked.stages, strategies: asked.strategies,
      shouldStop: request.isCancelled)
    switch media {
    case .text: return text(AnalysisReport(analysis, style: terminalStyle).text)
    default: return .json { $0.analysis(analysis) }
    }
  }

  private func readAnalysis(_ members: inout JSONMemberReader) -> AnalysisRequest? {
    let layers = readLayers(&members, precision: .fp32)
    let count: JSONIntegerRule = .positiveInteger(max: WireLimits.partitionStages)
    // Held to its form, so that one body serves every route: layers are counted here, not timed.
    _ = members.optional("cost_profile", .costProfile)
    let least = members.optional("min_stages", count)
    let most = members.optional("max_stages", count)
    let strategies = members.optional(
      "strategies",
      .list(of: .oneOf(PartitionStrategy.self), counts: 1...PartitionStrategy.allCases.count),
      absent: PartitionStrategy.allCases)
    guard let layers, members.isSound else { return nil }
    let first = least ?? min(2, most ?? 2)
    let last = most ?? max(8, first)
    let held = layers.figures.layers
    if first > last {
      members.note("min_stages", Sentence.stageCounts(first, last))
    } else if Set(strategies).count < strategies.count {
      members.note("strategies", Sentence.strategyTwice)
    } else if least != nil, first > held {
      members.note("min_stages", Sentence.moreStagesThanLayers(first, layers: held))
    } else if min(last, held) * min(last, held) > WireLimits.partitionWork / held {
      members.note("max_stages", Sentence.longAnalysis(layers: held))
    }
    guard members.isSound else { return nil }
    return AnalysisRequest(layers: layers, stages: first...last, strategies: strategies)
  }
}
