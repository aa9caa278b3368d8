import Hardware
import JSON

/// Reads an accelerator as a caller describes it, in the form of `GET /catalog/gpus`: whole, or as a
/// `base` from the catalogue with other figures. A figure is a number, or an object with its `value`.
package struct CatalogueEntryRule: JSONRule {
  let catalogue: AcceleratorCatalogue
  /// The entry needs an id of its own, as in a catalogue.
  let needsID: Bool

  package init(catalogue: AcceleratorCatalogue, needsID: Bool = false) {
    self.catalogue = catalogue
    self.needsID = needsID
  }

  package var expectation: String { "an object that describes an accelerator" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> CatalogueEntry? {
    members.read(value, log)
  }

  private var members: JSONObjectRule<CatalogueEntry> {
    .object { [self] entry in self.entry(&entry) }
  }

  private func entry(_ entry: inout JSONMemberReader) -> CatalogueEntry? {
    let baseName: String? = entry.optional("base", .string(lengths: 1...253))
    let base = baseName.flatMap { catalogue.entry(named: $0) }
    if let baseName, base == nil {
      entry.note("base", AcceleratorName.unknown(baseName, in: catalogue))
      _ = readFigures(&entry, isWhole: false)
      return nil
    }
    let id: String? = entry.optional("id", .string(lengths: 1...64))
    if needsID, id == nil { entry.note("id", "missing: expected the name that requests use") }
    let architecture: Accelerator.Architecture? = entry.optional(
      "architecture", .oneOf(Accelerator.Architecture.self))
    if base == nil, architecture == nil {
      entry.note("architecture", "missing: expected it, or a base from the catalogue")
    }
    let link: ScaleUpLink? = entry.optional("scale_up_link", .oneOf(ScaleUpLink.self))
    let names = readNames(&entry)
    let figures = readFigures(&entry, isWhole: base == nil)
    guard entry.isSound, let figures, let kind = architecture ?? base?.architecture else {
      return nil
    }
    var result =
      base
      ?? CatalogueEntry(
        id: id ?? "custom", architecture: kind, memory: figures["memory_mb"]!,
        memoryBandwidth: figures["memory_bandwidth_gbytes_per_second"]!, link: link ?? .nvlink,
        linkBandwidth: figures["scale_up_bandwidth_gbytes_per_second_per_gpu"]!,
        networkBandwidth: figures["network_bandwidth_gbytes_per_second_per_gpu"]!)
    result.id = id ?? result.id
    result.name = names.name ?? id ?? result.name
    result.vendor = names.vendor ?? result.vendor
    result.architecture = kind
    result.link = link ?? result.link
    // Names lead to the base, unless they are given anew.
    result.aliases = names.aliases
    result.kubernetesProducts = names.products
    Self.put(figures, into: &result)
    return result
  }

  private func readNames(
    _ entry: inout JSONMemberReader
  ) -> (name: String?, vendor: String?, aliases: [String], products: [String]) {
    let list: JSONListRule<JSONStringRule> = .list(of: .string(lengths: 1...253), counts: 0...64)
    let name: String? = entry.optional("name", .string(lengths: 1...253))
    let vendor: String? = entry.optional("vendor", .string(lengths: 0...64))
    let aliases = entry.optional("aliases", list, absent: [])
    let products = entry.optional("kubernetes_products", list, absent: [])
    for passed in Self.passedOver { _ = entry.value(passed) }
    return (name, vendor, aliases, products)
  }

  /// What the catalogue prints for people.
  private static let passedOver: [StaticString] = [
    "scale_up_detail", "note", "fp4_tflops", "power_watts", "marketed_memory_gbytes",
  ]

  /// The figures by name, nil after noting what is wrong or, of a whole description, missing.
  private func readFigures(
    _ entry: inout JSONMemberReader, isWhole: Bool
  ) -> [String: Figure]? {
    let before = entry.log.count
    var figures: [String: Figure] = [:]
    for field in Self.fields {
      if let figure = entry.optional(field.name, FigureRule(field: field)) {
        figures["\(field.name)"] = figure
      } else if isWhole, field.isNeeded, entry.object["\(field.name)"] == nil {
        entry.note(field.name, "missing: expected it, or a base from the catalogue")
      }
    }
    if isWhole,
      !["bf16_tflops", "fp16_tflops", "fp32_tflops"].contains(where: { figures[$0] != nil })
    {
      entry.note("bf16_tflops", "missing: expected a dense rate in bf16, fp16 or fp32")
    }
    return entry.log.count == before ? figures : nil
  }

  struct Field: Sendable {
    var name: StaticString
    var maximum: Double
    var isWholeNumber = false
    var isNeeded = false
  }

  private static let fields: [Field] = [
    Field(name: "bf16_tflops", maximum: 1e6), Field(name: "fp16_tflops", maximum: 1e6),
    Field(name: "fp8_tflops", maximum: 1e6), Field(name: "tf32_tflops", maximum: 1e6),
    Field(name: "fp32_tflops", maximum: 1e6), Field(name: "measured_matmul_tflops", maximum: 1e6),
    Field(name: "memory_mb", maximum: 0x1p30, isNeeded: true),
    Field(name: "memory_bandwidth_gbytes_per_second", maximum: 1e9, isNeeded: true),
    Field(name: "scale_up_bandwidth_gbytes_per_second_per_gpu", maximum: 1e9, isNeeded: true),
    Field(name: "peer_bandwidth_gbytes_per_second", maximum: 1e9),
    Field(name: "host_bandwidth_gbytes_per_second_per_gpu", maximum: 1e9),
    Field(name: "scale_up_domain", maximum: 65536, isWholeNumber: true),
    Field(name: "network_bandwidth_gbytes_per_second_per_gpu", maximum: 1e9, isNeeded: true),
    Field(name: "gpus_per_node", maximum: 1024, isWholeNumber: true),
  ]

  private static func put(_ figures: [String: Figure], into entry: inout CatalogueEntry) {
    func set(_ name: String, _ path: WritableKeyPath<CatalogueEntry, Figure?>) {
      if let figure = figures[name] { entry[keyPath: path] = figure }
    }
    func set(_ name: String, _ path: WritableKeyPath<CatalogueEntry, Figure>) {
      if let figure = figures[name] { entry[keyPath: path] = figure }
    }
    // Products reach the same part of a peak that is changed.
    if let peak = figures["bf16_tflops"], let old = entry.bf16, let measured = entry.measuredMatmul
    {
      entry.measuredMatmul = Figure(measured.value * peak.value / old.value, .caller)
    }
    set("bf16_tflops", \.bf16)
    set("fp16_tflops", \.fp16)
    set("fp8_tflops", \.fp8)
    set("tf32_tflops", \.tf32)
    set("fp32_tflops", \.fp32)
    set("measured_matmul_tflops", \.measuredMatmul)
    set("memory_mb", \.driverMemory)
    set("memory_bandwidth_gbytes_per_second", \.memoryBandwidth)
    set("scale_up_bandwidth_gbytes_per_second_per_gpu", \.linkBandwidth)
    set("peer_bandwidth_gbytes_per_second", \.peerBandwidth)
    set("host_bandwidth_gbytes_per_second_per_gpu", \.hostBandwidth)
    set("scale_up_domain", \.scaleUpDomain)
    set("network_bandwidth_gbytes_per_second_per_gpu", \.networkBandwidth)
    set("gpus_per_node", \.gpusPerNode)
  }
}

/// A figure of an accelerator: `989`, or `{"value": 989, …}` as the catalogue prints it.
private struct FigureRule: JSONRule {
  let field: CatalogueEntryRule.Field

  /// Chips that are slower still would take longer for a layer than can be counted.
  private static let least = 1e-6

  var expectation: String {
    field.isWholeNumber
      ? JSONIntegerRule.positiveInteger(max: Int(field.maximum)).expectation
      : JSONNumberRule.number(in: Self.least...field.maximum).expectation
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Figure? {
    let number = value.kind == .object ? value["value"] ?? value : value
    guard let figure = number.double, figure >= Self.least, figure <= field.maximum,
      !field.isWholeNumber || number.integer != nil
    else { return refuse(number, log) }
    return Figure(figure, .caller)
  }
}

/// Reads a catalogue file: `{"gpus": […]}`, each an entry of its own or a change of one that ships.
package struct CatalogueFileRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  package init(extending catalogue: AcceleratorCatalogue) {
    self.catalogue = catalogue
  }

  package var expectation: String { "an object with gpus, a list of accelerators" }

  /// The catalogue with the file's entries added; an entry with the id of a known one takes its place.
  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> AcceleratorCatalogue? {
    let rule: JSONObjectRule<[CatalogueEntry]> = .object { [catalogue] file in
      _ = file.value("sources")
      return file.required(
        "gpus",
        .list(of: CatalogueEntryRule(catalogue: catalogue, needsID: true), counts: 1...10_000))
    }
    guard let entries = rule.read(value, log) else { return nil }
    var result = catalogue
    for entry in entries { result.add(entry) }
    return result
  }
}
