import Quantities
import Workload

/// What a model's layers are like, and how pipelines of several lengths would cut it.
package struct ModelAnalysis: Sendable {
  package let figures: LayerFigures
  package let totals: LayerGraph.Totals
  /// By stage count, then in the order in which the strategies were asked for.
  package let partitions: [Partition]

  /// - Parameters:
  ///   - stages: counts beyond the model's layers are left out, and uniform splits into more stages
  ///     than there are blocks.
  ///   - shouldStop: asked before each stage count.
  /// - Complexity: O(strategies · most² · layers · log(layers)) for up to `most` stages.
  package init(
    _ figures: LayerFigures, stages: ClosedRange<Int>, strategies: [PartitionStrategy],
    shouldStop: () -> Bool = { false }
  ) {
    self.figures = figures
    totals = figures.graph.totals(
      tokens: Double(figures.microBatchSize) * Double(figures.sequenceLength),
      sequenceLength: figures.sequenceLength, precision: figures.precision)
    let most = min(stages.upperBound, figures.layers)
    var balanced: [LayerQuantity: BalancedPartition] = [:]
    for strategy in strategies
    where strategy != .uniform && balanced[strategy.balancedQuantity] == nil {
      balanced[strategy.balancedQuantity] = BalancedPartition(
        sums: figures.sums(of: strategy.balancedQuantity), mostParts: most)
    }
    var partitions: [Partition] = []
    for count in stride(from: stages.lowerBound, through: most, by: 1) {
      if shouldStop() { break }
      for strategy in strategies {
        let boundaries =
          strategy == .uniform
          ? figures.graph.uniformBoundaries(stages: count)
          : balanced[strategy.balancedQuantity]?.boundaries(parts: count)
        guard let boundaries else { continue }
        partitions.append(Partition(strategy, boundaries: boundaries, figures))
      }
    }
    self.partitions = partitions
  }

  /// The layer with the most of a quantity, the first of several.
  package func largestLayer(by quantity: LayerQuantity) -> Int {
    let amounts = figures.amounts(of: quantity)
    var largest = 0
    for layer in amounts.indices where amounts[layer] > amounts[largest] { largest = layer }
    return largest
  }

  package func distribution(of quantity: LayerQuantity) -> Distribution {
    Distribution(figures.amounts(of: quantity))
  }

  /// Scores that differ by less count as equal when one is recommended.
  package static let tolerance = 0.01

  /// The partition that wastes least: a partition's score is the lesser of its evenness in compute
  /// (time that its stages do not wait for the slowest one) and in memory. Of those within
  /// `tolerance` of the best score the one with the fewest stages is taken, as each cut adds
  /// communication and a longer pipeline fills and drains longer; then the one with the best score,
  /// then the first. `nil` if there is none.
  package var recommended: Partition? {
    guard let best = partitions.map(\.score).max() else { return nil }
    let good = partitions.filter { $0.score >= best - Self.tolerance }
    let fewest = good.reduce(Int.max) { min($0, $1.stages.count) }
    return good.filter { $0.stages.count == fewest }.reduce(nil) { chosen, next in
      guard let chosen, chosen.score >= next.score else { return next }
      return chosen
    }
  }
}

extension Partition {
  /// The lesser of both evennesses: what an even share of the slowest or fullest stage is used.
  package var score: Double { min(computeEvenness, memoryEvenness) }
}

/// What the layers of one kind amount to.
package struct KindShare: Hashable, Sendable {
  package var kind: Layer.Kind
  package var layers: Int
  package var parameters: Int
  package var memory: ByteCount
  package var forwardFLOPs: FLOPs
}

extension ModelAnalysis {
  /// The model by kind of layer, in the order in which the kinds appear.
  package var shares: [KindShare] {
    var shares: [KindShare] = []
    for index in figures.graph.nodes.indices {
      let kind = figures.graph.layer(index).kind
      let place = shares.firstIndex { $0.kind == kind } ?? shares.count
      if place == shares.count {
        shares.append(
          KindShare(kind: kind, layers: 0, parameters: 0, memory: .zero, forwardFLOPs: .zero))
      }
      shares[place].layers += 1
      shares[place].parameters += figures.parameters[index]
      shares[place].memory += figures.weightBytes[index]
      shares[place].forwardFLOPs += figures.forwardFLOPs[index]
    }
    return shares
  }
}
