/// Plays interleaved 1F1B: several model chunks a stage.
///
/// Counted over all chunks, stage `i` runs `2 (p - 1 - i) + (v - 1) p` forwards first and then
/// alternates. In round `r` it runs its forward number `r + p - 1 - i` and its backward number
/// `r - (v - 1) p - (p - 1 - i)`. With these leads every pass waits only for passes of the round
/// before: those of the neighbouring stage with the same number, and at the ends of the pipeline,
/// where a micro-batch moves on to the next chunk, those of the other end numbered `p` less.
struct InterleavedRounds: RoundPlayer {
  private let stages: Int
  private let chunks: Int
  /// Forward passes of a stage in a step.
  private let passes: Int
  private let clocks: StageClocks
  let anchor: UnsafeMutablePointer<PlayedTime>

  init(_ durations: PassDurations, microBatches: Int) {
    stages = durations.stages
    chunks = durations.virtualStages / stages
    passes = microBatches * chunks
    clocks = StageClocks(durations)
    anchor = durations.anchor
  }

  var free: UnsafeMutablePointer<PlayedTime> { clocks.free }
  var liveClocks: UnsafeMutableBufferPointer<PlayedTime> { clocks.live }
  var roundsPerCycle: Int { stages * chunks }

  var rounds: Range<Int> { (1 - stages)..<(passes + stages * chunks - 1) }

  var steadyRounds: Range<Int> {
    let start = stages * chunks - 1
    return start..<max(start, passes - stages + 1)
  }

  func playSteadyRounds(_ rounds: Range<Int>) {
    for round in rounds { playEdgeRound(round) }
  }

  func playEdgeRound(_ round: Int) {
    playForwards(round)
    playBackwards(round)
  }

  private func playForwards(_ round: Int) {
    let number = round + stages - 1
    let first = max(0, number - passes + 1)
    let last = min(stages - 1, number)
    guard first <= last else { return }
    // Stages up to `edge` are in one group of `stages` numbers, those after it in the one before.
    let (group, edge) = number.quotientAndRemainder(dividingBy: stages)
    let chunk = group % chunks
    // What the last stage sent is picked up a round later.
    clocks.forwardArrival[0] = chunk == 0 ? .zero : clocks.forwardArrival[stages]
    // Downwards, so that each input is read before the next one arrives.
    if last > edge {
      let chunkBefore = chunk == 0 ? chunks - 1 : chunk - 1
      runForwards(from: max(first, edge + 1), to: last, chunkBefore * stages)
    }
    runForwards(from: first, to: min(last, edge), chunk * stages)
  }

  private func playBackwards(_ round: Int) {
    let number = round - (chunks - 1) * stages
    let first = max(0, stages - 1 - number)
    let last = min(stages - 1, stages - 1 - (number - passes + 1))
    guard first <= last else { return }
    let (group, distance) = number.quotientAndRemainder(dividingBy: stages)
    let edge = stages - 1 - distance
    let chunk = chunks - 1 - group % chunks
    clocks.backwardArrival[stages - 1] = chunk == chunks - 1 ? .zero : clocks.backwardArrival[-1]
    if first < edge {
      let chunkBefore = chunk == chunks - 1 ? 0 : chunk + 1
      runBackwards(from: first, to: min(last, edge - 1), chunkBefore * stages)
    }
    runBackwards(from: max(first, edge), to: last, chunk * stages)
  }

  /// - Parameter chunk: virtual stage of the chunk at stage 0.
  @inline(__always)
  private func runForwards(from first: Int, to last: Int, _ chunk: Int) {
    let clocks = clocks
    var stage = last
    while stage >= first {
      clocks.runForward(stage, chunk: chunk)
      stage -= 1
    }
  }

  @inline(__always)
  private func runBackwards(from first: Int, to last: Int, _ chunk: Int) {
    let clocks = clocks
    var stage = first
    while stage <= last {
      clocks.runBackward(stage, chunk: chunk)
      stage += 1
    }
  }
}
