import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9355, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 0.8564, scaleUp: 0.5027, network: 0.6727,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2931, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7352, scaleUp: 0.4276, network: 0.3965,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.8051, matrixFP8: 0.7478, attention: 0.7941, shardedMatrix: 0.9161,
        shardedAttention: 0.4743, memory: 0.8874, scaleUp: 0.8515, network: 0.9836,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9735, matrixFP8: 0.9222, attention: 0.4608, shardedMatrix: 0.7867,
        shardedAttention: 0.2902, memory: 0.8138, scaleUp: 0.8921, network: 1,
        tensorExposure: 0.2487, expertWait: .micro(3191)),
      .blackwell: ChipEfficiency(
        matrix: 0.6119, matrixFP8: 1.1, attention: 0.6484, shardedMatrix: 1.052,
        shardedAttention: 0.1819, memory: 0.8297, scaleUp: 0.7867, network: 0.7527,
        tensorExposure: 0.8862, expertWait: .micro(1000)),
      .graceBlackwell: ChipEfficiency(
        matrix: 0.8291, matrixFP8: 0.8208, attention: 0.7514, shardedMatrix: 0.9389,
        shardedAttention: 0.5084, memory: 0.9558, scaleUp: 0.7805, network: 0.7338,
        tensorExposure: 0.7692, expertWait: .micro(551.9)),
      .blackwellUltra: ChipEfficiency(
        matrix: 1.053, matrixFP8: 0.9005, attention: 1.109, shardedMatrix: 1.07,
        shardedAttention: 0.7357, memory: 0.924, scaleUp: 0.7181, network: 0.752,
        tensorExposure: 0.4634, expertWait: .micro(2079)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 30.08, matrixWave: 1675000, kernelLaunch: .micro(2.26),
      scaleUpLatency: .micro(6.862), networkLatency: .micro(7.992), gradientOverlap: 0.3583,
      weightGatherOverlap: 1, gathersPerLayer: 12.05, stepOverhead: .micro(2211),
      microBatchOverhead: .micro(356.6), misalignedRate: 0.03704, attentionHalfHead: 9.734,
      attentionHalfLength: 178, scoreTraffic: 1.438, castTraffic: 1.142, expertRate: 0.727,
      expertTraffic: 0.5946, expertExposure: 0.527, expertNetworkExposure: 0.1676,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9642, traffic: 1, hostForward: .micro(64.82),
      hostBackward: .micro(28.35), stepOverhead: .micro(0), stragglerGrowth: 0.02655),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.057, traffic: 1.616, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.087, traffic: 2.266, hostForward: .micro(6.155),
      hostBackward: .micro(6.067), stepOverhead: .micro(40500), stragglerGrowth: 0.001667))
}
