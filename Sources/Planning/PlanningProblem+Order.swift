import Costing
import Workload

extension DownSets {
  /// As many as one strategy's cut is found among within some ten milliseconds.
  static let limit = 1024

  /// A split whose boundaries are down-sets, as a split of the layers stage by stage, on each stage in
  /// the graph's order.
  func split(_ nested: PipelineSplit) -> PipelineSplit {
    let stages = zip(nested.boundaries, nested.boundaries.dropFirst()).map(layers(from:to:))
    let order = stages.flatMap(\.self)
    return PipelineSplit(
      boundaries: nested.boundaries.map { sizes[$0] }, recomputed: nested.recomputed,
      order: order == Array(0..<layerCount) ? nil : order)
  }
}

extension PlanningProblem {
  /// The problem with stages cut at the down-sets of a graph that branches, and not along one of its
  /// orders: at all of them if they are few, which makes the best cut exact.
  ///
  /// A graph of one order has no others; and where layers can recompute, the first ones of a stage
  /// do, which takes an order.
  package func cutAtDownSets() -> PlanningProblem {
    guard !graph.hasOneOrder, graph.kinds.allSatisfy({ $0.kind == .custom }) else { return self }
    return rebuilt(downSets: DownSets(graph, limit: DownSets.limit))
  }

  /// The problem of the layers in the order that a split cuts.
  package func along(_ split: PipelineSplit) -> PlanningProblem {
    if let order = split.order { return rebuilt(graph.inOrder(order), downSets: nil) }
    return downSets == nil ? self : rebuilt(downSets: nil)
  }
}
