import Workload

/// How a model is laid out over the chunks of an interleaved pipeline.
///
/// Runtimes cut it evenly: every chunk holds the same number of transformer blocks. What precedes the
/// blocks belongs to the first chunk and may stand for one of its blocks; what follows them belongs
/// to the last and may stand for one or two of its (Megatron-LM's `--account-for-embedding-` and
/// `--account-for-loss-in-pipeline-split`, and its layouts with a prediction layer). So for N blocks
/// and n chunks, N to N + 3 must be a multiple of n. A model whose blocks are not one run is cut by
/// the count of all its layers. One that branches is not interleaved: Megatron-LM refuses to
/// interleave models of an encoder and a decoder.
package struct ChunkLayout: Hashable, Sendable {
  /// The run of blocks among the nodes.
  package let blocks: Range<Int>
  /// Each layer feeds the next.
  package let hasOneOrder: Bool
  private let nodes: Int

  package init(_ graph: LayerGraph) {
    nodes = graph.nodes.count
    hasOneOrder = graph.hasOneOrder
    let isBlock = graph.nodes.map { graph.kinds[$0.kind].kind == .transformerBlock }
    guard let first = isBlock.firstIndex(of: true), let last = isBlock.lastIndex(of: true),
      !isBlock[first...last].contains(false)
    else {
      blocks = 0..<nodes
      return
    }
    blocks = first..<(last + 1)
  }

  /// Whether the model can be laid out over so many chunks. Complexity: O(1).
  package func allows(chunks: Int) -> Bool { !shares(chunks).isEmpty }

  /// The boundaries of a layout whose chunks hold equally many blocks, or one more or less, where the
  /// embedding stands for one and the head for two. Complexity: O(chunks).
  ///
  /// - Precondition: There are no more chunks than nodes.
  func balancedCuts(chunks: Int) -> [Int] {
    let leading = blocks.lowerBound > 0 ? 1 : 0
    let all = blocks.count + leading + (blocks.upperBound < nodes ? 2 : 0)
    var boundaries = [0]
    for chunk in 1..<chunks {
      let even = blocks.lowerBound + all * chunk / chunks - leading
      boundaries.append(max(boundaries[chunk - 1] + 1, min(even, nodes - (chunks - chunk))))
    }
    return boundaries + [nodes]
  }

  /// The boundaries of every layout. Complexity: O(chunks).
  package func cuts(chunks: Int) -> [[Int]] {
    shares(chunks).map { leading, each in
      var boundaries = [0]
      boundaries.reserveCapacity(chunks + 1)
      for chunk in 1..<chunks { boundaries.append(blocks.lowerBound + each * chunk - leading) }
      boundaries.append(nodes)
      return boundaries
    }
  }

  /// Blocks that the first chunk is short of, and that a chunk holds.
  func shares(_ chunks: Int) -> [(leading: Int, each: Int)] {
    var found: [(Int, Int)] = []
    guard hasOneOrder, chunks > 1, chunks <= nodes else { return found }
    for leading in 0...(blocks.lowerBound > 0 ? 1 : 0) {
      for trailing in 0...(blocks.upperBound < nodes ? 2 : 0) {
        let (each, rest) = (blocks.count + leading + trailing)
          .quotientAndRemainder(dividingBy: chunks)
        // What stands for blocks must not leave less than none of them.
        if rest == 0, each >= 1, trailing <= each { found.append((leading, each)) }
      }
    }
    return found
  }
}
