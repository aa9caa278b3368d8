/// A pipeline whose schedule is worked out in rounds: in each, every stage runs one forward and one
/// backward pass, as far as it has any left.
///
/// The players choose which passes share a round so that whatever a pass waits for was worked out
/// in an earlier round, or earlier in the same one. A stage then needs to remember only three
/// clocks: when it is free, when its next input arrived, and when its next gradient arrived.
protocol RoundPlayer {
  /// The rounds of one step.
  var rounds: Range<Int> { get }
  /// Those in which every stage runs all its passes.
  var steadyRounds: Range<Int> { get }
  /// After this many steady rounds the stages run the same chunks again.
  var roundsPerCycle: Int { get }
  /// Everything that the steady rounds read and write but for the durations.
  var liveClocks: UnsafeMutableBufferPointer<PlayedTime> { get }
  /// Room for a copy of them.
  var anchor: UnsafeMutablePointer<PlayedTime> { get }
  /// A round in which some stages have nothing to do.
  func playEdgeRound(_ round: Int)
  func playSteadyRounds(_ rounds: Range<Int>)
}

extension RoundPlayer {
  /// Plays one step; the clocks then tell when each stage finished.
  ///
  /// **Fast-forward.** One cycle of steady rounds maps the clocks to new clocks by additions of
  /// constants and maxima only, the same map every time. Such a map commutes with adding one number
  /// to every clock. So once the clocks after `q` cycles equal the clocks before them plus a common
  /// constant (each of the two plays its own), every further `q` cycles add that constant again, and
  /// as many of them as are left can be jumped over. All durations lie on a grid on which additions
  /// are exact, so "equal" is meant literally and the jump gives the very bits that playing would.
  ///
  /// A strongly connected max-plus system always becomes periodic in this way (Baccelli et al.
  /// 1992, theorem 3.109), though perhaps after more rounds than there are; then everything is
  /// played. The period is sought with one remembered state that moves up at powers of two (Brent
  /// 1980), so finding it costs one comparison a cycle, most of which end at their second clock.
  ///
  /// - Returns: the rounds jumped over.
  /// - Complexity: O(stages * rounds played).
  func playStep(fastForwarding: Bool) -> Int {
    var round = rounds.lowerBound
    while round < min(steadyRounds.lowerBound, rounds.upperBound) {
      playEdgeRound(round)
      round += 1
    }
    var jumped = 0
    if !steadyRounds.isEmpty {
      jumped = playSteadyState(fastForwarding: fastForwarding)
      round = steadyRounds.upperBound
    }
    while round < rounds.upperBound {
      playEdgeRound(round)
      round += 1
    }
    return jumped
  }

  private func playSteadyState(fastForwarding: Bool) -> Int {
    let cycle = roundsPerCycle
    var round = steadyRounds.lowerBound
    let end = steadyRounds.upperBound
    guard fastForwarding else {
      playSteadyRounds(round..<end)
      return 0
    }
    var jumped = 0
    var cyclesSinceAnchor = 0
    var cyclesToNextAnchor = 1
    setAnchor()
    while round + cycle <= end {
      playSteadyRounds(round..<round + cycle)
      round += cycle
      cyclesSinceAnchor += 1
      if let growth = growthSinceAnchor() {
        let period = cyclesSinceAnchor * cycle
        let periods = (end - round) / period
        advanceClocks(by: Double(periods) * growth)
        jumped = periods * period
        round += jumped
        break
      }
      if cyclesSinceAnchor == cyclesToNextAnchor {
        setAnchor()
        cyclesSinceAnchor = 0
        cyclesToNextAnchor *= 2
      }
    }
    playSteadyRounds(round..<end)
    return jumped
  }

  private func setAnchor() {
    anchor.update(from: liveClocks.baseAddress!, count: liveClocks.count)
  }

  /// The common growth of all clocks since the anchor was set, if in each play they grew by
  /// the same.
  private func growthSinceAnchor() -> PlayedTime? {
    let clocks = liveClocks
    let growth = clocks[0] - anchor[0]
    for index in 1..<clocks.count where clocks[index] - anchor[index] != growth { return nil }
    return growth
  }

  private func advanceClocks(by growth: PlayedTime) {
    let clocks = liveClocks
    for index in 0..<clocks.count { clocks[index] += growth }
  }
}
