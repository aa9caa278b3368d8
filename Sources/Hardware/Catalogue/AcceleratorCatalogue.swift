/// The accelerators that are known by name.
package struct AcceleratorCatalogue: Sendable {
  package private(set) var entries: [CatalogueEntry]
  /// Normalised names, and where their entries stand.
  private var indices: [String: Int]
  /// The same without brands; where that makes two names one, the first keeps it.
  private var bareIndices: [String: Int]

  /// A catalogue of these entries; of two that claim a name, the later has it.
  package init(entries: [CatalogueEntry]) {
    self.entries = []
    indices = [:]
    bareIndices = [:]
    for entry in entries { add(entry) }
  }

  /// What ships.
  package static let standard = AcceleratorCatalogue(
    entries: CatalogueEntry.voltaAndTuring + CatalogueEntry.ampere + CatalogueEntry.ada
      + CatalogueEntry.hopper + CatalogueEntry.blackwell + CatalogueEntry.otherVendors)

  /// Adds an entry, or replaces the one with its id.
  package mutating func add(_ entry: CatalogueEntry) {
    let index = entries.firstIndex { $0.id == entry.id } ?? entries.count
    if index == entries.count { entries.append(entry) } else { entries[index] = entry }
    for name in [entry.id, entry.name] + entry.aliases + entry.kubernetesProducts {
      let normalised = Self.normalised(name)
      indices[normalised] = index
      let bare = Self.withoutBrands(normalised)
      if bareIndices[bare] == nil { bareIndices[bare] = index }
    }
  }

  /// The entry of an id, an alias, a product name or a Kubernetes label, in any case.
  package func entry(named name: String) -> CatalogueEntry? {
    let normalised = Self.normalised(name)
    let bare = Self.withoutBrands(normalised)
    return (indices[normalised] ?? indices[bare] ?? bareIndices[bare]).map { entries[$0] }
  }

  /// The accelerator of that name, ready for use.
  package func accelerator(named name: String) -> Accelerator? {
    entry(named: name)?.accelerator(among: entries)
  }

  /// All ids, in the catalogue's order.
  package var ids: [String] { entries.map(\.id) }

  /// Lower case, with one hyphen for each run of anything but letters, digits and dots.
  static func normalised(_ name: String) -> String {
    var result = ""
    var isApart = false
    for scalar in name.lowercased().unicodeScalars {
      guard scalar.isOfNames else {
        isApart = !result.isEmpty
        continue
      }
      if isApart { result += "-" }
      isApart = false
      result.unicodeScalars.append(scalar)
    }
    return result
  }

  /// A normalised name without the brand words that drivers put in front, and took away again, over
  /// the years.
  static func withoutBrands(_ normalised: String) -> String {
    var rest = normalised.utf8[...]
    for brand in ["nvidia-", "tesla-", "geforce-", "amd-", "instinct-"]
    where rest.starts(with: brand.utf8) {
      rest = rest.dropFirst(brand.utf8.count)
    }
    return String(Substring(rest))
  }
}

extension Unicode.Scalar {
  /// A letter, a digit or a dot: what names in catalogues are told apart by. ASCII is judged without
  /// Unicode's tables, which are large.
  package var isOfNames: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9", ".": true
    default: !isASCII && (properties.isAlphabetic || properties.numericType != nil)
    }
  }
}
