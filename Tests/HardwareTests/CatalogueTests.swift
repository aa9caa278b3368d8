import Foundation
import Quantities
import Testing

@testable import Hardware

@Suite struct CatalogueTests {
  let catalogue = AcceleratorCatalogue.standard

  @Test func holdsEveryAcceleratorOnce() {
    #expect(catalogue.entries.count == 41)
    #expect(Set(catalogue.ids).count == 41)
  }

  @Test func everyNameLeadsToItsOwnEntry() {
    for entry in catalogue.entries {
      for name in [entry.id, entry.name] + entry.aliases + entry.kubernetesProducts {
        #expect(catalogue.entry(named: name)?.id == entry.id, "\(name)")
        #expect(catalogue.entry(named: name.uppercased())?.id == entry.id, "\(name)")
      }
    }
  }

  @Test(arguments: [
    ("H100", "h100-sxm5-80gb"),
    ("NVIDIA H100 80GB HBM3", "h100-sxm5-80gb"),
    ("NVIDIA-H100-80GB-HBM3", "h100-sxm5-80gb"),
    ("Tesla-V100-SXM2-32GB", "v100-sxm2-32gb"),
    ("A100-SXM4-80GB", "a100-sxm4-80gb"),
    ("a100_sxm4_40gb", "a100-sxm4-40gb"),
    ("GeForce RTX 4090", "rtx4090"),
    ("AMD Instinct MI300X OAM", "mi300x"),
    ("NVIDIA A100", "a100-sxm4-80gb"),
    ("nvidia-tesla-a100", "a100-sxm4-40gb"),
    ("gb200-nvl72", "gb200"),
    ("tpu-v5-lite-podslice", "tpu-v5e"),
  ])
  func isFoundByTheNamesPeopleUse(name: String, id: String) {
    #expect(catalogue.entry(named: name)?.id == id)
  }

  @Test(arguments: ["", "-", "h1000", "nvidia", "💥", "h100-sxm5-40gb"])
  func doesNotFindWhatItDoesNotKnow(name: String) {
    #expect(catalogue.entry(named: name) == nil)
  }

  @Test func figuresArePlausibleAndOrdered() {
    for entry in catalogue.entries {
      let accelerator = entry.accelerator(among: catalogue.entries)
      #expect(accelerator.peaks[.fp16] != nil, "\(entry.id)")
      for rate in accelerator.peaks.values { #expect((5...20_000).contains(rate.teraFLOPs)) }
      if let bf16 = accelerator.peaks[.bf16], let fp32 = accelerator.peaks[.fp32] {
        #expect(fp32 <= bf16, "\(entry.id)")
      }
      #expect((14...300).contains(accelerator.memory.gibibytes), "\(entry.id)")
      #expect(accelerator.memory <= .gibi(entry.marketedMemory.value), "\(entry.id)")
      #expect(accelerator.networkBandwidth <= accelerator.scaleUpBandwidth, "\(entry.id)")
      #expect(accelerator.scaleUpBandwidth < accelerator.memoryBandwidth, "\(entry.id)")
      #expect(accelerator.gpusPerNode >= 1 && accelerator.scaleUpDomain >= 1)
      #expect((0.5..<1).contains(accelerator.achievablePart), "\(entry.id)")
    }
  }

  @Test func refusesPrecisionsThatTheChipLacks() throws {
    let volta = try #require(catalogue.accelerator(named: "v100-sxm2-32gb"))
    #expect(volta.peaks[.bf16] == nil && volta.peaks[.fp8] == nil)
    #expect(volta.peaks[.fp32] == .tera(15.7))
    let ampere = try #require(catalogue.accelerator(named: "a100"))
    #expect(ampere.peaks[.fp8] == nil)
    #expect(ampere.peaks[.fp32] == .tera(156), "TF32 units")
  }

  /// What `derived` memory rests on: no driver reports less than the marketed decimal gigabytes.
  @Test func noDriverReportsLessThanDecimalGigabytes() {
    for entry in catalogue.entries {
      guard let reported = entry.driverMemory else { continue }
      #expect(reported.value * 0x1p20 >= entry.marketedMemory.value * 1e9, "\(entry.id)")
    }
  }

  @Test func derivesMemoryFromSiblingsOrTheMarketedSize() throws {
    let entries = catalogue.entries
    func memory(_ id: String) -> Figure? {
      catalogue.entry(named: id)?.driverMemory(among: entries)
    }
    #expect(memory("h800-sxm5") == .derived(81559))
    #expect(memory("mi300x") == .derived(183105))
    #expect(memory("h100-sxm5-80gb") == .recalled(81559))
    #expect(memory("h800-sxm5")?.status == .derived)
  }

  /// Power and siblings bound what products reach.
  @Test func powerAndSiblingsTellHowMuchOfAPeakIsReached() throws {
    func reached(_ id: String) throws -> Double {
      let chip = try #require(catalogue.accelerator(named: id))
      return chip.achievablePart * (chip.peaks[.fp16]?.teraFLOPs ?? 0)
    }
    // The same chip, not measured itself.
    #expect(try abs(reached("a800-sxm4-80gb") - 271.2) < 1e-3)
    #expect(try abs(reached("h800-sxm5") - 794.5) < 1e-3)
    // Measured, and no relative draws more power.
    #expect(try abs(reached("b200-sxm") - 1745) < 1e-3)
    #expect(try abs(reached("gb200") - 1822) < 1e-3)
    // Half the power of an H100 SXM.
    #expect(try abs(reached("h100-pcie") / 794.5 - 0.6771) < 1e-3)
    // Of the same chip at 1,000 W and at 750 W, both measured.
    #expect(try abs(reached("mi300x") / 668.4 - 1) < 0.002)
  }

  @Test func aCallersEntryReplacesOurs() throws {
    var catalogue = catalogue
    var entry = try #require(catalogue.entry(named: "h100"))
    entry.networkBandwidth = Figure(12.5, .caller)
    catalogue.add(entry)
    #expect(catalogue.entries.count == 41)
    #expect(catalogue.accelerator(named: "H100")?.networkBandwidth == .gigabytes(12.5))
  }

  @Test func everySourceIsCited() {
    for source in FigureSource.allCases { #expect(!source.citation.isEmpty) }
  }
}

@Suite struct ProductLabelTests {
  @Test(
    arguments: [
      ("NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-SXM4-40GB", false, nil),
      ("Tesla-T4-SHARED", "Tesla-T4", true, nil),
      ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "NVIDIA-A100-SXM4-40GB", false, "1g.5gb"),
      ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED", "NVIDIA-A100-SXM4-40GB", true, "1g.5gb"),
      ("MIG-1g.5gb", "MIG-1g.5gb", false, nil),
      ("", "", false, nil),
    ] as [(String, String, Bool, String?)])
  func takesSuffixesApart(label: String, product: String, shared: Bool, profile: String?) {
    let parsed = ProductLabel(label)
    #expect(parsed.product == product)
    #expect(parsed.isShared == shared)
    #expect(parsed.instanceProfile == profile)
  }
}
