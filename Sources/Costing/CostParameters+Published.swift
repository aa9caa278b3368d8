import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9289, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9491, scaleUp: 0.6113, network: 0.7129, tensorExposure: 0.6
      ),
      .turing: ChipEfficiency(
        matrix: 0.25, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.8028, scaleUp: 0.2, network: 0.4423, tensorExposure: 0.6),
      .ampere: ChipEfficiency(
        matrix: 0.7671, matrixFP8: 0.7478, attention: 0.6766, shardedMatrix: 1.15,
        shardedAttention: 0.6391, memory: 1, scaleUp: 0.8859, network: 0.8855, tensorExposure: 0.6),
      .hopper: ChipEfficiency(
        matrix: 0.9324, matrixFP8: 0.9304, attention: 0.405, shardedMatrix: 0.852,
        shardedAttention: 0.6549, memory: 0.7954, scaleUp: 0.8889, network: 1, tensorExposure: 0.05),
      .blackwell: ChipEfficiency(
        matrix: 0.7754, matrixFP8: 0.893, attention: 0.603, shardedMatrix: 1.097,
        shardedAttention: 0.6161, memory: 0.7896, scaleUp: 0.8113, network: 0.7445,
        tensorExposure: 0.5979),
      .blackwellUltra: ChipEfficiency(
        matrix: 1.077, matrixFP8: 0.9313, attention: 0.9029, shardedMatrix: 1.076,
        shardedAttention: 0.8455, memory: 0.8579, scaleUp: 0.7941, network: 0.7516,
        tensorExposure: 0.6809),
    ],
    software: SoftwareEfficiency(
      matrixFill: 25.52, matrixWave: 1557000, kernelLaunch: .micro(4.456),
      scaleUpLatency: .micro(13.11), networkLatency: .micro(7.85), gradientOverlap: 0.7357,
      weightGatherOverlap: 1, gathersPerLayer: 9.515, stepOverhead: .micro(38730),
      microBatchOverhead: .micro(327.7), misalignedRate: 0.03947, attentionHalfHead: 1.744,
      attentionHalfLength: 162.4, scoreTraffic: 1.417, castTraffic: 1.717, expertRate: 0.4357,
      expertTraffic: 0.9632, expertExposure: 0.02, expertNetworkExposure: 0.02058,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.048, backward: 0.9776, traffic: 1, hostForward: .micro(38.76),
      hostBackward: .micro(40.85), stragglerGrowth: 0.001792),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.024, traffic: 1.413, hostForward: .micro(6), hostBackward: .micro(6),
      stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.102, traffic: 1.614, hostForward: .micro(6.452),
      hostBackward: .micro(6.184), stragglerGrowth: 0.004597))
}
