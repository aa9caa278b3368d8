import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.9591, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9376, scaleUp: 0.5565, network: 0.7084,
        tensorExposure: 0.6, expertWait: .micro(3088)),
      .turing: ChipEfficiency(
        matrix: 0.25, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.7084, scaleUp: 0.2, network: 0.3991, tensorExposure: 0.6,
        expertWait: .micro(3088)),
      .ampere: ChipEfficiency(
        matrix: 0.7823, matrixFP8: 0.7478, attention: 0.6547, shardedMatrix: 1.15,
        shardedAttention: 0.6805, memory: 0.9724, scaleUp: 0.9057, network: 0.8585,
        tensorExposure: 0.6, expertWait: .micro(3088)),
      .hopper: ChipEfficiency(
        matrix: 0.9291, matrixFP8: 0.8846, attention: 0.4261, shardedMatrix: 0.8494,
        shardedAttention: 0.6427, memory: 0.8217, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.06247, expertWait: .micro(3088)),
      .blackwell: ChipEfficiency(
        matrix: 0.7667, matrixFP8: 0.8672, attention: 0.6133, shardedMatrix: 1.13,
        shardedAttention: 0.658, memory: 0.814, scaleUp: 0.8113, network: 0.756,
        tensorExposure: 0.6117, expertWait: .micro(49.52)),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.9618, matrixFP8: 0.9341, attention: 0.9518, shardedMatrix: 1.073,
        shardedAttention: 0.8361, memory: 0.8872, scaleUp: 0.7985, network: 0.7524,
        tensorExposure: 0.6465, expertWait: .micro(1488)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 45.78, matrixWave: 1892000, kernelLaunch: .micro(3.383),
      scaleUpLatency: .micro(9.505), networkLatency: .micro(7.493), gradientOverlap: 0.6271,
      weightGatherOverlap: 1, gathersPerLayer: 11.28, stepOverhead: .micro(6400),
      microBatchOverhead: .micro(286.1), misalignedRate: 0.04233, attentionHalfHead: 4.684,
      attentionHalfLength: 99.17, scoreTraffic: 1.621, castTraffic: 1.382, expertRate: 0.7256,
      expertTraffic: 1.246, expertExposure: 0.3381, expertNetworkExposure: 0.02,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.07, backward: 0.986, traffic: 1, hostForward: .micro(58.44),
      hostBackward: .micro(35.8), stepOverhead: .micro(0), stragglerGrowth: 0.003697),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.03, traffic: 1.598, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.086, traffic: 1.641, hostForward: .micro(6.188),
      hostBackward: .micro(6.09), stepOverhead: .micro(35760), stragglerGrowth: 0.002801))
}
