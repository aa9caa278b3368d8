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
  private let weight: UnsafeMutablePointer<Double>
  /// Whether weight gradients trail by the stage's number.
  private let delaysWeights: Bool
  private let clocks: StageClocks
  let anchor: UnsafeMutablePointer<Double>

  init(_ durations: PassDurations, microBatches: Int, delaysWeights: Bool) {
    stages = durations.stages
    self.microBatches = microBatches
    weight = durations.weight
    self.delaysWeights = delaysWeights
    clocks = StageClocks(durations)
    anchor = durations.anchor
  }

  var free: UnsafeMutablePointer<Double> { clocks.free }
  var liveClocks: UnsafeMutableBufferPointer<Double> { clocks.live }
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

  func playEdgeRound(_ round: Int) {
    for half in 0..<2 {
      for stage in stride(from: half, to: stages, by: 2) { playSome(stage, round) }
    }
  }

  private func playSome(_ stage: Int, _ round: Int) {
    let passes = 0..<microBatches
    let forward = round + lead(stage)
    if passes.contains(forward) { clocks.runForward(stage, chunk: 0) }
    let backward = forward - warmUp(stage)
    guard passes.contains(backward) else { return }
    clocks.runBackward(stage, chunk: 0)
    if !delaysWeights || backward >= stage { clocks.free[stage] += weight[stage] }
    if delaysWeights && backward == microBatches - 1 {
      clocks.free[stage] += Double(min(stage, microBatches)) * weight[stage]
    }
  }
}
