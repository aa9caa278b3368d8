/// How stages are counted by layers that do not divide.
///
/// With several chunks of blocks of one kind, a stage takes as many of these at a time as it has chunks: a
/// place of the lap (`ChunkFold`). Otherwise the layers of the most common kind are counted one by one.
struct WholeLayers {
  /// Layers that a stage takes together.
  let each: Int
  /// How often all stages take so many, as they are counted, at least.
  let least: Int
  /// What the first stage may take beyond what it is counted for: the chunk that is held most often lacks
  /// the block for which what precedes the blocks stands.
  let ahead: Int

  init(each: Int, least: Int, ahead: Int) {
    (self.each, self.least, self.ahead) = (each, least, ahead)
  }

  /// - Parameters:
  ///   - common: Layers of the most common kind.
  ///   - areBlocks: Whether these are the blocks.
  init(_ fold: ChunkFold, common: Int, areBlocks: Bool) {
    if areBlocks, fold.chunks > 1 {
      each = fold.chunks
      ahead = fold.leading
      least = fold.places - ahead - min(1, fold.trailing)
    } else {
      each = 1
      ahead = fold.leading * (fold.chunks - 1)
      least = common - ahead
    }
  }
}
