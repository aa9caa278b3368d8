import Quantities
import Workload

/// A way of cutting a model into pipeline stages.
package enum PartitionStrategy: String, Hashable, Sendable, CaseIterable {
  /// As many transformer blocks on every stage.
  case uniform
  case memory
  case compute
  case parameters

  /// What the stages' balance is judged by.
  package var balancedQuantity: LayerQuantity {
    switch self {
    case .uniform, .memory: .memory
    case .compute: .compute
    case .parameters: .parameters
    }
  }
}

/// A model cut into stages, and what that makes of them.
package struct Partition: Hashable, Sendable {
  package struct Stage: Hashable, Sendable {
    package var layers: Range<Int>
    package var parameters: Int
    /// Of the weights.
    package var memory: ByteCount
    package var forwardFLOPs: FLOPs
  }

  package var strategy: PartitionStrategy
  package var stages: [Stage]
  /// Coefficient of variation (of the population: standard deviation over mean) of the balanced
  /// quantity over the stages.
  package var balanceScore: Double
  package var maximumMemory: ByteCount
  /// Bytes that one micro-batch sends forward over all cuts.
  package var communication: ByteCount
  /// Mean over maximum of the stages' forward FLOPs: the part of their time that stages of equal
  /// GPUs compute in a full pipeline.
  package var computeEvenness: Double
  /// Mean over maximum of the stages' weights: the part of memory of that size that is used.
  package var memoryEvenness: Double

  /// - Parameter boundaries: where the stages begin and the last one ends.
  init(_ strategy: PartitionStrategy, boundaries: [Int], _ figures: LayerFigures) {
    self.strategy = strategy
    stages = zip(boundaries, boundaries.dropFirst()).map { first, end in
      let layers = first..<end
      return Stage(
        layers: layers, parameters: figures.parameters(layers), memory: figures.memory(layers),
        forwardFLOPs: figures.compute(layers))
    }
    let spread = { (quantity: LayerQuantity) in
      Distribution(
        zip(boundaries, boundaries.dropFirst()).map { figures.amount(of: quantity, $0..<$1) })
    }
    balanceScore = spread(strategy.balancedQuantity).coefficientOfVariation
    maximumMemory = stages.reduce(.zero) { max($0, $1.memory) }
    communication = boundaries.dropFirst().dropLast().reduce(.zero) { $0 + figures.crossing[$1] }
    computeEvenness = spread(.compute).evenness
    memoryEvenness = spread(.memory).evenness
  }
}

extension LayerGraph {
  /// Stages with as many transformer blocks each, one more or less where they do not divide; what
  /// comes before the blocks goes with the first stage, what comes after with the last. Of a graph
  /// without blocks all layers count as such. `nil` where there are fewer blocks than stages.
  func uniformBoundaries(stages: Int) -> [Int]? {
    let isBlock = { (node: Node) in self.kinds[node.kind].kind == .transformerBlock }
    let first = nodes.firstIndex(where: isBlock) ?? 0
    let blocks = (nodes.lastIndex(where: isBlock) ?? nodes.count - 1) - first + 1
    guard blocks >= stages else { return nil }
    let inner = (1..<max(1, stages)).map { first + $0 * blocks / stages }
    return [0] + inner + [nodes.count]
  }
}
