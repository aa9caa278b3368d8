import Planning
import Quantities
import Workload

/// A range of layers that one stage runs without a break, and what crosses to the next.
struct LayerPart {
  let stage: Int
  let chunk: Int
  let layers: ClosedRange<Int>
  /// Tensors that leave for the parts after it, and their size; none after the last.
  let tensors: Int
  let crossing: ByteCount
}

/// Layers of one kind in a row.
struct LayerRun {
  let kind: Layer.Kind
  let count: Int
}

extension LayerGraph {
  /// The stages' ranges of layers in the order of the graph, with the cut after each.
  ///
  /// Complexity: that of `crossings`, and O(ranges log ranges).
  func parts(of stages: [StagePlan], tensors: TensorScale) -> [LayerPart] {
    let ranges = stages.flatMap { stage in
      stage.layerRanges.enumerated().map { ($1, stage.id, $0) }
    }.sorted { $0.0.lowerBound < $1.0.lowerBound }
    let crossings = crossings
    return ranges.map { layers, stage, chunk in
      let crossing = crossings[min(layers.upperBound + 1, nodes.count)]
      return LayerPart(
        stage: stage, chunk: chunk, layers: layers, tensors: crossing.tensors,
        crossing: tensors.size(crossing))
    }
  }

  /// Runs of layers of the same kind.
  func runs(_ layers: ClosedRange<Int>) -> [LayerRun] {
    var runs: [LayerRun] = []
    for node in layers where nodes.indices.contains(node) {
      let kind = layer(node).kind
      if let last = runs.last, last.kind == kind {
        runs[runs.count - 1] = LayerRun(kind: kind, count: last.count + 1)
      } else {
        runs.append(LayerRun(kind: kind, count: 1))
      }
    }
    return runs
  }
}

/// How large the tensors of one micro-batch are.
package struct TensorScale: Sendable {
  package let tokens: Double
  package let sequences: Double
  package let bytesPerElement: Double

  package init(microBatchSize: Int, sequenceLength: Int, precision: Precision) {
    tokens = Double(microBatchSize) * Double(sequenceLength)
    sequences = Double(microBatchSize)
    bytesPerElement = precision.activationBytes
  }

  func size(_ crossing: Crossing) -> ByteCount {
    ByteCount(
      crossing.elementsPerToken * tokens * bytesPerElement
        + crossing.bytesPerSequence * sequences)
  }
}
