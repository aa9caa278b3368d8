import Hardware
import Importing
import JSON
import Quantities
import Testing

/// `nvidia-smi topo -m` for `links` NVLinks between each pair.
private func switched(gpus: Int, links: String) -> String {
  let names = (0..<gpus).map { "GPU\($0)" }
  let rows = names.indices.map { row in
    names[row] + "\t"
      + names.indices.map { $0 == row ? " X " : links }.joined(separator: "\t") + "\t0-51\t0"
  }
  return "\t" + names.joined(separator: "\t") + "\tCPU Affinity\tNUMA Affinity\n"
    + rows.joined(separator: "\n") + "\n\nLegend:\n\n  X    = Self\n"
}

@Suite struct NVLinkTopologyTests {
  @Test(arguments: [
    ("h100-sxm5-80gb", 8, "NV18", 450.0), ("a100-sxm4-80gb", 8, "NV12", 300),
    ("a100-sxm4-80gb", 4, "NV4", 300), ("h100-sxm5-80gb", 8, "NV12", 300),
    ("b200-sxm", 8, "NV18", 900),
  ])
  func addsUpLinks(id: String, gpus: Int, links: String, expected: Double) throws {
    let topology = try NVLinkTopology(switched(gpus: gpus, links: links))
    let accelerator = AcceleratorCatalogue.standard.accelerator(named: id)!
    #expect(topology.gpus == gpus)
    #expect(topology.scaleUpDomain == gpus)
    #expect(topology.bandwidth(of: accelerator) == .gigabytes(expected))
  }

  @Test func findsPairs() throws {
    let text = """
              GPU0    GPU1    GPU2    GPU3    NIC0    CPU Affinity
      GPU0     X      NV2     SYS     NODE    PXB     0-23
      GPU1    NV2      X      PHB     SYS     PIX     0-23
      GPU2    SYS     PHB      X      NV2     SYS     24-47
      GPU3    NODE    SYS     NV2      X      SYS     24-47
      NIC0    PXB     PIX     SYS     SYS      X
      """
    #expect(try NVLinkTopology(text).scaleUpDomain == 2)
    let none = text.replacing("NV2", with: "PHB")
    #expect(try NVLinkTopology(none).scaleUpDomain == 1)
  }

  @Test(arguments: [
    ("", nil), ("GPU0 GPU1\nGPU0 X NV2", nil), ("GPU0 GPU1\nGPU0 X\nGPU1 NV2 X", 2),
    ("GPU0 GPU1\nGPU0 X NV2\nGPU1 NV4 X", nil), ("GPU0 GPU1\nGPU0 X abc\nGPU1 NV2 X", 2),
    ("GPU0 GPU2\nGPU0 X NV2\nGPU2 NV2 X", nil), ("GPU0 GPU1\nGPU0 X NV0\nGPU1 NV0 X", 2),
  ])
  func saysWhereATextIsWrong(text: String, line: Int?) {
    let fault = #expect(throws: TextFault.self) { try NVLinkTopology(text) }
    if let line { #expect(fault?.line == line) }
  }
}

@Suite struct CollectiveBenchmarkTests {
  private func table(hosts: Int, ranks: Int) -> String {
    let devices = (0..<ranks).map {
      "#  Rank  \($0) Group  0 Pid 10\($0) on host-\($0 * hosts / ranks) device  \($0) "
        + "[0000:19:00] NVIDIA H100 80GB HBM3"
    }
    return """
      # nThread 1 nGpus 1 minBytes 8 maxBytes 17179869184 step: 2(factor)
      # Using devices
      \(devices.joined(separator: "\n"))
      #       size         count      type   redop    root     time   algbw   busbw #wrong     time
                 8             2     float     sum      -1    13.67    0.00    0.00      0    13.03    0.00    0.00      0
        8589934592    2147483648     float     sum      -1    31307  274.38  480.16      0    31328  274.19  479.84      0
      # Avg bus bandwidth    : 159.151
      """
  }

  @Test(arguments: [(1, 8), (2, 16), (4, 4)])
  func readsTables(hosts: Int, ranks: Int) throws {
    let benchmark = try CollectiveBenchmark(text: table(hosts: hosts, ranks: ranks))
    #expect(benchmark.hosts == hosts)
    #expect(benchmark.ranksPerHost == ranks / hosts)
    #expect(benchmark.busBandwidth == .gigabytes(480.16))
  }

  @Test func readsJSON() throws {
    let text = """
      {"devices": [{"hostname": "a"}, {"hostname": "a"}], "results": [
        {"out_of_place": {"bus_bw": 480.16}, "in_place": {"bus_bw": 479.84}},
        {"out_of_place": {"bus_bw": 1.5}}]}
      """
    let benchmark = try CollectiveBenchmark(json: try JSONDocument(parsing: text).root)
    #expect(benchmark.hosts == 1)
    #expect(benchmark.busBandwidth == .gigabytes(480.16))
  }

  @Test(arguments: ["", "# Rank 0", "8 2 float sum -1 1 1 1 0"])
  func refusesOtherTexts(text: String) {
    #expect(throws: TextFault.self) { try CollectiveBenchmark(text: text) }
  }

  @Test func namesTheLineOfABrokenRow() {
    let broken = table(hosts: 1, ranks: 8).replacing("480.16", with: "fast")
    let fault = #expect(throws: TextFault.self) { try CollectiveBenchmark(text: broken) }
    #expect(fault?.line == 13)
  }

  @Test func refusesUnevenHosts() {
    #expect(throws: TextFault.self) { try CollectiveBenchmark(text: table(hosts: 2, ranks: 3)) }
    #expect(throws: TextFault.self) { try CollectiveBenchmark(text: table(hosts: 1, ranks: 1)) }
  }
}
