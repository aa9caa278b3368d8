import Quantities

/// A type of accelerator, with the figures that costs are computed from.
package struct Accelerator: Hashable, Sendable {
  /// Chips whose kernels behave alike: efficiencies are fitted per architecture.
  package enum Architecture: String, Hashable, Sendable, CaseIterable {
    case volta, turing, ampere, ada, hopper, blackwell
    case blackwellUltra = "blackwell-ultra"
    case cdna2, cdna3, cdna4, gaudi, tpu, davinci
  }

  /// The catalogue's name, such as `h100-sxm5-80gb`.
  package var id: String
  package var name: String
  package var vendor: String
  package var architecture: Architecture
  /// Dense peak rates with 32-bit accumulation; what the chip cannot multiply is absent.
  package var peaks: [Precision: ComputeRate]
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

  package init(
    id: String, name: String, vendor: String, architecture: Architecture,
    peaks: [Precision: ComputeRate], memory: ByteCount, memoryBandwidth: Bandwidth,
    scaleUpBandwidth: Bandwidth, networkBandwidth: Bandwidth, gpusPerNode: Int, scaleUpDomain: Int
  ) {
    self.id = id
    self.name = name
    self.vendor = vendor
    self.architecture = architecture
    self.peaks = peaks
    self.memory = memory
    self.memoryBandwidth = memoryBandwidth
    self.scaleUpBandwidth = scaleUpBandwidth
    self.networkBandwidth = networkBandwidth
    self.gpusPerNode = gpusPerNode
    self.scaleUpDomain = scaleUpDomain
  }
}
