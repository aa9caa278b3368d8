import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.7819, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9169, scaleUp: 0.6192, network: 0.7245, tensorExposure: 0.6
      ),
      .turing: ChipEfficiency(
        matrix: 0.2, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95, shardedAttention: 0.6,
        memory: 0.8509, scaleUp: 0.2, network: 0.4624, tensorExposure: 0.6),
      .ampere: ChipEfficiency(
        matrix: 0.7053, matrixFP8: 0.65, attention: 0.5777, shardedMatrix: 1.064,
        shardedAttention: 0.6548, memory: 0.9601, scaleUp: 0.9041, network: 0.903,
        tensorExposure: 0.6),
      .hopper: ChipEfficiency(
        matrix: 0.7683, matrixFP8: 0.7621, attention: 0.399, shardedMatrix: 0.8063,
        shardedAttention: 0.5417, memory: 0.6541, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.2032),
      .blackwell: ChipEfficiency(
        matrix: 0.6568, matrixFP8: 0.7764, attention: 0.3415, shardedMatrix: 1.15,
        shardedAttention: 0.172, memory: 0.9998, scaleUp: 0.6084, network: 0.7242,
        tensorExposure: 0.8684),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.8892, matrixFP8: 0.8038, attention: 0.8002, shardedMatrix: 1.003,
        shardedAttention: 0.7183, memory: 0.9067, scaleUp: 0.5391, network: 0.7534,
        tensorExposure: 0.5886),
    ],
    software: SoftwareEfficiency(
      matrixFill: 65.96, matrixWave: 1502000, kernelLaunch: .micro(3.657),
      scaleUpLatency: .micro(12.96), networkLatency: .micro(7.742), gradientOverlap: 0.8129,
      weightGatherOverlap: 1, gathersPerLayer: 9.484, stepOverhead: .micro(35030),
      microBatchOverhead: .micro(218.1), misalignedRate: 0.2, attentionHalfHead: 3.953,
      attentionHalfLength: 1, scoreTraffic: 1.209, castTraffic: 0.8503, expertRate: 0.4869,
      expertTraffic: 0.9467, expertExposure: 0.02, expertNetworkExposure: 0.2845,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 0.9722, backward: 0.977, traffic: 1, hostForward: .micro(39.92),
      hostBackward: .micro(42.99), stragglerGrowth: 0.001596),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.027, traffic: 1.114, hostForward: .micro(6), hostBackward: .micro(6),
      stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.147, traffic: 1.462, hostForward: .micro(6.081),
      hostBackward: .micro(6.135), stragglerGrowth: 0.003173))
}
