import Workload

/// How pipelines over unequal stages are cut into several chunks a stage: alike in every chunk.
///
/// A stage holds equally many blocks in each of its chunks, so that micro-batches move on through all chunks
/// at one pace; stages of other pools hold others. (Megatron-LM runs that by
/// `--pipeline-model-parallel-layout`, whatever the stages hold.) The model then is as many *laps* over
/// all stages as there are chunks, each of as many *places* for a block, and one cut of the lap cuts all:
/// a search for cuts of a lap is one for cuts of the model, in which places stand for nodes. What
/// precedes the blocks lies at the first place of the first lap and may stand for its block; what follows
/// them lies at the last place of the last lap and may stand for one or two of its, as in `ChunkLayout`.
///
/// With one chunk a lap is the model and its places are the nodes.
struct ChunkFold: Hashable {
  let chunks: Int
  /// Of a lap.
  let places: Int
  /// Blocks for which what precedes them stands, and what follows them.
  let leading: Int
  let trailing: Int
  private let blocks: Range<Int>
  private let nodes: Int

  private init(_ layout: ChunkLayout, nodes: Int, chunks: Int, places: Int, leading: Int) {
    self.chunks = chunks
    self.places = places
    self.leading = leading
    self.nodes = nodes
    blocks = layout.blocks
    trailing = chunks > 1 ? chunks * places - blocks.count - leading : 0
  }

  /// Places of a lap that the last stage has at least.
  var fewestLast: Int { max(1, trailing) }

  /// Every fold of a model into more than one chunk, by ascending chunks; before them, that into one.
  static func all(_ layout: ChunkLayout, nodes: Int) -> [ChunkFold] {
    var folds = [ChunkFold(layout, nodes: nodes, chunks: 1, places: nodes, leading: 0)]
    for chunks in 2..<max(3, nodes / 2 + 1) {
      // A lap is over two stages at least.
      for share in layout.shares(chunks) where share.each >= 2 {
        folds.append(
          ChunkFold(
            layout, nodes: nodes, chunks: chunks, places: share.each, leading: share.leading))
      }
    }
    return folds
  }

  /// The node at which a chunk's place begins; after the last place, the chunk ends.
  func node(_ place: Int, ofChunk chunk: Int) -> Int {
    if chunks == 1 { return place }
    if place == 0, chunk == 0 { return 0 }
    if place == places, chunk == chunks - 1 { return nodes }
    return min(blocks.upperBound, blocks.lowerBound - leading + chunk * places + place)
  }

  /// Of one lap, or of the model.
  func place(ofNode node: Int) -> Int {
    if chunks == 1 { return node }
    if node < blocks.lowerBound { return 0 }
    return node < blocks.upperBound
      ? (node - blocks.lowerBound + leading) % places : places - 1
  }

  /// The model's boundaries where its laps have these.
  func boundaries(_ lap: [Int]) -> [Int] {
    if chunks == 1 { return lap }
    return (0..<chunks).flatMap { chunk in lap.dropLast().map { node($0, ofChunk: chunk) } }
      + [nodes]
  }

  /// Sums over the places before each, of some of the chunks, from sums over nodes.
  func sums(of prefix: [Double], chunks part: Range<Int>) -> [Double] {
    if chunks == 1 { return prefix }
    return (0...places).map { place in
      part.reduce(0) { $0 + prefix[node(place, ofChunk: $1)] - prefix[node(0, ofChunk: $1)] }
    }
  }

  func sums(of prefix: [Double]) -> [Double] { sums(of: prefix, chunks: 0..<chunks) }
}
