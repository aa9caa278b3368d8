import Quantities
import Workload

/// A quantity that layers have, and stages can share evenly.
package enum LayerQuantity: String, Hashable, Sendable, CaseIterable {
  case parameters
  /// Bytes of weights.
  case memory
  /// Forward FLOPs of one micro-batch.
  case compute
}

/// What every layer of a graph has and does for one micro-batch, and what crosses each cut, ready to
/// be summed over ranges of layers.
package struct LayerFigures: Sendable {
  package let graph: LayerGraph
  package let sequenceLength: Int
  package let microBatchSize: Int
  package let precision: Precision

  package let parameters: [Int]
  package let weightBytes: [ByteCount]
  package let forwardFLOPs: [FLOPs]
  /// Bytes of one micro-batch's tensors that cross the cut before each layer; none before the first.
  package let crossing: [ByteCount]
  /// What the head's stage holds beside its own weights, where it multiplies by the table of an
  /// embedding that lies on another stage.
  package let tiedCopy: ByteCount

  /// Sums over the layers before each, one entry more than there are layers.
  private let parameterSums: [Int]
  private let memorySums: [Double]
  private let computeSums: [Double]
  private let tie: (embedding: Int, head: Int)?

  /// Complexity: O(layers + edges).
  package init(
    _ graph: LayerGraph, sequenceLength: Int, microBatchSize: Int, precision: Precision
  ) {
    self.graph = graph
    self.sequenceLength = sequenceLength
    self.microBatchSize = microBatchSize
    self.precision = precision
    let tokens = Double(microBatchSize) * Double(sequenceLength)
    let kinds = graph.kinds.map { layer in
      (
        layer.parameters, layer.weightBytes(precision),
        layer.forwardFLOPs(tokens: tokens, sequenceLength: sequenceLength)
      )
    }
    parameters = graph.nodes.map { kinds[$0.kind].0 }
    weightBytes = graph.nodes.map { kinds[$0.kind].1 }
    forwardFLOPs = graph.nodes.map { kinds[$0.kind].2 }
    crossing = graph.crossings.dropLast().map { crossing in
      ByteCount(
        crossing.elementsPerToken * tokens * precision.activationBytes
          + crossing.bytesPerSequence * Double(microBatchSize))
    }
    tie = graph.tie
    tiedCopy = graph.tie.map { graph.tableBytes(ofEmbedding: $0.embedding, precision) } ?? .zero
    parameterSums = parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    memorySums = Self.sums(weightBytes.map(\.value))
    computeSums = Self.sums(forwardFLOPs.map(\.value))
  }

  package var layers: Int { graph.nodes.count }

  private static func sums(_ values: [Double]) -> [Double] {
    values.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }

  // MARK: Sums over a stage

  package func parameters(_ layers: Range<Int>) -> Int {
    parameterSums[layers.upperBound] - parameterSums[layers.lowerBound]
  }

  /// Weights that a stage holds: its layers', and the table again where the head is tied to an
  /// embedding on another stage.
  package func memory(_ layers: Range<Int>) -> ByteCount {
    let own = memorySums[layers.upperBound] - memorySums[layers.lowerBound]
    guard let tie, layers.contains(tie.head), !layers.contains(tie.embedding) else {
      return ByteCount(own)
    }
    return ByteCount(own) + tiedCopy
  }

  package func compute(_ layers: Range<Int>) -> FLOPs {
    FLOPs(computeSums[layers.upperBound] - computeSums[layers.lowerBound])
  }

  package func amount(of quantity: LayerQuantity, _ layers: Range<Int>) -> Double {
    switch quantity {
    case .parameters: Double(parameters(layers))
    case .memory: memory(layers).value
    case .compute: compute(layers).value
    }
  }

  /// Sums of a quantity over the layers before each, as stages hold it when there are several.
  func sums(of quantity: LayerQuantity) -> [Double] {
    switch quantity {
    case .parameters: return parameterSums.map(Double.init)
    case .compute: return computeSums
    case .memory:
      guard let tie else { return memorySums }
      return memorySums.enumerated().map { $0 > tie.head ? $1 + tiedCopy.value : $1 }
    }
  }

  /// A quantity of single layers.
  package func amounts(of quantity: LayerQuantity) -> [Double] {
    switch quantity {
    case .parameters: parameters.map(Double.init)
    case .memory: weightBytes.map(\.value)
    case .compute: forwardFLOPs.map(\.value)
    }
  }
}

extension LayerGraph {
  /// The embedding and the head that share a table.
  fileprivate var tie: (embedding: Int, head: Int)? {
    guard tiesEmbeddings,
      let embedding = nodes.firstIndex(where: { kinds[$0.kind].kind == .embedding }),
      let head = nodes.firstIndex(where: { kinds[$0.kind].kind == .head })
    else { return nil }
    return (embedding, head)
  }

  /// The vocabulary's table is the look-up that is split by rows; positions stay behind.
  fileprivate func tableBytes(ofEmbedding node: Int, _ precision: Precision) -> ByteCount {
    let table = layer(node).operators.filter { op in
      if case .lookup = op.work { return op.sharding == .rows }
      return false
    }
    return ByteCount(Double(table.reduce(0) { $0 + $1.parameters }) * precision.weightBytes)
  }
}
