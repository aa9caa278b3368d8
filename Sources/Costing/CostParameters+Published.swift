import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9271, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.911,
        shardedAttention: 0.4125, memory: 0.8952, scaleUp: 0.5258, network: 0.7127,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.2463, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.2375,
        shardedAttention: 0.4125, memory: 0.7138, scaleUp: 0.4144, network: 0.458,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.7863, matrixFP8: 0.7478, attention: 0.7479, shardedMatrix: 0.9118,
        shardedAttention: 0.4439, memory: 0.9024, scaleUp: 0.8681, network: 0.8805,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9746, matrixFP8: 0.9089, attention: 0.4263, shardedMatrix: 0.7884,
        shardedAttention: 0.2749, memory: 0.7896, scaleUp: 0.889, network: 1,
        tensorExposure: 0.1265, expertWait: .micro(2961)),
      .blackwell: ChipEfficiency(
        matrix: 0.6614, matrixFP8: 0.8975, attention: 0.6574, shardedMatrix: 0.9493,
        shardedAttention: 0.4181, memory: 0.8035, scaleUp: 0.8034, network: 0.741,
        tensorExposure: 0.6837, expertWait: .micro(10)),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.9733, matrixFP8: 0.9393, attention: 0.9126, shardedMatrix: 1.026,
        shardedAttention: 0.5919, memory: 0.905, scaleUp: 0.8013, network: 0.7524,
        tensorExposure: 0.6362, expertWait: .micro(1387)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 53.44, matrixWave: 1493000, kernelLaunch: .micro(3.696),
      scaleUpLatency: .micro(9.047), networkLatency: .micro(7.889), gradientOverlap: 0.5643,
      weightGatherOverlap: 1, gathersPerLayer: 12.25, stepOverhead: .micro(5964),
      microBatchOverhead: .micro(297.8), misalignedRate: 0.04167, attentionHalfHead: 3.156,
      attentionHalfLength: 42.61, scoreTraffic: 1.569, castTraffic: 1.089, expertRate: 0.7247,
      expertTraffic: 0.9891, expertExposure: 0.3796, expertNetworkExposure: 0.125,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.1, backward: 0.9715, traffic: 1, hostForward: .micro(60.22),
      hostBackward: .micro(32.58), stepOverhead: .micro(0), stragglerGrowth: 0.005399),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.049, traffic: 1.61, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.103, traffic: 1.922, hostForward: .micro(6.242),
      hostBackward: .micro(6.113), stepOverhead: .micro(35280), stragglerGrowth: 0.002451))
}
