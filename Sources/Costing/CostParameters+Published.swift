import Quantities

extension CostParameters {
  /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
  /// numbers mean and which runs they came from.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.7733, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95,
        shardedAttention: 0.6, memory: 0.9517, scaleUp: 0.6134, network: 0.7181, tensorExposure: 0.6
      ),
      .turing: ChipEfficiency(
        matrix: 0.2, matrixFP8: 0.65, attention: 0.55, shardedMatrix: 0.95, shardedAttention: 0.6,
        memory: 0.8434, scaleUp: 0.2, network: 0.466, tensorExposure: 0.6),
      .ampere: ChipEfficiency(
        matrix: 0.7024, matrixFP8: 0.65, attention: 0.5663, shardedMatrix: 1.101,
        shardedAttention: 0.6623, memory: 0.9808, scaleUp: 0.8645, network: 0.8964,
        tensorExposure: 0.6),
      .hopper: ChipEfficiency(
        matrix: 0.738, matrixFP8: 0.742, attention: 0.3885, shardedMatrix: 0.8664,
        shardedAttention: 0.5534, memory: 0.7495, scaleUp: 0.8889, network: 1,
        tensorExposure: 0.1436),
      .blackwell: ChipEfficiency(
        matrix: 0.5894, matrixFP8: 0.6447, attention: 0.4814, shardedMatrix: 1.132,
        shardedAttention: 0.5559, memory: 0.7907, scaleUp: 0.6547, network: 0.7394,
        tensorExposure: 0.6725),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.8849, matrixFP8: 0.7658, attention: 0.7855, shardedMatrix: 1.051,
        shardedAttention: 0.7943, memory: 0.9001, scaleUp: 0.5547, network: 0.7511,
        tensorExposure: 0.6056),
    ],
    software: SoftwareEfficiency(
      matrixFill: 9.472, matrixWave: 1506000, kernelLaunch: .micro(4.036),
      scaleUpLatency: .micro(12.96), networkLatency: .micro(7.399), gradientOverlap: 0.7893,
      weightGatherOverlap: 1, gathersPerLayer: 9.419, stepOverhead: .micro(36840),
      microBatchOverhead: .micro(254.9), misalignedRate: 0.0364, attentionHalfHead: 0.5977,
      attentionHalfLength: 10.59, scoreTraffic: 1.412, castTraffic: 1.616, expertRate: 0.4263,
      expertTraffic: 0.7157, expertExposure: 0.02, expertNetworkExposure: 0.1448,
      runtimeMemory: .gibi(2)),
    lossScaled: StackEfficiency(
      matrix: 0.9944, backward: 0.9755, traffic: 1, hostForward: .micro(39.91),
      hostBackward: .micro(41.6), stragglerGrowth: 0.002336),
    fullySharded: StackEfficiency(
      matrix: 1, backward: 1.047, traffic: 1.606, hostForward: .micro(6), hostBackward: .micro(6),
      stragglerGrowth: 0.003428),
    fused: StackEfficiency(
      matrix: 1, backward: 1.144, traffic: 1.45, hostForward: .micro(6.306),
      hostBackward: .micro(6.267), stragglerGrowth: 0.003139))
}
