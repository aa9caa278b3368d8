import Costing
import Quantities

/// What all strategies that cost a layer alike have in common: sums over the model's layers for one
/// tensor, context and expert split and one micro-batch size.
struct StrategySlice {
  var parallelism: LayerParallelism
  var costs: [LayerCost]
  /// Seconds of one micro-batch on all layers, without recomputation, and without the gathers of
  /// sharded weights, which depend on the replicas.
  private(set) var forward = 0.0
  private(set) var backward = 0.0
  private(set) var weight = 0.0
  /// The largest part that weight gradients are of a layer's passes.
  private(set) var weightFraction = 0.0
  /// The smallest part that the forward pass is of a layer's passes; half of a stage's overhead is.
  private(set) var forwardFraction = 0.5
  /// Both passes of the shortest block, and of what precedes and follows the blocks.
  private(set) var block = Double.infinity
  private(set) var leading = 0.0
  private(set) var trailing = 0.0
  /// What selective recomputation adds to `backward`.
  private(set) var selective = 0.0
  private(set) var parameters = 0.0
  private(set) var expertParameters = 0.0
  /// Bytes that one micro-batch keeps at least, by policy.
  private(set) var activations = 0.0
  private(set) var selectiveActivations = 0.0
  private(set) var fullActivations = 0.0

  var work: Double { forward + backward }

  /// Complexity: O(kinds · operators).
  init(_ problem: PlanningProblem, counts: [Double], _ parallelism: LayerParallelism) {
    self.parallelism = parallelism
    costs = problem.costs.layerCosts(parallelism)
    for (cost, count) in zip(costs, counts) where count > 0 {
      let (f, b) = (cost.ownForward.value, cost.ownBackward.value)
      forward += count * f
      backward += count * b
      weight += count * cost.weightGradient.value
      if f + b > 0 {
        weightFraction = max(weightFraction, cost.weightGradient.value / (f + b))
        forwardFraction = min(forwardFraction, f / (f + b))
      }
      selective += count * cost.selectiveRecompute.total.value
      parameters += count * cost.parameters
      expertParameters += count * cost.expertParameters
      activations += count * cost.activations.value
      selectiveActivations += count * cost.selectiveActivations.value
      fullActivations += count * min(cost.fullActivations, cost.activations).value
    }
  }

  private func passes(_ kind: Int) -> Double { costs[kind].ownPasses.value }

  /// Sums what precedes and what follows the blocks, and finds the shortest of them.
  mutating func measureBlocks(_ problem: PlanningProblem) {
    let blocks = problem.chunks.blocks
    for (node, kind) in problem.kinds.enumerated() {
      if node < blocks.lowerBound {
        leading += passes(kind)
      } else if node >= blocks.upperBound {
        trailing += passes(kind)
      } else if node == blocks.lowerBound || kind != problem.kinds[node - 1] {
        block = min(block, passes(kind))
      }
    }
  }

  func activations(_ policy: RecomputePolicy) -> Double {
    switch policy {
    case .none: activations
    case .selective: selectiveActivations
    case .full: fullActivations
    }
  }
}

/// A layer's passes without the gathers of sharded weights, which depend on the replicas.
extension LayerCost {
  var ownForward: Seconds { forward.total - forward.data }
  var ownBackward: Seconds { backward.total - backward.data }
  var ownPasses: Seconds { ownForward + ownBackward }
}
