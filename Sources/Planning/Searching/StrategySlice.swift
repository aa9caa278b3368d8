import Costing
import Hardware
import Quantities

/// What all strategies that cost a layer alike have in common: sums over the model's layers for one
/// tensor, context and expert split and one micro-batch size.
///
/// A class, so that bounds share it without copying, and searches of one model.
package final class StrategySlice: Sendable {
  let parallelism: LayerParallelism
  let costs: [LayerCost]
  /// Whether passes include the gathers of sharded weights, which depend on the replicas: `parallelism`
  /// then tells how many there are.
  let includesGathers: Bool
  /// Seconds of one micro-batch on all layers, without recomputation.
  let forward: Double
  let backward: Double
  let weight: Double
  /// The largest part that weight gradients are of a layer's passes.
  let weightFraction: Double
  /// The smallest part that the forward pass is of a layer's passes; half of a stage's overhead is.
  let forwardFraction: Double
  /// The sums of all layers, of what precedes and of what follows the blocks, and the least of a block.
  let whole: LayerSum
  let leading: LayerSum
  let trailing: LayerSum
  let block: LayerSum
  private let blocks: Int
  /// What selective recomputation adds to `backward`.
  let selective: Double
  /// Bytes that one micro-batch keeps at least where all layers are recomputed.
  let fullActivations: Double
  let rerun: LeastRerun

  var work: Double { forward + backward }

  /// Complexity: O(kinds · operators).
  init(
    _ problem: PlanningProblem, counts: [Double], _ parallelism: LayerParallelism,
    includesGathers: Bool = false
  ) {
    self.parallelism = parallelism
    self.includesGathers = includesGathers
    costs = problem.costs.layerCosts(parallelism)
    var (forward, backward, weight, selective) = (0.0, 0.0, 0.0, 0.0)
    var (weightFraction, forwardFraction) = (0.0, 0.5)
    var whole = LayerSum()
    var fullActivations = 0.0
    var rerun = LeastRerun()
    // In locals: every access to a class's own variable is checked.
    for index in costs.indices where counts[index] > 0 {
      let (cost, count) = (costs[index], counts[index])
      let (f, b) =
        includesGathers
        ? (cost.forward.total.value, cost.backward.total.value)
        : (cost.ownForward.value, cost.ownBackward.value)
      forward += count * f
      backward += count * b
      weight += count * cost.weightGradient.value
      if f + b > 0 {
        weightFraction = max(weightFraction, cost.weightGradient.value / (f + b))
        forwardFraction = min(forwardFraction, f / (f + b))
      }
      selective +=
        count
        * (includesGathers ? cost.selectiveRecompute.total : cost.ownRecompute(.selective)).value
      whole.add(LayerSum(cost, includesGathers: includesGathers), count)
      fullActivations += count * min(cost.fullActivations, cost.activations).value
      rerun.take(cost, includesGathers: includesGathers)
    }
    (self.forward, self.backward, self.weight) = (forward, backward, weight)
    (self.weightFraction, self.forwardFraction) = (weightFraction, forwardFraction)
    (self.selective, self.whole, self.rerun) = (selective, whole, rerun)
    self.fullActivations = fullActivations
    let (blocks, kinds) = (problem.chunks.blocks, problem.kinds)
    var (leading, trailing, block) = (LayerSum(), LayerSum(), LayerSum())
    let layers = costs
    func sum(_ kind: Int) -> LayerSum { LayerSum(layers[kind], includesGathers: includesGathers) }
    for node in 0..<blocks.lowerBound { leading.add(sum(kinds[node]), 1) }
    for node in blocks.upperBound..<kinds.count { trailing.add(sum(kinds[node]), 1) }
    if let first = problem.blockKinds.first {
      block = sum(first)
      for kind in problem.blockKinds.dropFirst() { block = .least(block, sum(kind)) }
    }
    self.blocks = blocks.count
    (self.leading, self.trailing, self.block) = (leading, trailing, block)
  }

  /// Seconds that one of so many stages takes at least, without recomputation: the mean of all, and as
  /// many whole blocks as some stage must hold.
  func busiest(stages: Int) -> Double {
    max(work / Double(stages), Double((blocks + stages - 1) / stages) * block.passes)
  }

  /// That it takes about.
  package var bytes: Int { costs.count * MemoryLayout<LayerCost>.stride + 1024 }

  var parameters: Double { whole.parameters }
  var expertParameters: Double { whole.expertParameters }

  /// Bytes that one micro-batch keeps at least.
  func activations(_ policy: RecomputePolicy) -> Double {
    policy == .full ? fullActivations : whole.kept(policy)
  }
}

/// What some layers cost together, in seconds and bytes of one micro-batch.
struct LayerSum: Sendable {
  /// Without recomputation.
  var passes = 0.0
  var parameters = 0.0
  var expertParameters = 0.0
  var activations = 0.0
  var selectiveActivations = 0.0
  /// Bytes that the dearest layer takes only while it runs.
  var transient = 0.0

  init() {}

  init(_ cost: LayerCost, includesGathers: Bool = false) {
    passes =
      includesGathers ? (cost.forward.total + cost.backward.total).value : cost.ownPasses.value
    parameters = cost.parameters
    expertParameters = cost.expertParameters
    activations = cost.activations.value
    selectiveActivations = cost.selectiveActivations.value
    transient = cost.transient.value
  }

  mutating func add(_ other: LayerSum, _ count: Double) {
    passes += count * other.passes
    parameters += count * other.parameters
    expertParameters += count * other.expertParameters
    activations += count * other.activations
    selectiveActivations += count * other.selectiveActivations
    transient = max(transient, other.transient)
  }

  /// The less of each figure.
  static func least(_ a: LayerSum, _ b: LayerSum) -> LayerSum {
    var least = LayerSum()
    least.passes = min(a.passes, b.passes)
    least.parameters = min(a.parameters, b.parameters)
    least.expertParameters = min(a.expertParameters, b.expertParameters)
    least.activations = min(a.activations, b.activations)
    least.selectiveActivations = min(a.selectiveActivations, b.selectiveActivations)
    least.transient = min(a.transient, b.transient)
    return least
  }

  /// Bytes that are kept where `full` recomputes no layer.
  func kept(_ policy: RecomputePolicy) -> Double {
    policy == .selective ? selectiveActivations : activations
  }
}

/// Full recomputation of a layer, at its best of all layers.
struct LeastRerun: Sendable {
  /// Bytes of one micro-batch that a layer saves at most.
  private(set) var saving = 0.0
  /// Bytes that it brings back at least while it runs.
  private(set) var transient = Double.infinity
  private var seconds = Double.infinity
  private var secondsPerByte = Double.infinity

  mutating func take(_ cost: LayerCost, includesGathers: Bool) {
    let saving = (cost.activations - cost.fullActivations).value
    guard cost.canRecompute, saving > 0 else { return }
    let seconds = (includesGathers ? cost.fullRecompute.total : cost.ownRecompute(.full)).value
    self.saving = max(self.saving, saving)
    transient = min(transient, cost.transient.value + saving)
    self.seconds = min(self.seconds, seconds)
    secondsPerByte = min(secondsPerByte, seconds / saving)
  }

  /// The least that whole layers take to save so many bytes of one micro-batch.
  func seconds(saving bytes: Double) -> Double {
    let layers = (bytes / saving * (1 - 1e-9)).rounded(.up)
    return max(bytes * secondsPerByte, layers * seconds)
  }
}

/// A layer's passes without the gathers of sharded weights, which depend on the replicas.
extension LayerCost {
  var ownForward: Seconds { forward.total - forward.data }
  var ownBackward: Seconds { backward.total - backward.data }
  var ownPasses: Seconds { ownForward + ownBackward }

  /// What recomputing adds beside what of the gathers it hides.
  func ownRecompute(_ policy: RecomputePolicy) -> Seconds {
    let again = recompute(policy)
    return again.total - again.data
  }
}
