import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9328, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 0.8649, scaleUp: 0.5036, network: 0.673,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2931, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7339, scaleUp: 0.4275, network: 0.3957,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.8035, matrixFP8: 0.7478, attention: 0.8088, shardedMatrix: 0.9161,
        shardedAttention: 0.4741, memory: 0.8899, scaleUp: 0.8511, network: 0.9791,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9723, matrixFP8: 0.9228, attention: 0.4587, shardedMatrix: 0.7878,
        shardedAttention: 0.29, memory: 0.8155, scaleUp: 0.903, network: 1, tensorExposure: 0.2442,
        expertWait: .micro(3041)),
      .blackwell: ChipEfficiency(
        matrix: 0.6131, matrixFP8: 1.1, attention: 0.6494, shardedMatrix: 1.053,
        shardedAttention: 0.1818, memory: 0.8299, scaleUp: 0.7888, network: 0.7526,
        tensorExposure: 0.8767, expertWait: .micro(1000)),
      .graceBlackwell: ChipEfficiency(
        matrix: 0.8308, matrixFP8: 0.82, attention: 0.7612, shardedMatrix: 0.9377,
        shardedAttention: 0.5065, memory: 0.9585, scaleUp: 0.7921, network: 0.7327,
        tensorExposure: 0.7749, expertWait: .micro(496.5)),
      .blackwellUltra: ChipEfficiency(
        matrix: 1.064, matrixFP8: 0.8963, attention: 1.135, shardedMatrix: 1.068,
        shardedAttention: 0.7326, memory: 0.9265, scaleUp: 0.7265, network: 0.7523,
        tensorExposure: 0.4591, expertWait: .micro(2015)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 29.68, matrixWave: 1674000, kernelLaunch: .micro(2.242),
      scaleUpLatency: .micro(6.925), networkLatency: .micro(8.076), gradientOverlap: 0.3672,
      weightGatherOverlap: 1, gathersPerLayer: 12.15, stepOverhead: .micro(2203),
      microBatchOverhead: .micro(357.1), misalignedRate: 0.03698, attentionHalfHead: 9.755,
      attentionHalfLength: 183.4, scoreTraffic: 1.443, castTraffic: 1.137, expertRate: 0.6955,
      expertTraffic: 0.6503, expertExposure: 0.5052, expertNetworkExposure: 0.1598,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9623, traffic: 1, hostForward: .micro(64.82),
      hostBackward: .micro(28.39), stepOverhead: .micro(0), stragglerGrowth: 0.02622),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.056, traffic: 1.611, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.091, traffic: 2.253, hostForward: .micro(6.124),
      hostBackward: .micro(6.078), stepOverhead: .micro(41250), stragglerGrowth: 0.001538))
}
