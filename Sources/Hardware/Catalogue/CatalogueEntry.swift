/// What the catalogue knows of one accelerator: every figure with its source, as vendors and tools
/// print them. `accelerator` makes of it what costs are computed from.
package struct CatalogueEntry: Hashable, Sendable {
  package var id: String
  package var name: String
  package var vendor: String
  package var architecture: Accelerator.Architecture
  package var aliases: [String] = []
  /// What Kubernetes calls it: `nvidia.com/gpu.product` and the like.
  package var kubernetesProducts: [String] = []

  // 10^12 FLOP/s, dense, with 32-bit accumulation; absent where the chip has no such units.
  package var bf16: Figure?
  package var fp16: Figure?
  package var fp8: Figure?
  package var fp4: Figure?
  package var tf32: Figure?
  /// Of the vector units.
  package var fp32: Figure?
  /// The best of many matrix products in 16 bits that was measured, 10^12 FLOP/s.
  package var measuredMatmul: Figure?

  /// 10^9 bytes as it is sold (which vendors round as they like).
  package var marketedMemory: Figure
  /// 2^20 bytes, as `nvidia-smi` prints it.
  package var driverMemory: Figure?
  /// 10^9 bytes a second.
  package var memoryBandwidth: Figure

  package var link: ScaleUpLink
  /// 10^9 bytes a second, per GPU and direction, to all peers together.
  package var linkBandwidth: Figure
  package var linkDetail: String
  /// 10^9 bytes a second to a single peer, where peers are wired one to one.
  package var peerBandwidth: Figure?
  /// 10^9 bytes a second, per GPU and direction, through the host's PCIe, where the scale-up domain
  /// is smaller than a node.
  package var hostBandwidth: Figure?
  package var gpusPerNode: Figure
  /// GPUs that the scale-up network joins; absent: those of a node.
  package var scaleUpDomain: Figure?
  /// 10^9 bytes a second, per GPU and direction, out of the node.
  package var networkBandwidth: Figure
  package var networkNote: String?
  /// Watts.
  package var power: Figure?
  package var note: String?
}

extension CatalogueEntry {
  /// An accelerator that a caller describes; what is not given here is set on the result.
  ///
  /// - Parameter memory: 2^20 bytes, as the driver reports it.
  package init(
    id: String, architecture: Accelerator.Architecture, memory: Figure, memoryBandwidth: Figure,
    link: ScaleUpLink, linkBandwidth: Figure, networkBandwidth: Figure
  ) {
    self.init(
      id: id, name: id, vendor: "", architecture: architecture,
      marketedMemory: Figure(memory.value * 0x1p20 / 1e9, memory.source), driverMemory: memory,
      memoryBandwidth: memoryBandwidth, link: link, linkBandwidth: linkBandwidth, linkDetail: "",
      gpusPerNode: Figure(8, .caller), networkBandwidth: networkBandwidth)
  }
}
