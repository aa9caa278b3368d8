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
  /// Every even layout, by the number of chunks, and where those of each number begin.
  private let shares: [Share]
  private let firstShares: [Int]

  /// An even layout.
  struct Share: Hashable, Sendable {
    /// Blocks that the first chunk is short of.
    var leading: Int
    /// Blocks of a chunk.
    var each: Int
  }

  package init(_ graph: LayerGraph) {
    nodes = graph.nodes.count
    hasOneOrder = graph.hasOneOrder
    let isBlock = graph.nodes.map { graph.kinds[$0.kind].kind == .transformerBlock }
    if let first = isBlock.firstIndex(of: true), let last = isBlock.lastIndex(of: true),
      !isBlock[first...last].contains(false)
    {
      blocks = first..<(last + 1)
    } else {
      blocks = 0..<nodes
    }
    (shares, firstShares) = hasOneOrder ? Self.shares(blocks, nodes: nodes) : ([], [0])
  }

  /// Whether the model can be laid out over so many chunks. Complexity: O(1).
  package func allows(chunks: Int) -> Bool { !shares(chunks).isEmpty }

  /// The even layouts of so many chunks. Complexity: O(1).
  func shares(_ chunks: Int) -> ArraySlice<Share> {
    guard chunks + 1 < firstShares.count else { return [] }
    return shares[firstShares[chunks]..<firstShares[chunks + 1]]
  }

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

  private static func shares(
    _ blocks: Range<Int>, nodes: Int
  ) -> (shares: [Share], firsts: [Int]) {
    var shares: [Share] = []
    // None of no chunks, and of one.
    var firsts = [0, 0]
    for chunks in stride(from: 2, through: nodes, by: 1) {
      firsts.append(shares.count)
      for leading in 0...(blocks.lowerBound > 0 ? 1 : 0) {
        for trailing in 0...(blocks.upperBound < nodes ? 2 : 0) {
          let (each, rest) = (blocks.count + leading + trailing)
            .quotientAndRemainder(dividingBy: chunks)
          // What stands for blocks must not leave less than none of them.
          if rest == 0, each >= 1, trailing <= each {
            shares.append(Share(leading: leading, each: each))
          }
        }
      }
    }
    return (shares, firsts + [shares.count])
  }
}
