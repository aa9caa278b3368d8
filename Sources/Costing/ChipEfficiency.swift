import Quantities

/// How much of a chip's catalogue figures real kernels reach. One set an architecture, fitted on
/// published runs (see `CostParameters.published`); every number has a physical meaning and a range
/// it must lie in.
package struct ChipEfficiency: Hashable, Sendable {
  /// Part of what products can reach on the chip (`Accelerator.achievablePart` of the dense 16- or
  /// 32-bit peak) that a very large matrix product of a training step does.
  package var matrix: Double
  /// The same for 8-bit products, casts apart.
  package var matrixFP8: Double
  /// The same for hand-tuned fused attention forward, counting only the products that a causal mask
  /// leaves.
  package var attention: Double
  /// The same parts in fully sharded stacks, of products in 16 and in 8 bits and of attention: these have
  /// the framework's own kernels, which are written for an earlier architecture and fall behind on each
  /// later one.
  package var shardedMatrix: Double
  package var shardedAttention: Double
  /// Part of the memory bandwidth that element-wise kernels reach. Above 1 where the cache keeps
  /// what one kernel hands to the next.
  package var memory: Double
  /// Part of the scale-up link's bandwidth that large collectives reach.
  package var scaleUp: Double
  /// Part of the network interface's bandwidth that large collectives reach.
  package var network: Double
  /// Part of the tensor-parallel traffic that is not hidden behind matrix products, in stacks that
  /// overlap the two (with sequence parallelism).
  package var tensorExposure: Double
  /// What the host's waiting for the router's counts adds to a layer's forward pass. It cannot size the
  /// experts' products before, nor launch ahead what follows them (NVIDIA 2026, "Scalable Training of
  /// Mixture-of-Experts Models with Megatron Core", arXiv:2603.07685: host-boundedness). Of the chip's
  /// machines, as their hosts differ, and how much of a layer is launched as one graph.
  package var expertWait: Seconds

  package init(
    matrix: Double, matrixFP8: Double, attention: Double, shardedMatrix: Double,
    shardedAttention: Double, memory: Double, scaleUp: Double, network: Double,
    tensorExposure: Double, expertWait: Seconds
  ) {
    self.matrix = matrix
    self.matrixFP8 = matrixFP8
    self.attention = attention
    self.shardedMatrix = shardedMatrix
    self.shardedAttention = shardedAttention
    self.memory = memory
    self.scaleUp = scaleUp
    self.network = network
    self.tensorExposure = tensorExposure
    self.expertWait = expertWait
  }
}
