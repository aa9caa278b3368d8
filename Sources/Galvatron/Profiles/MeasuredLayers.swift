import Costing
import Quantities
import Workload

/// Layer costs of the service's own model from Galvatron's profiles: times of kernels, times of
/// tensor-parallel exchanges and sizes of activations, each as far as it was measured. Parameters
/// need no measuring; what crosses data-parallel groups and stages is `MeasuredNetwork`'s.
package struct MeasuredLayers: LayerMeasurements {
  private let kinds: [Layer.Kind]
  private let job: MeasuredJob
  private let hasTimes: Bool
  private let hasEndTimes: Bool
  private let hasMemory: Bool
  /// Degrees whose exchanges were measured.
  private let exchanges: Set<Int>
  /// How many times as long kernels take as on the GPUs that were measured.
  private var slowdown = 1.0

  /// - Precondition: all transformer blocks are alike.
  package init(_ job: MeasuredJob, from profiles: MeasuredProfiles, kinds: [Layer.Kind]) {
    self.job = job
    self.kinds = kinds
    hasTimes = profiles.computation != nil
    hasEndTimes = !(profiles.computation?.ends.isEmpty ?? true)
    hasMemory = profiles.memory != nil
    exchanges = Set((profiles.messageTimes?.allReduce ?? [:]).keys)
  }

  package func slowed(to speed: Double) -> any LayerMeasurements {
    var slowed = self
    slowed.slowdown /= speed
    return slowed
  }

  package func replacing(
    _ costs: [LayerCost], for parallelism: LayerParallelism
  ) -> [LayerCost] {
    let share = parallelism.tensor * parallelism.context
    let samples = Double(parallelism.microBatchSize) / Double(share)
    let analyticEnds = zip(kinds, costs).reduce(0.0) { sum, pair in
      pair.0 == .transformerBlock ? sum : sum + pair.1.forward.compute.value
    }
    let endRatio =
      hasEndTimes && analyticEnds > 0
      ? slowdown * job.endForward.milliseconds(samples: samples) / 1000 / analyticEnds : 1
    return zip(kinds, costs).map { kind, cost in
      guard kind == .transformerBlock else { return cost.withCompute(scaledBy: endRatio) }
      var cost = cost
      if hasTimes, cost.forward.compute > .zero {
        let measured = Seconds.milli(slowdown * job.forward.milliseconds(samples: samples))
        cost = cost.withCompute(forward: measured)
      }
      measureExchanges(&cost, parallelism)
      measureActivations(&cost, parallelism)
      return cost
    }
  }

  /// Twice each way hidden states are gathered and scattered again, together an all-reduce.
  private func measureExchanges(_ cost: inout LayerCost, _ parallelism: LayerParallelism) {
    guard parallelism.tensor > 1, exchanges.contains(parallelism.tensor),
      let times = job.allReduce[parallelism.tensor]
    else { return }
    let size =
      job.hiddenStates(samples: parallelism.microBatchSize) / Double(parallelism.context)
    let time = Seconds.milli(2 * times.milliseconds(megabytes: size))
    cost.forward.tensor = time
    cost.backward.tensor = time
    cost.fullRecompute.tensor = time
  }

  private func measureActivations(_ cost: inout LayerCost, _ parallelism: LayerParallelism) {
    guard hasMemory, let one = job.layerActivations[parallelism.tensor],
      cost.activations > .zero
    else { return }
    let samples = Double(parallelism.microBatchSize) / Double(parallelism.context)
    let measured = ByteCount.mebi(one * samples)
    let kept = cost.selectiveActivations / cost.activations
    let isSplit = parallelism.sequenceParallel && parallelism.tensor > 1
    cost.activations = measured
    cost.selectiveActivations = measured * kept
    cost.fullActivations = ByteCount.mebi(
      job.recomputedActivations * samples / (isSplit ? Double(parallelism.tensor) : 1))
  }
}

extension LayerCost {
  /// A measured forward pass: the backward pass takes twice as long, as Galvatron has it, and what is
  /// recomputed or deferred of either keeps its part.
  fileprivate func withCompute(forward measured: Seconds) -> LayerCost {
    var cost = self
    let ratio = measured / forward.compute
    let deferred = backward.compute > .zero ? weightGradient / backward.compute : 0
    cost.forward.compute = measured
    cost.backward.compute = measured * 2.0
    cost.weightGradient = measured * (2 * deferred)
    cost.selectiveRecompute.compute = selectiveRecompute.compute * ratio
    cost.fullRecompute.compute = fullRecompute.compute * ratio
    return cost
  }

  fileprivate func withCompute(scaledBy ratio: Double) -> LayerCost {
    var cost = self
    cost.forward.compute = forward.compute * ratio
    cost.backward.compute = backward.compute * ratio
    cost.weightGradient = weightGradient * ratio
    cost.fullRecompute.compute = fullRecompute.compute * ratio
    cost.selectiveRecompute.compute = selectiveRecompute.compute * ratio
    return cost
  }
}
