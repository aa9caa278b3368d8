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
  /// A cut between two layers is crossed by every edge from before it to behind it. Complexity:
  /// O(edges + ranges log ranges).
  func parts(of stages: [StagePlan], tensors: TensorScale) -> [LayerPart] {
    let ranges = stages.flatMap { stage in
      stage.layerRanges.enumerated().map { ($1, stage.id, $0) }
    }.sorted { $0.0.lowerBound < $1.0.lowerBound }
    // Edges open and close; what is open between two layers crosses there.
    var opened = [Int](repeating: 0, count: nodes.count)
    var openedBytes = [Double](repeating: 0, count: nodes.count)
    for edge in edges {
      let size = tensors.size(edge).value
      opened[edge.source] += 1
      opened[edge.target] -= 1
      openedBytes[edge.source] += size
      openedBytes[edge.target] -= size
    }
    var (count, bytes) = (0, 0.0)
    for node in nodes.indices {
      count += opened[node]
      bytes += openedBytes[node]
      (opened[node], openedBytes[node]) = (count, bytes)
    }
    return ranges.map { layers, stage, chunk in
      let last = min(layers.upperBound, nodes.count - 1)
      return LayerPart(
        stage: stage, chunk: chunk, layers: layers, tensors: opened[last],
        crossing: ByteCount(max(0, openedBytes[last])))
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

  func size(_ edge: LayerGraph.Edge) -> ByteCount {
    ByteCount(
      edge.elementsPerToken * tokens * bytesPerElement + edge.bytesPerSequence * sequences)
  }
}
