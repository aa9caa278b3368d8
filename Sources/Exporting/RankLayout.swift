import Hardware
import Planning

/// On how many nodes a plan runs, with how many processes on each.
struct RankLayout: Hashable, Sendable {
  var nodes: Int
  var processesPerNode: Int
  /// In rank order, where the plan's placement is kept.
  var nodeNames: [String]
}

extension PlannedJob {
  /// Launchers start the same number of processes on every node and number them node by node.
  func rankLayout(_ notes: inout ExportNotes) -> RankLayout? {
    let placed = plan.stages.flatMap(\.devices).reduce(0) { $0 + $1.gpus.count }
    let gpus = placed > 0 ? placed : strategy.gpus
    var groups: [DeviceGroup] = []
    for group in plan.stages.flatMap(\.devices) {
      if groups.last?.node == group.node {
        groups[groups.count - 1].gpus += group.gpus
      } else {
        groups.append(group)
      }
    }
    let used = Set(groups.map(\.node))
    if let first = groups.first, used.count == groups.count,
      groups.allSatisfy({ $0.gpus.count == first.gpus.count })
    {
      if groups.contains(where: { $0.gpus != Array(0..<$0.gpus.count) }) {
        notes.warn(
          Field.stages,
          "devices: processes take a node's GPUs from 0 on, in order, and not those of the plan")
      }
      return RankLayout(
        nodes: groups.count, processesPerNode: first.gpus.count, nodeNames: groups.map(\.node))
    }
    let perNode = pools.map(\.gpusPerNode).min() ?? 1
    let available = pools.reduce(0) { $0 + $1.nodes }
    let fewest = (gpus + perNode - 1) / perNode
    guard fewest <= available,
      let nodes = (fewest...available).first(where: { gpus.isMultiple(of: $0) })
    else {
      notes.refuse(
        Field.strategy("data_parallel"),
        "\(gpus) GPUs do not spread evenly over nodes of \(perNode), as the launcher needs")
      return nil
    }
    if !groups.isEmpty {
      notes.warn(
        Field.stages,
        "devices: the plan's placement is uneven; \(gpus / nodes) processes are started on each of "
          + "\(nodes) nodes instead")
    }
    return RankLayout(nodes: nodes, processesPerNode: gpus / nodes, nodeNames: [])
  }
}
