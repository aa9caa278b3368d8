/// The layers of a graph in their order, as runs of neighbours of one kind: what the tables of all splits
/// of a model share.
package final class LayerRuns: Sendable {
  /// The kind of each node.
  package let kinds: [Int]
  /// The kind of each run, and the run of each node.
  let kindOfRun: [Int]
  let runOfNode: [Int]
  /// Which kinds can recompute.
  let canRecompute: [Bool]
  /// How many nodes before a cut can recompute; and the cut behind each of them, by ordinal.
  let recomputable: [Int]
  let cutAfter: [Int]

  /// Complexity: O(nodes).
  package init(kinds: [Int], canRecompute: [Bool]) {
    self.kinds = kinds
    self.canRecompute = canRecompute
    var runs: [Int] = []
    var runOfNode: [Int] = []
    var recomputable = [0]
    var cutAfter: [Int] = []
    runOfNode.reserveCapacity(kinds.count)
    recomputable.reserveCapacity(kinds.count + 1)
    cutAfter.reserveCapacity(kinds.count)
    for (node, kind) in kinds.enumerated() {
      if runs.last != kind { runs.append(kind) }
      runOfNode.append(runs.count - 1)
      if canRecompute[kind] { cutAfter.append(node + 1) }
      recomputable.append(cutAfter.count)
    }
    kindOfRun = runs
    self.runOfNode = runOfNode
    self.recomputable = recomputable
    self.cutAfter = cutAfter
  }
}
