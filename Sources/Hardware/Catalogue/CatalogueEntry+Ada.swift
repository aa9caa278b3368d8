extension CatalogueEntry {
  /// NVIDIA's Ada generation.
  static let ada: [CatalogueEntry] = [
    CatalogueEntry(
      id: "l4", name: "L4", vendor: "nvidia", architecture: .ada,
      kubernetesProducts: ["NVIDIA-L4"],
      bf16: .aiConfigurator(121), fp16: .aiConfigurator(121), fp8: .aiConfigurator(242),
      tf32: .recalled(60), fp32: .recalled(30.3),
      marketedMemory: .aiConfigurator(24), driverMemory: .recalled(23034),
      memoryBandwidth: .aiConfigurator(300),
      link: .pcie, linkBandwidth: .aiConfigurator(32),
      linkDetail: "PCIe4 x16",
      gpusPerNode: .aiConfigurator(8), networkBandwidth: .aiConfigurator(25),
      networkNote: "aiconfigurator assumption 200 Gb/GPU; cloud g2 nodes have far less",
      power: .aiConfigurator(72)),
    CatalogueEntry(
      id: "l40s", name: "L40S", vendor: "nvidia", architecture: .ada,
      kubernetesProducts: ["NVIDIA-L40S"],
      bf16: .mlEngineering(362), fp16: .mlEngineering(362), fp8: .mlEngineering(733),
      tf32: .mlEngineering(183), fp32: .mlEngineering(91.6),
      marketedMemory: .mlEngineering(48), driverMemory: .aiConfigurator(46068),
      memoryBandwidth: .aiConfigurator(864),
      link: .pcie, linkBandwidth: .aiConfigurator(32),
      linkDetail: "PCIe4 x16",
      gpusPerNode: .aiConfigurator(8), networkBandwidth: .aiConfigurator(50),
      power: .aiConfigurator(350)),
    CatalogueEntry(
      id: "rtx4090", name: "GeForce RTX 4090", vendor: "nvidia", architecture: .ada,
      kubernetesProducts: ["NVIDIA-GeForce-RTX-4090"],
      bf16: .specificationPages(165.2), fp16: .specificationPages(165.2),
      fp8: .specificationPages(330.3), tf32: .specificationPages(82.6),
      fp32: .specificationPages(82.58),
      marketedMemory: .specificationPages(24), driverMemory: .recalled(24564),
      memoryBandwidth: .specificationPages(1008),
      link: .pcieThroughHost, linkBandwidth: .recalled(32),
      linkDetail: "PCIe4 x16, no P2P",
      gpusPerNode: .recalled(8), networkBandwidth: .recalled(1.25),
      power: .specificationPages(450),
      note: "fp32 accumulate"),
  ]
}
