import Quantities

/// The kind of training framework that runs a job, as far as a request tells: it decides which
/// kernels run, how fast the host feeds them, and what communication hides behind them.
///
/// A request states precision, chips and sharding, not the framework; each of them has its habitual
/// one, and a plan says which was assumed.
package enum SoftwareStack: String, Hashable, Sendable, CaseIterable {
  /// fp16 with loss scaling on chips up to Ampere: the Megatron-LM and DeepSpeed of 2019 to 2022.
  /// Attention scores are written out, kernels are launched one by one from Python, gradients are
  /// reduced after the backward pass, and sharded weights (ZeRO-3) are gathered tensor by tensor, in
  /// the open.
  case lossScaled
  /// Fully sharded weights of a dense model whose layers are not split otherwise, but for their tokens
  /// (PyTorch FSDP, torchtitan, LLM Foundry): model code for one GPU, with the framework's own kernels.
  case fullySharded
  /// Hand-fused kernels (Megatron Core, Transformer Engine, NeMo).
  case fused

  package init(_ job: TrainingJob, _ parallelism: LayerParallelism, hasExperts: Bool) {
    let isForOneGPU = parallelism.tensor == 1 && parallelism.expert == 1 && !hasExperts
    self.init(job)
    if self == .fused, parallelism.zeroStage == .weights, isForOneGPU { self = .fullySharded }
  }

  /// Of a job, before it is split.
  package init(_ job: TrainingJob) {
    self = job.isLossScaled ? .lossScaled : .fused
  }
}

/// How one stack differs from the others on the same chip.
package struct StackEfficiency: Hashable, Sendable {
  /// Rate of matrix products, as a part of the chip's.
  package var matrix: Double
  /// Time of the backward pass over that of its products at the forward pass's rate, for other memory
  /// layouts. In the fused stack: beside tensor-parallel traffic, which takes part of the chip. With or
  /// without sequence parallelism, Megatron Core runs it while weight gradients are computed.
  package var backward: Double
  /// Memory traffic of element-wise kernels, as a multiple of perfectly fused ones'.
  package var traffic: Double
  /// From the launch of one kernel to that of the next, when the GPU is faster than the host.
  package var hostForward: Seconds
  package var hostBackward: Seconds
  /// What the framework's own step adds beside passes, reduction and update: collectives and waits of
  /// the host that many of today's have (gradient norm, checks of health, timers, first gathers).
  package var stepOverhead: Seconds
  /// Growth of the step per doubling of replicas, no more than there are nodes, from waiting for the slowest.
  package var stragglerGrowth: Double

  package init(
    matrix: Double, backward: Double, traffic: Double, hostForward: Seconds,
    hostBackward: Seconds, stepOverhead: Seconds, stragglerGrowth: Double
  ) {
    self.matrix = matrix
    self.backward = backward
    self.traffic = traffic
    self.hostForward = hostForward
    self.hostBackward = hostBackward
    self.stepOverhead = stepOverhead
    self.stragglerGrowth = stragglerGrowth
  }
}
