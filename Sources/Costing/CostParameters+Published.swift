import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.8029, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.938, scaleUp: 0.5789, network: 0.7128, tensorExposure: 0.6),
      .turing: ChipEfficiency(
        matrix: 0.3, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95, shardedAttention: 0.6,
        memory: 0.4889, scaleUp: 0.2, network: 0.3616, tensorExposure: 0.6),
      .ampere: ChipEfficiency(
        matrix: 0.7009, matrixFP8: 0.65, attention: 0.5097, shardedMatrix: 1.058,
        shardedAttention: 0.7529, memory: 1.013, scaleUp: 0.9116, network: 0.9148,
        tensorExposure: 0.6),
      .hopper: ChipEfficiency(
        matrix: 0.7722, matrixFP8: 0.8323, attention: 0.3352, shardedMatrix: 0.79,
        shardedAttention: 0.6518, memory: 0.6528, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.1685),
      .blackwell: ChipEfficiency(
        matrix: 0.6677, matrixFP8: 0.7812, attention: 0.3172, shardedMatrix: 1.15,
        shardedAttention: 0.1872, memory: 0.9814, scaleUp: 0.635, network: 0.7234,
        tensorExposure: 0.9062),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.8291, matrixFP8: 0.8192, attention: 0.7666, shardedMatrix: 1.001,
        shardedAttention: 0.7206, memory: 0.8743, scaleUp: 0.5558, network: 0.753,
        tensorExposure: 0.5621),
    ],
    software: SoftwareEfficiency(
      matrixFill: 58.86, matrixWave: 1654000, kernelLaunch: .micro(2.761),
      scaleUpLatency: .micro(13.26), networkLatency: .micro(7.37), gradientOverlap: 0.8189,
      weightGatherOverlap: 1, gathersPerLayer: 9.103, stepOverhead: .micro(35960),
      microBatchOverhead: .micro(50.36), misalignedRate: 0.2, attentionHalfHead: 5.605,
      attentionHalfLength: 1, scoreTraffic: 1.417, castTraffic: 1.251, expertRate: 0.5437,
      expertTraffic: 2.349, expertExposure: 0.02, expertNetworkExposure: 0.3009,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 0.9966, backward: 0.9874, traffic: 1, hostForward: .micro(38.46),
      hostBackward: .micro(44.65), stragglerGrowth: 0.002735),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.023, traffic: 1.054, hostForward: .micro(6), hostBackward: .micro(6),
      stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.125, traffic: 1, hostForward: .micro(6.087),
      hostBackward: .micro(6.119), stragglerGrowth: 0.00151))
}
