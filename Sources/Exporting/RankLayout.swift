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
    let groups = placement
    let placed = groups.reduce(0) { $0 + $1.gpus.count }
    let gpus = placed > 0 ? placed : strategy.gpus
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

  /// The plan's GPUs in rank order, where it has any: a stage lists its own so, replica by replica, and
  /// the strategy's order tells whether the next rank is the stage's next replica or the next stage.
  private var placement: [DeviceGroup] {
    let stages = plan.stages.map(\.devices)
    guard strategy.mesh.stride(.data) != strategy.tensor * strategy.context, !stages[0].isEmpty
    else { return joined(stages.joined()) }
    let replica = strategy.tensor * strategy.context
    let gpus = stages.map { $0.flatMap { group in group.gpus.map { (group.node, $0) } } }
    return joined(
      (0..<strategy.data).flatMap { data in
        gpus.flatMap { stage in
          stage[(data * replica)..<((data + 1) * replica)].map {
            DeviceGroup(node: $0.0, gpus: [$0.1])
          }
        }
      })
  }

  /// Neighbours of one node as one group.
  private func joined(_ groups: some Sequence<DeviceGroup>) -> [DeviceGroup] {
    var joined: [DeviceGroup] = []
    for group in groups {
      if joined.last?.node == group.node {
        joined[joined.count - 1].gpus += group.gpus
      } else {
        joined.append(group)
      }
    }
    return joined
  }
}
