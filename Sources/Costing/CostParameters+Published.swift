import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.7404, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9471, scaleUp: 0.614, network: 0.7136, tensorExposure: 0.6),
      .turing: ChipEfficiency(
        matrix: 0.2, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95, shardedAttention: 0.6,
        memory: 0.8026, scaleUp: 0.2, network: 0.4401, tensorExposure: 0.6),
      .ampere: ChipEfficiency(
        matrix: 0.6656, matrixFP8: 0.65, attention: 0.5938, shardedMatrix: 1.15,
        shardedAttention: 0.6358, memory: 0.9976, scaleUp: 0.883, network: 0.8833,
        tensorExposure: 0.6),
      .hopper: ChipEfficiency(
        matrix: 0.7537, matrixFP8: 0.7524, attention: 0.322, shardedMatrix: 0.8484,
        shardedAttention: 0.6627, memory: 0.7873, scaleUp: 0.8889, network: 1, tensorExposure: 0.05),
      .blackwell: ChipEfficiency(
        matrix: 0.5899, matrixFP8: 0.6595, attention: 0.4379, shardedMatrix: 1.114,
        shardedAttention: 0.6217, memory: 0.7909, scaleUp: 0.8044, network: 0.7422,
        tensorExposure: 0.6357),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.8603, matrixFP8: 0.7478, attention: 0.7169, shardedMatrix: 1.075,
        shardedAttention: 0.8466, memory: 0.862, scaleUp: 0.795, network: 0.7517,
        tensorExposure: 0.6772),
    ],
    software: SoftwareEfficiency(
      matrixFill: 26.95, matrixWave: 1566000, kernelLaunch: .micro(4.487),
      scaleUpLatency: .micro(13.05), networkLatency: .micro(7.915), gradientOverlap: 0.7524,
      weightGatherOverlap: 1, gathersPerLayer: 9.562, stepOverhead: .micro(38670),
      microBatchOverhead: .micro(327), misalignedRate: 0.03972, attentionHalfHead: 1.912,
      attentionHalfLength: 168.3, scoreTraffic: 1.396, castTraffic: 1.66, expertRate: 0.4383,
      expertTraffic: 0.9749, expertExposure: 0.02, expertNetworkExposure: 0.02,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 1.051, backward: 0.9804, traffic: 1, hostForward: .micro(38.35),
      hostBackward: .micro(41.52), stragglerGrowth: 0.001621),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.026, traffic: 1.36, hostForward: .micro(6), hostBackward: .micro(6),
      stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.105, traffic: 1.595, hostForward: .micro(6.453),
      hostBackward: .micro(6.183), stragglerGrowth: 0.004944))
}
