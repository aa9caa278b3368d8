import Quantities
import Scheduling

/// What a plan takes if its schedule is played, every stage counted, from the same measurements as the
/// judge's: the estimate that the judge's formula leaves things out of.
///
/// Played are slow stages in the middle, sends between stages, hidden states laid out anew where the
/// degree changes, and the reduction of the embedding's gradients. Optimizer steps are in neither.
package struct PlayedEstimate: Hashable, Sendable {
  package var seconds: Double
  package var samplesPerSecond: Double
  package var bubbleFraction: Double
  /// By stage, one micro-batch, sends left out.
  package var forward: [Double]
  package var backward: [Double]
}

extension Judge {
  /// Passes up to which each stage's end is played; beyond, all stages are taken to end together.
  private static var playedPasses: Int { 200_000 }

  /// Complexity: O(layers + stages · micro-batches).
  package func played(_ plan: LayerwisePlan) -> PlayedEstimate {
    let ends = endTime(plan.embedding)
    var times: [LayerStrategy: LayerTime] = [:]
    for strategy in Set(plan.layers) { times[strategy] = layerTime(strategy) }
    var forward = ends.forward
    var whole = ends.withoutSync
    var exposed = zip(ends.withSync, ends.withoutSync).map { $0 - $1 }
    var sends: [Seconds] = []
    let milli = 0.001 * job.run.timeFactor
    for (stage, range) in plan.stageRanges.enumerated() {
      var before = stage == 0 ? plan.embedding : nil
      for strategy in plan.layers[range] {
        let time = times[strategy]!
        let again = before.map { relayout(from: $0, to: strategy) * milli } ?? 0
        forward[stage] += time.forward + again
        whole[stage] += time.withoutSync - stageExchange(strategy) * milli + 2 * again
        exposed[stage] += time.exposure
        before = strategy
      }
      guard let last = plan.layers[range].last else { continue }
      if stage == stages - 1 {
        let again = relayout(from: last, to: plan.embedding) * milli
        forward[stage] += again
        whole[stage] += 2 * again
      } else {
        let size = job.hiddenStates(samples: samples(last))
        sends.append(Seconds(size / job.stageBandwidth[stages]! * milli))
      }
    }
    let backward = zip(whole, forward).map { max(0, $0 - $1) }
    let pipeline = PipelineTimes(
      stages: stages, forward: forward.map { Seconds($0) },
      backwardInput: backward.map { Seconds($0) },
      backwardWeight: Array(repeating: .zero, count: stages), sendForward: sends,
      sendBackward: sends)
    return estimate(pipeline, exposed, forward, backward)
  }

  private func estimate(
    _ times: PipelineTimes, _ exposed: [Double], _ forward: [Double], _ backward: [Double]
  ) -> PlayedEstimate {
    let schedule: PipelineSchedule = job.run.schedule == .gpipe ? .gpipe : .oneForwardOneBackward
    let listsPasses = 2 * stages * microBatches <= Self.playedPasses
    let played = schedule.play(times, microBatches: microBatches, withTimeline: listsPasses)
    var ends = Array(
      repeating: listsPasses ? 0 : played.makespan.value, count: stages)
    for slot in played.timeline ?? [] where !slot.kind.isSend {
      ends[slot.stage] = max(ends[slot.stage], slot.end.value)
    }
    let seconds = zip(ends, exposed).reduce(0.0) { max($0, $1.0 + $1.1) }
    return PlayedEstimate(
      seconds: seconds, samplesPerSecond: Double(globalBatchSize) / seconds,
      bubbleFraction: played.bubbleFraction, forward: forward, backward: backward)
  }

  /// Milliseconds to lay hidden states out for another degree: an all-gather in the larger group.
  private func relayout(from a: LayerStrategy, to b: LayerStrategy) -> Double {
    guard job.run.sequenceParallel, a.degree != b.degree else { return 0 }
    let larger = max(a.degree, b.degree)
    guard let bandwidth = job.consecutiveBandwidth[larger] else { return 0 }
    let samples = Double(globalBatchSize) / Double(microBatches) / Double(stageGPUs / larger)
    let size = samples * job.hiddenStates(samples: 1)
    return Double(larger - 1) / Double(larger) * size / bandwidth
  }
}
