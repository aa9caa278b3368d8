import Analyzing
import Costing
import Importing
import JSON
import Quantities
import Workload

/// A model and the micro-batch that its layers are counted for.
struct LayersRequest: Sendable {
  var figures: LayerFigures
  var counting: WeightCounting
}

extension PlanService {
  /// Reads `model`, `sequence_length`, `micro_batch_size`, `precision` and `weights`; `nil` after
  /// noting what is wrong with them.
  func readLayers(
    _ members: inout JSONMemberReader, precision absent: Precision
  ) -> LayersRequest? {
    let before = members.log.count
    let counting = members.optional("weights", .oneOf(WeightCounting.self), absent: .exact)
    let rule =
      switch counting {
      case .exact: model
      case .seed: seedModel
      }
    let graph = readGraph(rule, &members)
    let length = members.optional(
      "sequence_length", .positiveInteger(max: WireLimits.sequenceLength))
    let size = members.optional(
      "micro_batch_size", .positiveInteger(max: WireLimits.batch), absent: 1)
    let precision = members.optional("precision", TrainingRule.precision, absent: absent)
    guard let graph, members.log.count == before else { return nil }
    guard let length = length ?? graph.maximumSequenceLength ?? graph.onlyLength else {
      members.note("sequence_length", Sentence.noSequenceLength)
      return nil
    }
    return LayersRequest(
      figures: LayerFigures(
        graph, sequenceLength: length, microBatchSize: size, precision: precision),
      counting: counting)
  }

  private func readGraph(
    _ rule: some JSONRule<LayerGraph>, _ members: inout JSONMemberReader
  ) -> LayerGraph? {
    members.required("model", rule)
  }
}

extension LayerGraph {
  /// The figures of a graph of given layers are of one sequence, whatever its length.
  fileprivate var onlyLength: Int? { kinds.allSatisfy { $0.kind == .custom } ? 1 : nil }
}
