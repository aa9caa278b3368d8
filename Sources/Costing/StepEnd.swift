import Quantities

/// What a stage does once a step beside its micro-batches: reducing gradients over the replicas and
/// updating the weights.
package struct StepEnd: Hashable, Sendable {
  private let collectives: CollectiveTime
  private let kernels: KernelTime
  private let job: TrainingJob
  private let parallelism: LayerParallelism

  package init(
    collectives: CollectiveTime, kernels: KernelTime, job: TrainingJob,
    parallelism: LayerParallelism
  ) {
    self.collectives = collectives
    self.kernels = kernels
    self.job = job
    self.parallelism = parallelism
  }

  /// Gradient reduction, and the gathering of updated weights, that one micro-batch's backward and
  /// forward pass of the stage do not hide.
  ///
  /// ZeRO-0 all-reduces; ZeRO-1 and 2 reduce-scatter gradients and all-gather weights, the same
  /// volume; ZeRO-2 scatters after every micro-batch, since it keeps no whole gradient; ZeRO-3 has
  /// paid with every layer.
  package func exposedReduction(
    parameters: Double, expertParameters: Double, tiedBytes: ByteCount, forward: Seconds,
    backward: Seconds, microBatches: Int
  ) -> Seconds {
    let overlap = Self.overlap(kernels.software, job)
    var exposed = Seconds.zero
    switch parallelism.zeroStage {
    case .none:
      let whole =
        allReduce(parameters * job.gradientBytes, .data)
        + allReduce(expertParameters * job.gradientBytes, .expertData)
      exposed += kernels.software.exposed(whole, behind: backward * overlap)
    case .optimizer, .gradients:
      let scatter =
        shard(parameters * job.gradientBytes, .data)
        + shard(expertParameters * job.gradientBytes, .expertData)
      let gather =
        shard(parameters * job.gatheredWeightBytes, .data)
        + shard(expertParameters * job.gatheredWeightBytes, .expertData)
      let rounds = parallelism.zeroStage == .gradients ? microBatches : 1
      exposed += kernels.software.exposed(scatter, behind: backward * overlap) * rounds
      exposed += kernels.software.exposed(gather, behind: forward * overlap)
    case .weights: break
    }
    return exposed + ByteCount(tiedBytes.value) / sendRate
  }

  /// The part of a micro-batch's passes behind which a reduction hides.
  package static func overlap(_ software: SoftwareEfficiency, _ job: TrainingJob) -> Double {
    // The loss-scaled stacks reduce once all gradients are there.
    job.isLossScaled ? 0 : software.gradientOverlap
  }

  /// The two copies of a tied embedding add their gradients: an all-reduce of two.
  private var sendRate: Bandwidth { collectives.outermostBandwidth }

  /// Reads and writes every state of this GPU's shard once.
  ///
  /// The loss-scaled stacks go over the 32-bit gradient several times before: they copy it from the
  /// narrow one, unscale and check it, take its norm, clip it (1 + 2 + 1 + 2 passes), and read it and the
  /// new master copy once more in kernels of their own (Megatron-LM's `Float16OptimizerWithFloat16Params`).
  package func optimizerTime(parameters: Double, expertParameters: Double) -> Seconds {
    let replicas = Double(parallelism.data * parallelism.context)
    let expertReplicas = max(
      1, replicas * Double(parallelism.tensor) / Double(parallelism.expert))
    let isSharded = parallelism.zeroStage >= .optimizer
    let owned =
      parameters / (isSharded ? replicas : 1)
      + expertParameters / (isSharded ? expertReplicas : 1)
    let passes = job.isLossScaled ? Self.lossScaledPasses : 0
    let bytes =
      job.gradientBytes + 2 * job.optimizerBytes + job.precision.weightBytes + 4 * passes
    return kernels.traffic(owned * bytes)
  }

  /// Over 32-bit values, beside what every optimizer reads and writes.
  private static let lossScaledPasses = 8.0

  private func shard(_ bytes: Double, _ axis: CollectiveTime.Axis) -> Seconds {
    bytes > 0 ? collectives.shard(ByteCount(bytes), axis) : .zero
  }

  private func allReduce(_ bytes: Double, _ axis: CollectiveTime.Axis) -> Seconds {
    bytes > 0 ? collectives.allReduce(ByteCount(bytes), axis) : .zero
  }
}
