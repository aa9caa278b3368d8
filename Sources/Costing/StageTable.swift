import Quantities
import Workload

/// Sums of the layers' costs under one split at every cut, so that any stage costs O(1).
///
/// A cut `i` lies before node `i` of the layers' order, and the range `a..<b` is a stage of these
/// nodes. Or it is the `i`-th down-set of the graph, and `a..<b` is what the `b`-th adds to the `a`-th,
/// which it holds. Layers that can recompute have one order.
///
/// Recomputation of `n` layers of a stage always means its first `n` layers that can recompute.
///
/// A class, as it is asked in the innermost loops and never changes: a copy of the structure would cost
/// more than most answers.
package final class StageTable: Sendable {
  package let costs: [LayerCost]
  /// The kind of each node.
  package let kinds: [Int]

  /// The last cut.
  package let nodeCount: Int
  /// Sums over the nodes before a cut (`nodeCount` + 1 entries), in seconds, parameters, bytes.
  package let forward: [Double]
  package let backward: [Double]
  package let weightGradient: [Double]
  package let selective: [Double]
  package let parameters: [Double]
  package let expertParameters: [Double]
  package let activations: [Double]
  package let selectiveActivations: [Double]
  /// How many nodes before an index can recompute.
  package let recomputable: [Int]
  /// Sums over the recomputable nodes before an ordinal: time that full recomputation adds, and
  /// bytes that it saves of `activations`.
  package let fullTime: [Double]
  package let fullSaving: [Double]
  /// The node after each recomputable one, by ordinal.
  private let nodeAfter: [Int]
  /// Bytes that exist only while a node runs: as it is, under selective recomputation, and, for
  /// nodes that can recompute, when they are recomputed.
  private let transient: StageMaximum
  private let selectiveTransient: StageMaximum
  private let fullTransient: StageMaximum

  /// Complexity: O(nodes·log(nodes)), with down-sets O(sets).
  /// - Parameter downSets: The cuts, if they do not lie along the order of the nodes.
  package init(kinds: [Int], costs: [LayerCost], downSets: DownSets? = nil) {
    self.kinds = kinds
    self.costs = costs
    nodeCount = downSets.map { $0.count - 1 } ?? kinds.count
    // On the stack: a search makes many tables.
    func prefix(_ value: (LayerCost) -> Double) -> [Double] {
      withUnsafeTemporaryAllocation(of: Double.self, capacity: costs.count) { perKind in
        _ = perKind.initialize(fromContentsOf: costs.lazy.map(value))
        if let downSets { return downSets.sums { perKind[kinds[$0]] } }
        var sums = [Double](repeating: 0, count: kinds.count + 1)
        for (index, kind) in kinds.enumerated() { sums[index + 1] = sums[index] + perKind[kind] }
        return sums
      }
    }
    forward = prefix { $0.forward.total.value }
    backward = prefix { $0.backward.total.value }
    weightGradient = prefix { $0.weightGradient.value }
    selective = prefix { $0.selectiveRecompute.total.value }
    parameters = prefix { $0.parameters }
    expertParameters = prefix { $0.expertParameters }
    activations = prefix { $0.activations.value }
    selectiveActivations = prefix { $0.selectiveActivations.value }

    precondition(
      downSets == nil || costs.allSatisfy { !$0.canRecompute },
      "which layers a stage recomputes first follows from their order")
    var ordinals = [0]
    var after: [Int] = []
    var times = [0.0]
    var savings = [0.0]
    ordinals.reserveCapacity(kinds.count + 1)
    after.reserveCapacity(kinds.count)
    times.reserveCapacity(kinds.count + 1)
    savings.reserveCapacity(kinds.count + 1)
    for (node, kind) in kinds.enumerated() {
      let cost = costs[kind]
      if cost.canRecompute {
        after.append(node + 1)
        times.append(times[times.count - 1] + cost.fullRecompute.total.value)
        savings.append(
          savings[savings.count - 1] + (cost.activations - cost.fullActivations).value)
      }
      ordinals.append(times.count - 1)
    }
    if downSets != nil { ordinals = [Int](repeating: 0, count: nodeCount + 1) }
    recomputable = ordinals
    fullTime = times
    fullSaving = savings
    nodeAfter = after
    func maxima(_ value: (LayerCost) -> Double) -> StageMaximum {
      let perKind = costs.map(value)
      if let downSets { return .overDownSets(DownSetMaximum(downSets, kinds, perKind)) }
      return .overRanges(RangeMaximum(kinds.map { perKind[$0] }))
    }
    transient = maxima { $0.transient.value }
    selectiveTransient =
      costs.allSatisfy { $0.activations == $0.selectiveActivations }
      ? transient
      : maxima { ($0.transient + $0.activations - $0.selectiveActivations).value }
    fullTransient = maxima {
      $0.canRecompute ? ($0.transient + $0.activations - $0.fullActivations).value : 0
    }
  }

  package func recomputableLayers(_ nodes: Range<Int>) -> Int {
    recomputable[nodes.upperBound] - recomputable[nodes.lowerBound]
  }

  package func forwardTime(_ nodes: Range<Int>) -> Double {
    forward[nodes.upperBound] - forward[nodes.lowerBound]
  }

  /// Of the first `recomputed` layers under `full`, of all under `selective`.
  package func recomputeTime(
    _ nodes: Range<Int>, _ policy: RecomputePolicy, recomputed: Int
  ) -> Double {
    switch policy {
    case .none: return 0
    case .selective: return selective[nodes.upperBound] - selective[nodes.lowerBound]
    case .full:
      let first = recomputable[nodes.lowerBound]
      return fullTime[first + recomputed] - fullTime[first]
    }
  }

  /// Without recomputation.
  package func backwardTime(_ nodes: Range<Int>) -> Double {
    backward[nodes.upperBound] - backward[nodes.lowerBound]
  }

  package func weightGradientTime(_ nodes: Range<Int>) -> Double {
    weightGradient[nodes.upperBound] - weightGradient[nodes.lowerBound]
  }

  /// Bytes that one micro-batch keeps.
  package func activationBytes(
    _ nodes: Range<Int>, _ policy: RecomputePolicy, recomputed: Int
  ) -> Double {
    switch policy {
    case .selective:
      return selectiveActivations[nodes.upperBound] - selectiveActivations[nodes.lowerBound]
    case .none: return activations[nodes.upperBound] - activations[nodes.lowerBound]
    case .full:
      let first = recomputable[nodes.lowerBound]
      return activations[nodes.upperBound] - activations[nodes.lowerBound]
        - (fullSaving[first + recomputed] - fullSaving[first])
    }
  }

  /// Bytes that exist only while some layer runs: the head's logits, or what a recomputed layer
  /// brings back. Complexity: O(1).
  package func transientBytes(
    _ nodes: Range<Int>, _ policy: RecomputePolicy, recomputed: Int
  ) -> Double {
    switch policy {
    case .none: return transient.maximum(nodes)
    case .selective: return selectiveTransient.maximum(nodes)
    case .full:
      guard recomputed > 0 else { return transient.maximum(nodes) }
      let last = recomputable[nodes.lowerBound] + recomputed - 1
      return max(
        transient.maximum(nodes), fullTransient.maximum(nodes.lowerBound..<nodeAfter[last]))
    }
  }
}
