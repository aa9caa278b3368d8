import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9169, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 0.9152, scaleUp: 0.5325, network: 0.7182,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2443, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7074, scaleUp: 0.4109, network: 0.5,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.7933, matrixFP8: 0.7478, attention: 0.7324, shardedMatrix: 0.9064,
        shardedAttention: 0.4465, memory: 0.8765, scaleUp: 0.8634, network: 0.8838,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9823, matrixFP8: 0.899, attention: 0.4418, shardedMatrix: 0.7798,
        shardedAttention: 0.2758, memory: 0.7596, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.219, expertWait: .micro(2781)),
      .blackwell: ChipEfficiency(
        matrix: 0.6047, matrixFP8: 1.013, attention: 0.6267, shardedMatrix: 1.038,
        shardedAttention: 0.1538, memory: 0.8396, scaleUp: 0.7974, network: 0.7512,
        tensorExposure: 0.6807, expertWait: .micro(991.8)),
      .graceBlackwell: ChipEfficiency(
        matrix: 0.8344, matrixFP8: 0.8213, attention: 0.7223, shardedMatrix: 0.9233,
        shardedAttention: 0.4671, memory: 0.895, scaleUp: 0.7894, network: 0.7406,
        tensorExposure: 0.7206, expertWait: .micro(320.4)),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.9904, matrixFP8: 0.9049, attention: 0.9233, shardedMatrix: 1.03,
        shardedAttention: 0.5946, memory: 0.9012, scaleUp: 0.8022, network: 0.7524,
        tensorExposure: 0.6361, expertWait: .micro(1367)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 33.18, matrixWave: 1516000, kernelLaunch: .micro(3.944),
      scaleUpLatency: .micro(9.291), networkLatency: .micro(8.046), gradientOverlap: 0.5676,
      weightGatherOverlap: 1, gathersPerLayer: 12.87, stepOverhead: .micro(5887),
      microBatchOverhead: .micro(315.7), misalignedRate: 0.03763, attentionHalfHead: 4.423,
      attentionHalfLength: 125.8, scoreTraffic: 1.549, castTraffic: 0.8056, expertRate: 0.6666,
      expertTraffic: 0.7806, expertExposure: 0.3822, expertNetworkExposure: 0.125,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9713, traffic: 1, hostForward: .micro(60.65),
      hostBackward: .micro(31.25), stepOverhead: .micro(0), stragglerGrowth: 0.006537),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.044, traffic: 1.372, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.086, traffic: 1.986, hostForward: .micro(6.262),
      hostBackward: .micro(6.118), stepOverhead: .micro(36520), stragglerGrowth: 0.002789))
}
