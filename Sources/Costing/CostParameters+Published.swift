import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9078, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 1.002, scaleUp: 0.5116, network: 0.6993,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2513, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7346, scaleUp: 0.4119, network: 0.472,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.7896, matrixFP8: 0.7478, attention: 0.8252, shardedMatrix: 0.9148,
        shardedAttention: 0.4696, memory: 0.944, scaleUp: 0.8453, network: 0.8912,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9704, matrixFP8: 0.9179, attention: 0.4736, shardedMatrix: 0.7922,
        shardedAttention: 0.2886, memory: 0.8118, scaleUp: 0.9096, network: 1,
        tensorExposure: 0.2389, expertWait: .micro(3044)),
      .blackwell: ChipEfficiency(
        matrix: 0.6114, matrixFP8: 1.1, attention: 0.6468, shardedMatrix: 1.067,
        shardedAttention: 0.1789, memory: 0.8206, scaleUp: 0.8001, network: 0.7524,
        tensorExposure: 0.8135, expertWait: .micro(1000)),
      .graceBlackwell: ChipEfficiency(
        matrix: 0.8376, matrixFP8: 0.8279, attention: 0.7965, shardedMatrix: 0.9386,
        shardedAttention: 0.507, memory: 0.9732, scaleUp: 0.8071, network: 0.7176,
        tensorExposure: 0.7816, expertWait: .micro(509.6)),
      .blackwellUltra: ChipEfficiency(
        matrix: 1.027, matrixFP8: 0.9039, attention: 1.2, shardedMatrix: 1.07,
        shardedAttention: 0.7351, memory: 0.931, scaleUp: 0.8216, network: 0.7521,
        tensorExposure: 0.6122, expertWait: .micro(1853)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 37.02, matrixWave: 1676000, kernelLaunch: .micro(2.75),
      scaleUpLatency: .micro(6.968), networkLatency: .micro(7.993), gradientOverlap: 0.5704,
      weightGatherOverlap: 1, gathersPerLayer: 16.25, stepOverhead: .micro(6231),
      microBatchOverhead: .micro(349.1), misalignedRate: 0.03743, attentionHalfHead: 9.152,
      attentionHalfLength: 180.6, scoreTraffic: 1.88, castTraffic: 1.031, expertRate: 0.7066,
      expertTraffic: 0.6601, expertExposure: 0.5062, expertNetworkExposure: 0.1599,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9349, traffic: 1, hostForward: .micro(63.58),
      hostBackward: .micro(29.08), stepOverhead: .micro(0), stragglerGrowth: 0.007022),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.055, traffic: 1.615, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.085, traffic: 2.331, hostForward: .micro(6.472),
      hostBackward: .micro(6.208), stepOverhead: .micro(39120), stragglerGrowth: 0.002056))
}
