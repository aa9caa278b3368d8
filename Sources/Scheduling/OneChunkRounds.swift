/// Plays 1F1B and ZB-H1: one model chunk a stage.
///
/// Stage `i` runs `p - 1 - i` forwards first, then in turn forward `k + p - 1 - i`, backward `k` and
/// (ZB-H1) the weight gradient of `k - i`. In round `r` it runs forward `r + a` with `a` the number
/// of odd stages from `i` on (not counting the last), and what follows it. Then an even stage waits
/// only for passes of the round before, and an odd stage also for passes of even stages in the
/// same round: within each half the stages do not depend on one another.
struct OneChunkRounds: RoundPlayer {
  private let stages: Int
  private let microBatches: Int
  private let weight: UnsafeMutablePointer<PlayedTime>
  /// Whether weight gradients trail by the stage's number.
  private let delaysWeights: Bool
  private let clocks: StageClocks
  let anchor: UnsafeMutablePointer<PlayedTime>

  init(_ durations: PassDurations, microBatches: Int, delaysWeights: Bool) {
    stages = durations.stages
    self.microBatches = microBatches
    weight = durations.weight
    self.delaysWeights = delaysWeights
    clocks = StageClocks(durations)
    anchor = durations.anchor
  }

  var free: UnsafeMutablePointer<PlayedTime> { clocks.free }
  var liveClocks: UnsafeMutableBufferPointer<PlayedTime> { clocks.live }
  var roundsPerCycle: Int { 1 }

  /// Odd stages in `stage..<stages - 1`.
  private func lead(_ stage: Int) -> Int { (stages - 1) / 2 - stage / 2 }

  private func warmUp(_ stage: Int) -> Int { stages - 1 - stage }

  var rounds: Range<Int> { -lead(0)..<(microBatches + warmUp(0) - lead(0)) }

  var steadyRounds: Range<Int> {
    let start = delaysWeights ? stages - 1 : warmUp(0) - lead(0)
    // The weight gradients left over follow the last backward pass, which is no steady round.
    let cut = delaysWeights ? max(1, lead(0)) : lead(0)
    return start..<max(start, microBatches - cut)
  }

  func playSteadyRounds(_ rounds: Range<Int>) {
    let (clocks, weight, stages) = (clocks, weight, stages)
    for _ in rounds {
      for half in 0..<2 {
        var stage = half
        while stage < stages {
          clocks.runForward(stage, chunk: 0)
          clocks.runBackward(stage, chunk: 0)
          clocks.free[stage] += weight[stage]
          stage += 2
        }
      }
    }
  }

  /// Of the stages of one parity, the `j`-th runs forward `first - j` and backward `first - j` less its
  /// warm-up, which shrinks by 2 from each to the next: both run at neighbours, if at all.
  func playEdgeRound(_ round: Int) {
    let first = round + lead(0)
    let (clocks, stages, microBatches) = (clocks, stages, microBatches)
    for half in 0..<2 {
      let count = (stages + 1 - half) / 2
      var j = max(0, first - microBatches + 1)
      while j < min(count, first + 1) {
        clocks.runForward(2 * j + half, chunk: 0)
        j += 1
      }
      let behind = warmUp(half) - first
      j = max(0, behind)
      while j < min(count, behind + microBatches) {
        playBackward(2 * j + half, microBatch: j - behind)
        j += 1
      }
    }
  }

  @inline(__always)
  private func playBackward(_ stage: Int, microBatch: Int) {
    clocks.runBackward(stage, chunk: 0)
    if !delaysWeights || microBatch >= stage { clocks.free[stage] += weight[stage] }
    if delaysWeights && microBatch == microBatches - 1 {
      clocks.free[stage] += Double(min(stage, microBatches)) * weight[stage]
    }
  }
}
