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
  private let durations: PassDurations
  /// Whether weight gradients trail by the stage's number.
  private let delaysWeights: Bool
  /// When stage `i` is free.
  let free: UnsafeMutablePointer<Double>
  /// When the latest forward input of stage `i` arrived, which is also when the link is free.
  private let forwardArrival: UnsafeMutablePointer<Double>
  /// When the latest gradient from stage `i + 1` arrived.
  private let backwardArrival: UnsafeMutablePointer<Double>

  init(_ durations: PassDurations, microBatches: Int, delaysWeights: Bool) {
    stages = durations.stages
    self.microBatches = microBatches
    self.durations = durations
    self.delaysWeights = delaysWeights
    // The first stage's input and the last stage's gradient never wait: their clocks stay zero at
    // either end of the buffer. Next to them lie the clocks that nobody reads: what the last stage
    // sends forward and the first sends back.
    forwardArrival = durations.clocks
    free = durations.clocks + (stages + 1)
    backwardArrival = durations.clocks + (2 * stages + 2)
  }

  /// Without the two that stay zero.
  var liveClocks: UnsafeMutableBufferPointer<Double> {
    UnsafeMutableBufferPointer(start: durations.clocks + 1, count: 3 * stages)
  }
  var anchor: UnsafeMutablePointer<Double> { durations.anchor }
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
    for _ in rounds {
      for stage in stride(from: 0, to: stages, by: 2) { playAll(stage) }
      for stage in stride(from: 1, to: stages, by: 2) { playAll(stage) }
    }
  }

  @inline(__always)
  private func playAll(_ stage: Int) {
    let sent = forward(stage, from: free[stage])
    free[stage] = backward(stage, from: sent) + durations.weight[stage]
  }

  func playEdgeRound(_ round: Int) {
    for stage in stride(from: 0, to: stages, by: 2) { playSome(stage, round) }
    for stage in stride(from: 1, to: stages, by: 2) { playSome(stage, round) }
  }

  private func playSome(_ stage: Int, _ round: Int) {
    let passes = 0..<microBatches
    let forwardIndex = round + lead(stage)
    if passes.contains(forwardIndex) { free[stage] = forward(stage, from: free[stage]) }
    let backwardIndex = forwardIndex - warmUp(stage)
    guard passes.contains(backwardIndex) else { return }
    free[stage] = backward(stage, from: free[stage])
    if !delaysWeights || backwardIndex >= stage { free[stage] += durations.weight[stage] }
    if delaysWeights && backwardIndex == microBatches - 1 {
      free[stage] += Double(min(stage, microBatches)) * durations.weight[stage]
    }
  }

  @inline(__always)
  private func forward(_ stage: Int, from free: Double) -> Double {
    let end = max(free, forwardArrival[stage]) + durations.forward[stage]
    forwardArrival[stage + 1] =
      max(end, forwardArrival[stage + 1]) + durations.sendForward[stage]
    return end
  }

  @inline(__always)
  private func backward(_ stage: Int, from free: Double) -> Double {
    let end = max(free, backwardArrival[stage]) + durations.backward[stage]
    backwardArrival[stage - 1] =
      max(end, backwardArrival[stage - 1]) + durations.sendBackward[stage]
    return end
  }
}
