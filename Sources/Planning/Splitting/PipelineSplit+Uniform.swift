import Workload

extension PipelineSplit {
  /// Where launchers cut that are not told where (`ChunkLayout.uniformCut`), with every block recomputed if
  /// the strategy recomputes. Complexity: O(nodes).
  ///
  /// - Precondition: There are no fewer blocks than chunks, and one order of layers if there are several
  ///   chunks.
  package static func uniform(
    _ graph: LayerGraph, _ layout: ChunkLayout, _ strategy: ParallelStrategy
  ) -> PipelineSplit {
    var split = PipelineSplit(
      boundaries: layout.uniformCut(chunks: strategy.pipeline * strategy.virtualStages),
      recomputed: Array(repeating: 0, count: strategy.pipeline))
    guard strategy.recompute != .none else { return split }
    split.recomputed = split.recomputed.indices.map { stage in
      split.chunks(ofStage: stage, of: strategy.pipeline).joined().count {
        graph.kinds[graph.nodes[$0].kind].kind == .transformerBlock
      }
    }
    return split
  }
}
