/// How the members of one communication group lie on a pool's network: how many of them share a block
/// of each level.
///
/// Where spans and strides nest, which is the rule, this is exact. Where they do not, groups of one
/// axis lie differently; the layout is then that of the worst block of the worst group, rounded down
/// to a divisor, so that the group is a product of levels: never more local than it really is.
package struct GroupLayout: Hashable, Sendable {
  /// Network levels that a layout can hold.
  package static let levelLimit = 8

  /// Members of the group.
  package var size: Int
  /// Levels of the pool.
  package var levels: Int
  /// Members inside one block of each level; each divides the next; unused places hold `size`.
  private var members: SIMD8<Int32>
  /// Groups of the same axis with members in one block of each level.
  private var sharers: SIMD8<Int32>

  /// Members of the group inside one block of a level; `size` at the outermost.
  package func members(inLevel level: Int) -> Int { Int(members[level]) }

  /// Blocks of the level below that the group has in one block of this level: the size of the ring
  /// at this level in a hierarchical collective. Their product over all levels is `size`.
  package func factor(atLevel level: Int) -> Int {
    level == 0 ? Int(members[0]) : Int(members[level] / members[level - 1])
  }

  /// Groups of the same axis that have members in one block of a level, and so share the bandwidth
  /// with which that block leaves it (rounded up).
  package func groups(sharingLevel level: Int) -> Int { Int(sharers[level]) }

  /// The innermost level that one block of holds the whole group.
  package var outermostLevel: Int {
    for level in 0..<levels where Int(members[level]) == size { return level }
    return levels - 1
  }

  /// The layout of groups of `size` ranks at distance `stride`.
  ///
  /// The groups of an axis are the ranks `base + i · stride`, `i < size`, with
  /// `base = outer · size · stride + inner`, `inner < stride`.
  ///
  /// - Parameter ranks: Of the whole mesh; a multiple of `size · stride`.
  /// - Complexity: O(levels) where spans and strides nest; else O(ranks / (size · stride)).
  package init(size: Int, stride: Int, ranks: Int, levels: [NetworkLevel]) {
    self.init(size: size, levels: levels) { span in
      fewestMembers(size: size, stride: stride, ranks: ranks, span: span)
    }
    count(ranks: ranks, levels: levels)
  }

  /// The layout of groups that two axes make together, such as context and data for gradients:
  /// `inner.size` ranks at distance `inner.stride`, repeated `outer.size` times at the distance
  /// `outer.stride`, which is a multiple of `inner.size · inner.stride`.
  package init(
    inner: (size: Int, stride: Int), outer: (size: Int, stride: Int), ranks: Int,
    levels: [NetworkLevel]
  ) {
    self.init(size: inner.size * outer.size, levels: levels) { span in
      let near = fewestMembers(size: inner.size, stride: inner.stride, ranks: ranks, span: span)
      // Only where blocks hold whole repetitions do several of them share a block for certain.
      guard near == inner.size, span.isMultiple(of: outer.stride) else { return near }
      return near
        * fewestMembers(size: outer.size, stride: outer.stride, ranks: ranks, span: span)
    }
    count(ranks: ranks, levels: levels)
  }

  private init(size: Int, levels: [NetworkLevel], fewest: (_ span: Int) -> Int) {
    precondition(levels.count <= Self.levelLimit, "more network levels than a layout holds")
    self.size = size
    self.levels = max(1, levels.count)
    members = SIMD8(repeating: Int32(size))
    sharers = SIMD8(repeating: 1)
    var outer = size
    // From the outermost inwards, so that each is a divisor of the one around it.
    for level in levels.indices.dropLast().reversed() {
      outer = greatestDivisor(of: outer, notAbove: fewest(levels[level].span))
      members[level] = Int32(outer)
    }
  }

  private mutating func count(ranks: Int, levels: [NetworkLevel]) {
    for (level, network) in levels.enumerated() {
      let held = min(network.span, ranks)
      sharers[level] = Int32((held - 1) / Int(members[level]) + 1)
    }
  }
}

/// The fewest members of a group that share a block of `span` ranks, over all groups of the axis and
/// all blocks in which they have any.
private func fewestMembers(size: Int, stride: Int, ranks: Int, span: Int) -> Int {
  let extent = size * stride
  if size == 1 || stride >= span { return 1 }
  if span.isMultiple(of: extent) || span >= ranks { return size }
  if extent.isMultiple(of: span), span.isMultiple(of: stride) { return span / stride }
  var fewest = size
  // Bases `outer · extent + inner`; the blocks repeat for them after `span` outer steps at most.
  for outer in 0..<min(ranks / extent, span) {
    let start = outer * extent % span
    // The first block of the groups that begin late in theirs (all of them, or the last before the
    // block ends).
    let late = min(start + stride - 1, span - 1)
    fewest = min(fewest, (span - 1 - late) / stride + 1)
    // The last block of the groups that end early in theirs.
    let end = start + extent - stride
    if end + stride > span {
      let early = end % span + stride > span ? 0 : end % span
      // A group that ends in the block where it began is whole in it.
      if end >= span || early == 0 { fewest = min(fewest, early / stride + 1) }
    }
    // A block between them, at its worst.
    if end + stride > 2 * span { fewest = min(fewest, span / stride) }
    if fewest == 1 { return 1 }
  }
  return fewest
}

private func greatestDivisor(of number: Int, notAbove limit: Int) -> Int {
  if limit >= number { return number }
  if number.isMultiple(of: limit) { return limit }
  var best = 1
  var divisor = 1
  while divisor * divisor <= number {
    if number.isMultiple(of: divisor) {
      if divisor <= limit { best = max(best, divisor) }
      if number / divisor <= limit { best = max(best, number / divisor) }
    }
    divisor += 1
  }
  return best
}
