import Hardware
import JSON

/// What is said of accelerators that the catalogue does not know.
package enum AcceleratorName {
  /// Why there is none of that name, with the nearest names that exist.
  package static func unknown(_ name: String, in catalogue: AcceleratorCatalogue) -> String {
    let unknown = "unknown GPU \"\(excerpt(name))\""
    let ids = suggestions(for: name, in: catalogue)
    return ids.isEmpty
      ? "\(unknown); GET /catalog/gpus lists those that are known"
      : "\(unknown); did you mean \"\(ids.joined(separator: "\" or \""))\"?"
  }

  /// Ids of the entries with a name near to `name`.
  private static func suggestions(
    for name: String, in catalogue: AcceleratorCatalogue
  ) -> [String] {
    let names = catalogue.entries.flatMap { [$0.id] + $0.aliases }
    var ids: [String] = []
    for near in NearestNames.to(name, among: names) {
      if let id = catalogue.entry(named: near)?.id, !ids.contains(id) { ids.append(id) }
    }
    return ids
  }
}
