import Quantities

extension CostParameters {
  /// What ships: fitted on published training runs.
  package static let published = CostParameters(
    chips: [
      .volta: ChipEfficiency(
        matrix: 0.7003, matrixFP8: 0.6, attention: 0.5, memory: 0.9033,
        scaleUp: 0.6597, network: 0.7363, tensorExposure: 0.8791),
      .turing: ChipEfficiency(
        matrix: 0.7295, matrixFP8: 0.6, attention: 0.5, memory: 0.2807,
        scaleUp: 0.2, network: 0.256, tensorExposure: 1.115),
      .ampere: ChipEfficiency(
        matrix: 0.6742, matrixFP8: 0.6, attention: 0.7567, memory: 0.8404,
        scaleUp: 0.7532, network: 0.8129, tensorExposure: 0.8709),
      .hopper: ChipEfficiency(
        matrix: 0.7286, matrixFP8: 0.6685, attention: 0.424, memory: 0.3494,
        scaleUp: 0.912, network: 1, tensorExposure: 0.5124),
      .blackwell: ChipEfficiency(
        matrix: 0.6347, matrixFP8: 0.6632, attention: 0.2093, memory: 0.8167,
        scaleUp: 0.6505, network: 0.7135, tensorExposure: 0.8885),
      .blackwellUltra: ChipEfficiency(
        matrix: 0.7945, matrixFP8: 0.7045, attention: 0.5601, memory: 0.79,
        scaleUp: 0.6232, network: 0.75, tensorExposure: 0.7875),
    ],
    software: SoftwareEfficiency(
      matrixHalfSize: 66.81, kernelLaunch: .micro(7.249), scaleUpLatency: .micro(5.011),
      networkLatency: .micro(10.61), gradientOverlap: 0.5295, weightGatherOverlap: 0.8099,
      stepOverhead: .milli(15.64), microBatchOverhead: .micro(278.8), expertImbalance: 1.035,
      stragglerGrowth: 0.004476, misalignedRate: 0.4162, attentionHalfHead: 7.184,
      attentionHalfLength: 124.6, expertExposure: 0.4987, modularAttention: 0.5236,
      modularTraffic: 1.034, runtimeMemory: .gibi(2)))
}
