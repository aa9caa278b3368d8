import Hardware

/// A group of GPUs that communicate, as the network sees it: how many of its members share a block
/// of each network level.
///
/// Members are `size` ranks at a distance of `stride`. Inside an aligned block of `span` ranks lie
/// ⌊span / stride⌋ of them (at least one, at most all). Level `l` therefore joins
/// members(l) / members(l − 1) blocks.
package struct CommunicationGroup: Hashable, Sendable {
  package var size: Int
  /// Members inside one block of each level, innermost first; levels beyond the fourth are merged
  /// into it. Unused places hold `size`.
  package var members: SIMD4<Double>
  /// Bytes a second of a ring over the whole group, where that was measured.
  package var measuredRate: Double?

  /// Complexity: O(levels).
  package init(
    size: Int, stride: Int, levels: [NetworkLevel], measured: MeasuredNetwork? = nil
  ) {
    precondition(size >= 1 && stride >= 1, "a group has members at a positive distance")
    self.size = size
    measuredRate = measured?.ring(size: size, stride: stride)?.value
    members = SIMD4(repeating: Double(size))
    for (index, level) in levels.prefix(4).enumerated() where index < levels.count - 1 {
      members[index] = Double(min(size, max(1, level.span / stride)))
    }
  }

  /// What two axes make together: `inner.size` ranks at distance `inner.stride`, repeated `outer.size`
  /// times at the distance `outer.stride`, which is a multiple of `inner.size · inner.stride`. A block
  /// that holds no whole repetition holds members of one.
  ///
  /// Complexity: O(levels).
  package init(
    inner: (size: Int, stride: Int), outer: (size: Int, stride: Int), levels: [NetworkLevel],
    measured: MeasuredNetwork? = nil
  ) {
    let near = CommunicationGroup(size: inner.size, stride: inner.stride, levels: levels)
    let far = CommunicationGroup(size: outer.size, stride: outer.stride, levels: levels)
    size = near.size * far.size
    members = near.members * far.members
    measuredRate =
      measured.flatMap { network in
        network.ring(
          size: near.size * far.size,
          onNode: min(near.size, max(1, network.gpusPerNode / inner.stride))
            * min(far.size, max(1, network.gpusPerNode / outer.stride)))
      }?.value
  }

  package static let alone = CommunicationGroup(size: 1, stride: 1, levels: [])
}
