import Hardware
import Importing
import JSON
import Quantities
import Testing

private func catalogue(_ text: String) throws -> AcceleratorCatalogue {
  let rule = CatalogueFileRule(extending: .standard)
  return try JSONDocument(parsing: text).root.read(as: rule).get()
}

private func faults(_ text: String) throws -> [String] {
  let rule = CatalogueEntryRule(catalogue: .standard)
  switch try JSONDocument(parsing: text).root.read(as: rule) {
  case .success: return []
  case .failure(let faults): return faults.list.map(\.description)
  }
}

private let whole = """
  {"id": "dream", "architecture": "hopper", "bf16_tflops": 2000, "memory_mb": {"value": 100000},
   "memory_bandwidth_gbytes_per_second": 9000, "scale_up_bandwidth_gbytes_per_second_per_gpu": 600,
   "network_bandwidth_gbytes_per_second_per_gpu": 100, "scale_up_domain": 16}
  """

@Suite struct CatalogueFileTests {
  @Test func addsAcceleratorsOfTheCallersOwn() throws {
    let gpu = try #require(try catalogue("{\"gpus\": [\(whole)]}").accelerator(named: "DREAM"))
    #expect(gpu.peaks == [.bf16: .tera(2000)])
    #expect(gpu.memory == .mebi(100_000))
    #expect(gpu.scaleUpDomain == 16)
    #expect(gpu.gpusPerNode == 8)
  }

  @Test func changesFiguresOfABase() throws {
    let text = """
      {"gpus": [{"id": "h100-capped", "base": "h100", "bf16_tflops": 700, "aliases": ["ours"]}]}
      """
    let catalogue = try catalogue(text)
    let base = try #require(catalogue.accelerator(named: "h100"))
    var expected = base
    expected.id = "h100-capped"
    expected.name = "h100-capped"
    expected.peaks[.bf16] = .tera(700)
    #expect(catalogue.accelerator(named: "ours") == expected)
    #expect(base == AcceleratorCatalogue.standard.accelerator(named: "h100"))
  }

  @Test func replacesWhatShips() throws {
    let text = #"{"gpus": [{"id": "h100-sxm5-80gb", "base": "h100", "fp8_tflops": 1}]}"#
    let catalogue = try catalogue(text)
    #expect(catalogue.accelerator(named: "h100")?.peaks[.fp8] == .tera(1))
    #expect(catalogue.ids == AcceleratorCatalogue.standard.ids)
  }

  @Test(arguments: [
    ("{}", ["/architecture", "/memory_mb", "/bf16_tflops"]),
    (#"{"base": "h1000"}"#, ["/base: unknown GPU"]),
    (#"{"base": "h100", "bf16_tflops": 0}"#, ["/bf16_tflops: expected a number"]),
    (#"{"base": "h100", "fp32_tflops": 1e-300}"#, ["/fp32_tflops: expected a number"]),
    (#"{"base": "h100", "gpus_per_node": 1.5}"#, ["/gpus_per_node: expected an integer"]),
    (#"{"base": "h100", "memory": 1}"#, ["/memory: unknown member"]),
    (#"{"base": "h100", "memory_mb": {"status": "verified"}}"#, ["/memory_mb: expected"]),
    (whole.replacing("hopper", with: "hoper"), ["/architecture: unknown value"]),
  ])
  func saysWhatIsWrong(text: String, expected: [String]) throws {
    let found = try faults(text)
    for prefix in expected {
      #expect(found.contains { $0.hasPrefix(prefix) }, "\(found)")
    }
  }
}
