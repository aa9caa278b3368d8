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
    size: Int, stride: Int, on network: NetworkRates, measured: MeasuredNetwork? = nil
  ) {
    precondition(size >= 1 && stride >= 1, "a group has members at a positive distance")
    self.size = size
    measuredRate = measured?.ring(size: size, stride: stride)?.value
    members = SIMD4(repeating: Double(size))
    for level in 0..<network.innerCount {
      members[level] = Double(min(size, max(1, network.spans[level] / stride)))
    }
  }

  /// What two axes make together: `inner.size` ranks at distance `inner.stride`, repeated `outer.size`
  /// times at the distance `outer.stride`, which is a multiple of `inner.size · inner.stride`. A block
  /// that holds no whole repetition holds members of one.
  ///
  /// Complexity: O(levels).
  package init(
    inner: (size: Int, stride: Int), outer: (size: Int, stride: Int), on network: NetworkRates,
    measured: MeasuredNetwork? = nil
  ) {
    let near = CommunicationGroup(size: inner.size, stride: inner.stride, on: network)
    let far = CommunicationGroup(size: outer.size, stride: outer.stride, on: network)
    size = near.size * far.size
    members = near.members * far.members
    measuredRate =
      measured.flatMap { measured in
        measured.ring(
          size: near.size * far.size,
          onNode: min(near.size, max(1, measured.gpusPerNode / inner.stride))
            * min(far.size, max(1, measured.gpusPerNode / outer.stride)))
      }?.value
  }
}
