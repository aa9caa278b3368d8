import Quantities

extension PipelineSchedule {
  /// Plays one step event by event, each stage running its passes in order as their inputs arrive.
  ///
  /// The slots come by stage, and at each stage in the order in which they happened; a send follows
  /// the pass that produced its tensor. Slots that take no time are left out.
  ///
  /// Complexity: O(passes).
  func timeline(_ times: PipelineTimes, microBatches: Int, grid: TimeGrid) -> [TimelineSlot] {
    var stages = (0..<times.stages).map { stage in
      StageClock(
        passes: passes(
          atStage: stage, stages: times.stages, chunksPerStage: times.chunksPerStage,
          microBatches: microBatches))
    }
    var tensors = TensorArrivals(times, microBatches: microBatches)
    let player = EventPlayer(times: times, grid: grid)
    var remaining = stages.reduce(0) { $0 + $1.passes.count }
    while remaining > 0 {
      let before = remaining
      for stage in stages.indices {
        while let pass = stages[stage].next, let arrival = tensors.arrival(of: pass, at: stage) {
          player.run(pass, at: stage, arrival: arrival, clock: &stages[stage], &tensors)
          remaining -= 1
        }
      }
      precondition(remaining < before, "the order of passes has no deadlock")
    }
    return stages.flatMap(\.slots)
  }
}

/// How far one stage is.
private struct StageClock {
  let passes: [PipelinePass]
  var done = 0
  var free = 0.0
  var forwardLinkFree = 0.0
  var backwardLinkFree = 0.0
  var slots: [TimelineSlot] = []

  init(passes: [PipelinePass]) { self.passes = passes }

  var next: PipelinePass? { done < passes.count ? passes[done] : nil }
}

/// When the tensors that a pass waits for are at its stage; nil while they are not yet sent.
private struct TensorArrivals {
  private let stages: Int
  private let microBatches: Int
  private var activations: [Double?]
  private var gradients: [Double?]

  init(_ times: PipelineTimes, microBatches: Int) {
    stages = times.stages
    self.microBatches = microBatches
    let none = [Double?](repeating: nil, count: times.virtualStages * microBatches)
    activations = none
    gradients = none
    for microBatch in 0..<microBatches { activations[microBatch] = 0 }
  }

  func arrival(of pass: PipelinePass, at stage: Int) -> Double? {
    let place = (pass.chunk * stages + stage) * microBatches + pass.microBatch
    switch pass.kind {
    case .forward: return activations[place]
    case .backward, .backwardInput: return gradients[place]
    case .backwardWeight: return 0
    }
  }

  mutating func setActivation(_ virtualStage: Int, _ microBatch: Int, _ time: Double) {
    activations[virtualStage * microBatches + microBatch] = time
  }

  mutating func setGradient(_ virtualStage: Int, _ microBatch: Int, _ time: Double) {
    gradients[virtualStage * microBatches + microBatch] = time
  }
}

private struct EventPlayer {
  let times: PipelineTimes
  let grid: TimeGrid

  func run(
    _ pass: PipelinePass, at stage: Int, arrival: Double, clock: inout StageClock,
    _ tensors: inout TensorArrivals
  ) {
    let k = times.virtualStage(stage: stage, chunk: pass.chunk)
    let last = times.virtualStages - 1
    let start = max(clock.free, arrival)
    clock.done += 1
    switch pass.kind {
    case .forward:
      let end = note(.forward, pass, stage, start, times.forward[k], &clock)
      // The loss follows the last virtual stage: its gradient is there at once.
      guard k < last else { return tensors.setGradient(k, pass.microBatch, end) }
      let sent = max(end, clock.forwardLinkFree)
      let there = note(.sendForward, pass, stage, sent, times.sendForward[k], &clock)
      clock.forwardLinkFree = there
      tensors.setActivation(k + 1, pass.microBatch, there)
    case .backward, .backwardInput:
      let again = note(.recompute, pass, stage, start, times.recompute[k], &clock)
      var end = start + grid.rounded(times.backwardInput[k])
      if pass.kind == .backward { end += grid.rounded(times.backwardWeight[k]) }
      let kind: TimelineSlot.Kind = pass.kind == .backward ? .backward : .backwardInput
      note(kind, pass, stage, again, until: end, &clock)
      guard k > 0 else { return }
      let sent = max(end, clock.backwardLinkFree)
      let there = note(.sendBackward, pass, stage, sent, times.sendBackward[k - 1], &clock)
      clock.backwardLinkFree = there
      tensors.setGradient(k - 1, pass.microBatch, there)
    case .backwardWeight:
      _ = note(.backwardWeight, pass, stage, start, times.backwardWeight[k], &clock)
    }
  }

  private func note(
    _ kind: TimelineSlot.Kind, _ pass: PipelinePass, _ stage: Int, _ start: Double,
    _ duration: Seconds, _ clock: inout StageClock
  ) -> Double {
    let end = start + grid.rounded(duration)
    note(kind, pass, stage, start, until: end, &clock)
    return end
  }

  private func note(
    _ kind: TimelineSlot.Kind, _ pass: PipelinePass, _ stage: Int, _ start: Double,
    until end: Double, _ clock: inout StageClock
  ) {
    if !kind.isSend || times.sendOccupiesSender { clock.free = end }
    guard end > start else { return }
    clock.slots.append(
      TimelineSlot(
        kind: kind, stage: stage, chunk: pass.chunk, microBatch: pass.microBatch,
        start: Seconds(start), end: Seconds(end)))
  }
}
