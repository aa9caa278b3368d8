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
  private let runs: LayerRuns

  /// The last cut.
  package let nodeCount: Int
  /// Over the nodes before a cut (`nodeCount` + 1 entries).
  package let sums: [StageSums]
  /// How many nodes before a cut can recompute.
  package let recomputable: [Int]
  /// Bytes that exist only while a node runs: as it is, under selective recomputation, and, for
  /// nodes that can recompute, when they are recomputed.
  private let transient: StageMaximum
  private let selectiveTransient: StageMaximum
  private let fullTransient: StageMaximum

  /// That it takes about, but for what all tables of a model share.
  package var bytes: Int {
    sums.count * MemoryLayout<StageSums>.stride + costs.count * MemoryLayout<LayerCost>.stride
      + 1024
  }

  /// The kind of each node.
  package var kinds: [Int] { runs.kinds }

  /// Complexity: O(nodes + runs·log(runs)), with down-sets O(sets).
  /// - Parameter downSets: The cuts, if they do not lie along the order of the nodes.
  package init(_ runs: LayerRuns, costs: [LayerCost], downSets: DownSets? = nil) {
    self.runs = runs
    self.costs = costs
    nodeCount = downSets.map { $0.count - 1 } ?? runs.kinds.count
    precondition(
      costs.indices.allSatisfy { costs[$0].canRecompute == runs.canRecompute[$0] },
      "whether a layer can recompute follows from what it is")
    precondition(
      downSets == nil || !runs.canRecompute.contains(true),
      "which layers a stage recomputes first follows from their order")
    sums = Self.sums(runs.kinds, costs, downSets)
    recomputable =
      downSets == nil ? runs.recomputable : [Int](repeating: 0, count: nodeCount + 1)
    func maxima(_ value: (LayerCost) -> Double) -> StageMaximum {
      if let downSets {
        return .overDownSets(DownSetMaximum(downSets, runs.kinds, costs.map(value)))
      }
      return .overRuns(RunMaximum(runs) { value(costs[$0]) })
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

  private static func sums(
    _ kinds: [Int], _ costs: [LayerCost], _ downSets: DownSets?
  ) -> [StageSums] {
    // On the stack: a search makes many tables.
    withUnsafeTemporaryAllocation(of: StageSums.self, capacity: costs.count) { perKind in
      _ = perKind.initialize(fromContentsOf: costs.lazy.map { StageSums($0) })
      guard let downSets else {
        return Array(unsafeUninitializedCapacity: kinds.count + 1) { sums, count in
          var sum = StageSums()
          sums.initializeElement(at: 0, to: sum)
          for node in kinds.indices {
            sum += perKind[kinds[node]]
            sums.initializeElement(at: node + 1, to: sum)
          }
          count = kinds.count + 1
        }
      }
      var sums = [StageSums](repeating: StageSums(), count: downSets.count)
      downSets.forEachAddition { set, parent, added in
        sums[set] = sums[parent]
        for layer in added { sums[set] += perKind[kinds[layer]] }
      }
      return sums
    }
  }

  package func recomputableLayers(_ nodes: Range<Int>) -> Int {
    recomputable[nodes.upperBound] - recomputable[nodes.lowerBound]
  }

  package func forwardTime(_ nodes: Range<Int>) -> Double {
    sums[nodes.upperBound].forward - sums[nodes.lowerBound].forward
  }

  /// Of the first `recomputed` layers under `full`, of all under `selective`; not negative, though gathers may
  /// hide behind all of it and sums are rounded.
  package func recomputeTime(
    _ nodes: Range<Int>, _ policy: RecomputePolicy, recomputed: Int
  ) -> Double {
    switch policy {
    case .none: return 0
    case .selective:
      return max(0, sums[nodes.upperBound].selective - sums[nodes.lowerBound].selective)
    case .full:
      guard recomputed > 0 else { return 0 }
      let end = cut(behind: recomputed, from: nodes)
      return max(0, sums[end].fullTime - sums[nodes.lowerBound].fullTime)
    }
  }

  /// The cut behind the first `recomputed` layers that can recompute, of which there is one at least.
  private func cut(behind recomputed: Int, from nodes: Range<Int>) -> Int {
    runs.cutAfter[recomputable[nodes.lowerBound] + recomputed - 1]
  }

  /// Without recomputation.
  package func backwardTime(_ nodes: Range<Int>) -> Double {
    sums[nodes.upperBound].backward - sums[nodes.lowerBound].backward
  }

  package func weightGradientTime(_ nodes: Range<Int>) -> Double {
    sums[nodes.upperBound].weightGradient - sums[nodes.lowerBound].weightGradient
  }

  /// Bytes that one micro-batch keeps.
  package func activationBytes(
    _ nodes: Range<Int>, _ policy: RecomputePolicy, recomputed: Int
  ) -> Double {
    let (before, after) = (sums[nodes.lowerBound], sums[nodes.upperBound])
    switch policy {
    case .selective: return after.selectiveActivations - before.selectiveActivations
    case .none: return after.activations - before.activations
    case .full:
      let all = after.activations - before.activations
      guard recomputed > 0 else { return all }
      return all - (sums[cut(behind: recomputed, from: nodes)].fullSaving - before.fullSaving)
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
      let again = nodes.lowerBound..<cut(behind: recomputed, from: nodes)
      return max(transient.maximum(nodes), fullTransient.maximum(again))
    }
  }
}
