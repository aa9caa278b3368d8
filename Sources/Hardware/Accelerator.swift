import Quantities

/// A type of accelerator, with the figures that costs are computed from.
package struct Accelerator: Hashable, Sendable {
  /// Chips whose kernels behave alike: efficiencies are fitted per architecture.
  package enum Architecture: String, Hashable, Sendable, CaseIterable {
    case volta, turing, ampere, ada, hopper, blackwell
    /// Blackwell with more power, cooled by liquid, and fed by a coherent host.
    case graceBlackwell = "grace-blackwell"
    case blackwellUltra = "blackwell-ultra"
    case cdna2, cdna3, cdna4, gaudi, tpu, davinci

    /// Chips that the frameworks of 2019 to 2022, which trained in fp16 with loss scaling, ran on.
    package var isOfLossScaling: Bool {
      switch self {
      case .volta, .turing, .ampere, .cdna2: true
      case .ada, .hopper, .blackwell, .graceBlackwell, .blackwellUltra, .cdna3, .cdna4, .gaudi,
        .tpu, .davinci:
        false
      }
    }
  }

  /// The catalogue's name, such as `h100-sxm5-80gb`.
  package var id: String
  package var name: String
  package var vendor: String
  package var architecture: Architecture
  /// Dense peak rates with 32-bit accumulation; what the chip cannot multiply is absent (bf16 before
  /// Ampere, fp8 before Ada). `fp32` is the rate of its TF32 units where it has them.
  package var peaks: [Precision: ComputeRate]
  /// 32-bit rate of the vector units, beside the matrix units, where it is known.
  package var vectorPeak: ComputeRate?
  /// Part of its peaks that the best of many large products was measured to reach (maximum achievable
  /// matmul FLOPS): power, clocks and libraries leave some chips half of theirs, others nearly all.
  /// Where nobody measured, what most reach.
  package var achievablePart: Double
  /// What the driver reports (`nvidia-smi`), not the marketing figure.
  package var memory: ByteCount
  package var memoryBandwidth: Bandwidth
  /// Between GPUs of one scale-up domain, per GPU and direction.
  package var scaleUpBandwidth: Bandwidth
  /// Between nodes, per GPU and direction, as such machines are typically built.
  package var networkBandwidth: Bandwidth
  package var gpusPerNode: Int
  /// GPUs joined by the scale-up network: a node's, or a rack's (72 for NVL72).
  package var scaleUpDomain: Int
  package var scaleUpLink: ScaleUpLink
  /// To a single peer, where peers are wired one to one and not through a switch: a group of `g`
  /// neighbours then sees `(g - 1)` times this, at most `scaleUpBandwidth`.
  package var peerBandwidth: Bandwidth?
  /// Inside a node but outside the scale-up domain (through PCIe), where that is smaller.
  package var hostBandwidth: Bandwidth

  package init(
    id: String, name: String, vendor: String, architecture: Architecture,
    peaks: [Precision: ComputeRate], vectorPeak: ComputeRate? = nil,
    achievablePart: Double = Accelerator.usualAchievablePart,
    memory: ByteCount, memoryBandwidth: Bandwidth, scaleUpBandwidth: Bandwidth,
    networkBandwidth: Bandwidth, gpusPerNode: Int, scaleUpDomain: Int,
    scaleUpLink: ScaleUpLink = .nvlink, peerBandwidth: Bandwidth? = nil,
    hostBandwidth: Bandwidth? = nil
  ) {
    self.id = id
    self.name = name
    self.vendor = vendor
    self.architecture = architecture
    self.peaks = peaks
    self.vectorPeak = vectorPeak
    self.achievablePart = achievablePart
    self.memory = memory
    self.memoryBandwidth = memoryBandwidth
    self.scaleUpBandwidth = scaleUpBandwidth
    self.networkBandwidth = networkBandwidth
    self.gpusPerNode = gpusPerNode
    self.scaleUpDomain = scaleUpDomain
    self.scaleUpLink = scaleUpLink
    self.peerBandwidth = peerBandwidth
    self.hostBandwidth = hostBandwidth ?? scaleUpBandwidth
  }
}

extension Accelerator {
  package static let usualAchievablePart = 0.8

  /// Its 8-bit products take either operand as it lies in memory. Others take both with the summed
  /// side innermost, so that weights are kept beside their transpose for the backward pass. So
  /// data-centre Blackwell, which has NVLink (compute capability 10; Transformer Engine's
  /// `is_non_tn_fp8_gemm_supported`).
  package var multipliesAnyLayoutIn8Bits: Bool {
    switch architecture {
    case .blackwell, .graceBlackwell, .blackwellUltra: scaleUpLink == .nvlink
    case .volta, .turing, .ampere, .ada, .hopper, .cdna2, .cdna3, .cdna4, .gaudi, .tpu, .davinci:
      false
    }
  }
}
