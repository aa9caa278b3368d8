import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9188, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 0.9355, scaleUp: 0.5016, network: 0.6996,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2988, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7606, scaleUp: 0.4299, network: 0.3475,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.7914, matrixFP8: 0.7478, attention: 0.8735, shardedMatrix: 0.9169,
        shardedAttention: 0.4716, memory: 0.9243, scaleUp: 0.7924, network: 0.884,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9777, matrixFP8: 0.9246, attention: 0.4728, shardedMatrix: 0.7931,
        shardedAttention: 0.2893, memory: 0.8088, scaleUp: 0.9111, network: 1,
        tensorExposure: 0.2439, expertWait: .micro(3020)),
      .blackwell: ChipEfficiency(
        matrix: 0.6158, matrixFP8: 1.1, attention: 0.647, shardedMatrix: 1.061,
        shardedAttention: 0.178, memory: 0.8403, scaleUp: 0.7961, network: 0.7528,
        tensorExposure: 0.8417, expertWait: .micro(1000)),
      .graceBlackwell: ChipEfficiency(
        matrix: 0.8387, matrixFP8: 0.8282, attention: 0.8021, shardedMatrix: 0.9385,
        shardedAttention: 0.5077, memory: 0.9686, scaleUp: 0.8105, network: 0.7169,
        tensorExposure: 0.7745, expertWait: .micro(486.6)),
      .blackwellUltra: ChipEfficiency(
        matrix: 1.067, matrixFP8: 0.9018, attention: 1.2, shardedMatrix: 1.069,
        shardedAttention: 0.7357, memory: 0.926, scaleUp: 0.8273, network: 0.7523,
        tensorExposure: 0.6035, expertWait: .micro(2048)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 35.36, matrixWave: 1768000, kernelLaunch: .micro(2.344),
      scaleUpLatency: .micro(7.299), networkLatency: .micro(7.983), gradientOverlap: 0.5737,
      weightGatherOverlap: 1, gathersPerLayer: 15.64, stepOverhead: .micro(2161),
      microBatchOverhead: .micro(340.6), misalignedRate: 0.03673, attentionHalfHead: 9.467,
      attentionHalfLength: 194.8, scoreTraffic: 1.73, castTraffic: 1.07, expertRate: 0.6991,
      expertTraffic: 0.6454, expertExposure: 0.5314, expertNetworkExposure: 0.1604,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9239, traffic: 1, hostForward: .micro(64.65),
      hostBackward: .micro(29.41), stepOverhead: .micro(0), stragglerGrowth: 0.007263),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.055, traffic: 1.573, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.089, traffic: 2.299, hostForward: .micro(6.48),
      hostBackward: .micro(6.21), stepOverhead: .micro(43400), stragglerGrowth: 0.002193))
}
