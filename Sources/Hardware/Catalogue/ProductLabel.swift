/// A `nvidia.com/gpu.product` label taken apart: GPU feature discovery appends how a GPU is shared.
package struct ProductLabel: Hashable, Sendable {
  /// The product without suffixes.
  package var product: String
  /// Several containers share each GPU by time slicing, so allocatable counts are not GPUs.
  package var isShared: Bool
  /// The slice that a Multi-Instance GPU is cut into, such as `1g.5gb`; not a whole GPU.
  package var instanceProfile: String?

  package init(_ label: String) {
    var rest = Substring(label)
    isShared = rest.lowercased().hasSuffix("-shared")
    if isShared { rest = rest.dropLast("-shared".count) }
    instanceProfile = nil
    let words = rest.split(separator: "-", omittingEmptySubsequences: false)
    if let mark = words.lastIndex(where: { $0.lowercased() == "mig" }), mark > 0 {
      instanceProfile = words[(mark + 1)...].joined(separator: "-")
      rest = Substring(words[..<mark].joined(separator: "-"))
    }
    product = String(rest)
  }
}
