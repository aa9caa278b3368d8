/// Where a pipeline is cut, and how many layers each stage recomputes.
///
/// Virtual stage `k` (chunk `k / stages` of stage `k % stages`) holds the nodes
/// `boundaries[k] ..< boundaries[k + 1]`.
package struct PipelineSplit: Hashable, Sendable {
  package var boundaries: [Int]
  /// Layers that each stage recomputes, counted from its first one.
  package var recomputed: [Int]
  /// The graph's nodes in the order that is cut, where it is not their own.
  package var order: [Int]?

  package init(boundaries: [Int], recomputed: [Int], order: [Int]? = nil) {
    self.boundaries = boundaries
    self.recomputed = recomputed
    self.order = order
  }

  package var virtualStages: Int { boundaries.count - 1 }

  package func nodes(ofVirtualStage index: Int) -> Range<Int> {
    boundaries[index]..<boundaries[index + 1]
  }

  /// The node ranges of a stage, one a model chunk.
  package func chunks(ofStage stage: Int, of stages: Int) -> [Range<Int>] {
    (0..<virtualStages / stages).map { nodes(ofVirtualStage: $0 * stages + stage) }
  }
}
