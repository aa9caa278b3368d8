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
  /// The ways to share the blocks out among chunks, by the number of chunks: those of `n` chunks are
  /// `layouts[starts[n]..<starts[n + 1]]`. Searches ask for them again and again.
  private let layouts: [Share]
  private let starts: [Int]

  package init(_ graph: LayerGraph) {
    nodes = graph.nodes.count
    hasOneOrder = graph.hasOneOrder
    blocks = Self.blocks(graph)
    (layouts, starts) = hasOneOrder ? Self.layouts(blocks, nodes: nodes) : ([], [0])
  }

  private static func blocks(_ graph: LayerGraph) -> Range<Int> {
    let isBlock = graph.nodes.map { graph.kinds[$0.kind].kind == .transformerBlock }
    guard let first = isBlock.firstIndex(of: true), let last = isBlock.lastIndex(of: true),
      !isBlock[first...last].contains(false)
    else { return 0..<isBlock.count }
    return first..<(last + 1)
  }

  private static func layouts(_ blocks: Range<Int>, nodes: Int) -> ([Share], [Int]) {
    var found: [(chunks: Int, share: Share)] = []
    found.reserveCapacity(64)
    for leading in 0...(blocks.lowerBound > 0 ? 1 : 0) {
      for trailing in 0...(blocks.upperBound < nodes ? 2 : 0) {
        let all = blocks.count + leading + trailing
        for chunks in all.divisors where chunks > 1 && chunks <= nodes {
          let each = all / chunks
          // What stands for blocks must not leave less than none of them.
          if trailing <= each { found.append((chunks, Share(leading: leading, each: each))) }
        }
      }
    }
    var starts = [Int](repeating: 0, count: nodes + 2)
    for (chunks, _) in found { starts[chunks + 1] += 1 }
    for chunks in 1..<starts.count { starts[chunks] += starts[chunks - 1] }
    var (next, sorted) = (
      starts, [Share](repeating: Share(leading: 0, each: 0), count: found.count)
    )
    for (chunks, share) in found {
      sorted[next[chunks]] = share
      next[chunks] += 1
    }
    return (sorted, starts)
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

  /// The boundaries of the layout that launchers have by themselves: every chunk holds equally many blocks,
  /// the first one what precedes them too and the last what follows them, whatever that takes. Where blocks
  /// do not divide, the first chunks hold one more, as in DeepSpeed (`type:transformer`, whose
  /// `partition_balanced` comes to that for blocks that weigh alike); Megatron-LM refuses it.
  /// Complexity: O(chunks).
  ///
  /// - Precondition: There are no fewer blocks than chunks, and one order of layers if there are several
  ///   chunks.
  package func uniformCut(chunks: Int) -> [Int] {
    precondition(
      chunks <= blocks.count && (hasOneOrder || chunks == 1), "every chunk holds a block")
    let (each, more) = blocks.count.quotientAndRemainder(dividingBy: chunks)
    let inner = (1..<chunks).map { blocks.lowerBound + each * $0 + min($0, more) }
    return [0] + inner + [nodes]
  }

  /// The boundaries of every layout. Complexity: O(chunks).
  package func cuts(chunks: Int) -> [[Int]] {
    shares(chunks).map { share in
      var boundaries = [0]
      boundaries.reserveCapacity(chunks + 1)
      for chunk in 1..<chunks {
        boundaries.append(blocks.lowerBound + share.each * chunk - share.leading)
      }
      boundaries.append(nodes)
      return boundaries
    }
  }

  /// Blocks that the first chunk is short of, and that a chunk holds.
  struct Share: Hashable, Sendable {
    var leading: Int
    var each: Int
  }

  /// Complexity: O(1).
  func shares(_ chunks: Int) -> ArraySlice<Share> {
    guard chunks + 1 < starts.count else { return [] }
    return layouts[starts[chunks]..<starts[chunks + 1]]
  }
}
