/// A node of a best-first search that is still to be looked at: the least bound first, and of equal ones
/// the first that was found.
struct OpenNode: Comparable {
  /// No plan under the node takes less.
  var bound: Double
  /// Where the search keeps it.
  var node: Int

  static func < (a: OpenNode, b: OpenNode) -> Bool { (a.bound, a.node) < (b.bound, b.node) }
}
