import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.959, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9377, scaleUp: 0.5562, network: 0.7084,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .turing: ChipEfficiency(
        matrix: 0.25, matrixFP8: 0.8125, attention: 0.6875, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.7081, scaleUp: 0.2, network: 0.3988, tensorExposure: 0.6,
        expertWait: .micro(3099)),
      .ampere: ChipEfficiency(
        matrix: 0.7826, matrixFP8: 0.7478, attention: 0.6545, shardedMatrix: 1.15,
        shardedAttention: 0.6808, memory: 0.9709, scaleUp: 0.9046, network: 0.8592,
        tensorExposure: 0.6, expertWait: .micro(3099)),
      .hopper: ChipEfficiency(
        matrix: 0.9315, matrixFP8: 0.8873, attention: 0.4271, shardedMatrix: 0.8464,
        shardedAttention: 0.6413, memory: 0.8253, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.125, expertWait: .micro(3099)),
      .blackwell: ChipEfficiency(
        matrix: 0.7664, matrixFP8: 0.8653, attention: 0.6114, shardedMatrix: 1.13,
        shardedAttention: 0.6596, memory: 0.8119, scaleUp: 0.8062, network: 0.7541,
        tensorExposure: 0.6197, expertWait: .micro(47.23)),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.9608, matrixFP8: 0.9326, attention: 0.9479, shardedMatrix: 1.073,
        shardedAttention: 0.8364, memory: 0.885, scaleUp: 0.7974, network: 0.7524,
        tensorExposure: 0.6499, expertWait: .micro(1496)),
    ],
    software: SoftwareEfficiency(
      matrixFill: 45.38, matrixWave: 1883000, kernelLaunch: .micro(3.352),
      scaleUpLatency: .micro(9.362), networkLatency: .micro(8.019), gradientOverlap: 0.6222,
      weightGatherOverlap: 1, gathersPerLayer: 11.27, stepOverhead: .micro(6447),
      microBatchOverhead: .micro(279.6), misalignedRate: 0.04227, attentionHalfHead: 4.681,
      attentionHalfLength: 96.21, scoreTraffic: 1.621, castTraffic: 1.364, expertRate: 0.723,
      expertTraffic: 1.258, expertExposure: 0.3354, expertNetworkExposure: 0.02,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.07, backward: 0.9861, traffic: 1, hostForward: .micro(58.52),
      hostBackward: .micro(35.78), stepOverhead: .micro(0), stragglerGrowth: 0.003714),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.031, traffic: 1.601, hostForward: .micro(6), hostBackward: .micro(6),
      stepOverhead: .micro(0), stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.084, traffic: 1.64, hostForward: .micro(6.195),
      hostBackward: .micro(6.093), stepOverhead: .micro(35860), stragglerGrowth: 0.002586))
}
