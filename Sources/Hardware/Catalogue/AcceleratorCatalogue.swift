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
    for character in name.lowercased() {
      if character.isLetter || character.isNumber || character == "." {
        result.append(character)
      } else if !result.isEmpty, result.last != "-" {
        result.append("-")
      }
    }
    while result.last == "-" { result.removeLast() }
    return result
  }

  /// A normalised name without the brand words that drivers put in front, and took away again, over
  /// the years.
  static func withoutBrands(_ normalised: String) -> String {
    var rest = Substring(normalised)
    for brand in ["nvidia-", "tesla-", "geforce-", "amd-", "instinct-"]
    where rest.hasPrefix(brand) {
      rest = rest.dropFirst(brand.count)
    }
    return String(rest)
  }
}
