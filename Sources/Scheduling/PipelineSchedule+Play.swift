import Quantities

extension PipelineSchedule {
  /// Plays one step.
  ///
  /// - Precondition: `obstacle(...)` is nil and `microBatches` positive.
  /// - Complexity: O(stages) for GPipe; else O(stages) for each round until the steady state
  ///   repeats, about `microBatches * chunksPerStage` rounds if it does not. With a timeline,
  ///   O(stages * chunks * micro-batches).
  package func play(
    _ times: PipelineTimes, microBatches: Int, withTimeline: Bool = false
  ) -> Playback {
    requirePlayable(times, microBatches)
    let grid = TimeGrid(times, microBatches: microBatches)
    let durations = PassDurations(times, schedule: self, grid: grid)
    defer { durations.deallocate() }
    let makespan = makespan(durations, microBatches)
    return Playback(
      makespan: Seconds(makespan.x), makespanWithFreeSends: Seconds(makespan.y),
      busy: durations.busy(microBatches: microBatches),
      recompute: durations.recompute(times, microBatches: microBatches),
      peakInFlight: (0..<times.stages).map {
        inFlightMicroBatches(
          atStage: $0, stages: times.stages, chunksPerStage: times.chunksPerStage,
          microBatches: microBatches)
      },
      timeline: withTimeline ? timeline(times, microBatches: microBatches, grid: grid) : nil)
  }

  /// Only how long one step takes: `play(times, microBatches:).makespan` without the rest.
  package func makespan(_ times: PipelineTimes, microBatches: Int) -> Seconds {
    requirePlayable(times, microBatches)
    let grid = TimeGrid(times, microBatches: microBatches)
    let durations = PassDurations(times, schedule: self, grid: grid)
    defer { durations.deallocate() }
    return Seconds(makespan(durations, microBatches).x)
  }

  private func requirePlayable(_ times: PipelineTimes, _ microBatches: Int) {
    precondition(microBatches >= 1, "a step has a micro-batch")
    let obstacle = obstacle(
      stages: times.stages, chunksPerStage: times.chunksPerStage, microBatches: microBatches)
    precondition(obstacle == nil, "the schedule can run this pipeline")
  }

  /// How long one step takes with the sends as they are, and with free ones: the schedule fixes the
  /// order of the passes, so that both plays are the same additions and maxima of other times.
  ///
  /// - Parameter fastForwarding: whether to jump over a repeating steady state, which changes no
  ///   result.
  func makespan(
    _ durations: PassDurations, _ microBatches: Int, fastForwarding: Bool = true
  ) -> PlayedTime {
    durations.resetClocks()
    let free: UnsafeMutablePointer<PlayedTime>
    switch self {
    case .gpipe:
      return FlowShop(durations).makespan(microBatches: microBatches)
    case .oneForwardOneBackward, .zeroBubble:
      let player = OneChunkRounds(
        durations, microBatches: microBatches, delaysWeights: splitsBackward)
      _ = player.playStep(fastForwarding: fastForwarding)
      free = player.free
    case .interleaved:
      let player = InterleavedRounds(durations, microBatches: microBatches)
      _ = player.playStep(fastForwarding: fastForwarding)
      free = player.free
    }
    var latest = PlayedTime.zero
    for stage in 0..<durations.stages { latest = pointwiseMax(latest, free[stage]) }
    return latest
  }

  /// Whether input and weight gradients are passes of their own.
  package var splitsBackward: Bool { self == .zeroBubble }
}
