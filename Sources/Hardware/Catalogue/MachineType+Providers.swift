extension MachineType {
  static let aws: [MachineType] = [
    MachineType("g4dn.12xlarge", .aws, 4, "t4", network: .recalled(50)),
    MachineType("g4dn.metal", .aws, 8, "t4", network: .recalled(100)),
    MachineType("g5.12xlarge", .aws, 4, "a10g", network: .recalled(40)),
    MachineType("g5.24xlarge", .aws, 4, "a10g", network: .recalled(50)),
    MachineType("g5.48xlarge", .aws, 8, "a10g", network: .aws(100)),
    MachineType("g6.12xlarge", .aws, 4, "l4", network: .recalled(40)),
    MachineType("g6.24xlarge", .aws, 4, "l4", network: .recalled(50)),
    MachineType("g6.48xlarge", .aws, 8, "l4", network: .recalled(100)),
    MachineType("g6e.12xlarge", .aws, 4, "l40s", network: .recalled(100)),
    MachineType("g6e.24xlarge", .aws, 4, "l40s", network: .recalled(200)),
    MachineType("g6e.48xlarge", .aws, 8, "l40s", network: .aws(400)),
    MachineType("p3.16xlarge", .aws, 8, "v100-sxm2-16gb", network: .recalled(25)),
    MachineType("p3dn.24xlarge", .aws, 8, "v100-sxm2-32gb", network: .recalled(100)),
    MachineType("p4d.24xlarge", .aws, 8, "a100-sxm4-40gb", network: .aws(400)),
    MachineType("p4de.24xlarge", .aws, 8, "a100-sxm4-80gb", network: .recalled(400)),
    MachineType("p5.48xlarge", .aws, 8, "h100-sxm5-80gb", network: .aws(3200)),
    MachineType("p5e.48xlarge", .aws, 8, "h200-sxm", network: .aws(3200)),
    MachineType("p5en.48xlarge", .aws, 8, "h200-sxm", network: .recalled(3200)),
    MachineType("p6-b200.48xlarge", .aws, 8, "b200-sxm", network: .recalled(3200)),
    MachineType("p6-b300.48xlarge", .aws, 8, "b300-sxm", network: .recalled(6400)),
  ]

  static let azure: [MachineType] = [
    MachineType("NC96ads_A100_v4", .azure, 4, "a100-pcie-80gb", network: .azure(80)),
    MachineType("NC80adis_H100_v5", .azure, 2, "h100-nvl", network: .azure(80)),
    MachineType("ND40rs_v2", .azure, 8, "v100-sxm2-32gb", network: .azure(100)),
    MachineType("ND96asr_v4", .azure, 8, "a100-sxm4-40gb", network: .azure(1600)),
    MachineType("ND96amsr_A100_v4", .azure, 8, "a100-sxm4-80gb", network: .azure(1600)),
    MachineType("ND96isr_H100_v5", .azure, 8, "h100-sxm5-80gb", network: .azure(3200)),
    MachineType("ND96isr_H200_v5", .azure, 8, "h200-sxm", network: .recalled(3200)),
    MachineType("ND96isr_MI300X_v5", .azure, 8, "mi300x", network: .azure(3200)),
  ]

  /// Without the ports that are for other traffic than that of GPUs.
  static let google: [MachineType] = [
    MachineType("a2-highgpu-4g", .google, 4, "a100-sxm4-40gb", network: .recalled(50)),
    MachineType("a2-highgpu-8g", .google, 8, "a100-sxm4-40gb", network: .googleCloud(100)),
    MachineType("a2-megagpu-16g", .google, 16, "a100-sxm4-40gb", network: .googleCloud(100)),
    MachineType("a2-ultragpu-4g", .google, 4, "a100-sxm4-80gb", network: .recalled(50)),
    MachineType("a2-ultragpu-8g", .google, 8, "a100-sxm4-80gb", network: .googleCloud(100)),
    MachineType("a3-edgegpu-8g", .google, 8, "h100-sxm5-80gb", network: .googleCloud(800)),
    MachineType("a3-highgpu-8g", .google, 8, "h100-sxm5-80gb", network: .googleCloud(800)),
    MachineType("a3-megagpu-8g", .google, 8, "h100-sxm5-80gb", network: .googleCloud(1600)),
    MachineType("a3-ultragpu-8g", .google, 8, "h200-sxm", network: .googleCloud(3200)),
    MachineType("a4-highgpu-8g", .google, 8, "b200-sxm", network: .googleCloud(3200)),
    MachineType("a4x-highgpu-4g", .google, 4, "gb200", network: .googleCloud(1600)),
    MachineType("g2-standard-96", .google, 8, "l4", network: .googleCloud(100)),
  ]

  static let oracle: [MachineType] = [
    MachineType("BM.GPU4.8", .oracle, 8, "a100-sxm4-40gb", network: .recalled(1600)),
    MachineType("BM.GPU.A100-v2.8", .oracle, 8, "a100-sxm4-80gb", network: .recalled(1600)),
    MachineType("BM.GPU.B200.8", .oracle, 8, "b200-sxm", network: .recalled(3200)),
    MachineType("BM.GPU.GB200.4", .oracle, 4, "gb200", network: .recalled(1600)),
    MachineType("BM.GPU.H100.8", .oracle, 8, "h100-sxm5-80gb", network: .recalled(3200)),
    MachineType("BM.GPU.H200.8", .oracle, 8, "h200-sxm", network: .recalled(3200)),
    MachineType("BM.GPU.L40S.4", .oracle, 4, "l40s", network: .recalled(800)),
    MachineType("BM.GPU.MI300X.8", .oracle, 8, "mi300x", network: .recalled(3200)),
  ]
}
