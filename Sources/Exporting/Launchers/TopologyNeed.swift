import Planning

/// Nodes that must lie in one scale-up domain, because groups that talk all the time reach over
/// several of them.
struct TopologyNeed: Hashable, Sendable {
  /// Nodes of each such domain; divides the job's.
  var nodesTogether: Int
}

extension PlannedJob {
  /// nil where tensor, context and expert groups stay within a node, or reach beyond any domain.
  ///
  /// With ranks in the order tensor, context, data, pipeline, a group of tensor and context
  /// parallelism is `tensor · context` consecutive ranks, and one of experts lies within
  /// `tensor · max(context, expert)`.
  func topologyNeed(_ layout: RankLayout) -> TopologyNeed? {
    let reach = strategy.tensor * max(strategy.context, strategy.expert)
    let domain = pools.map { $0.levels[0].span }.min() ?? 1
    let nodes = (reach + layout.processesPerNode - 1) / layout.processesPerNode
    guard nodes > 1, nodes * layout.processesPerNode <= domain,
      layout.nodes.isMultiple(of: nodes)
    else { return nil }
    return TopologyNeed(nodesTogether: nodes)
  }
}
