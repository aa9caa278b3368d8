/// GPipe in closed form: all forwards are one flow shop, all backwards another in reverse.
///
/// Every micro-batch takes the same time at a machine, machines being the stages and, between
/// them, the links. The last of `m` then leaves machine `n` of a row at
/// `sum of times + (m - 1) * longest time`: the row's slowest machine sets the pace.
/// No backward can be late because its stage still runs forwards, since the last stage's first
/// gradient appears only after every stage has run its last forward.
///
/// Complexity: O(stages).
struct FlowShop {
  private let durations: PassDurations

  init(_ durations: PassDurations) { self.durations = durations }

  func makespan(microBatches: Int) -> PlayedTime {
    let forward = lastLeaves(durations.forward, durations.sendForward, microBatches)
    let backward = lastLeaves(durations.backward, durations.sendBackward, microBatches)
    return forward + backward
  }

  private func lastLeaves(
    _ work: UnsafeMutablePointer<PlayedTime>, _ send: UnsafeMutablePointer<PlayedTime>,
    _ microBatches: Int
  ) -> PlayedTime {
    var (sum, longest) = (PlayedTime.zero, PlayedTime.zero)
    for stage in 0..<durations.stages {
      sum += work[stage] + send[stage]
      longest = pointwiseMax(longest, work[stage])
      longest = pointwiseMax(longest, send[stage])
    }
    return sum + Double(microBatches - 1) * longest
  }
}
