import Hardware
import JSON
import Quantities

/// The nodes that an operator's own records name, before they are grouped into pools.
package struct NodeInventory: Sendable {
  package struct Node: Sendable {
    package var name: String
    package var accelerator: Accelerator
    /// The provider's machine that the node is, where the record tells it.
    package var machine: MachineType?
    /// GPUs that can be used.
    package var gpus: Int
    /// Of one GPU, where the record tells it.
    package var memory: ByteCount?
    /// The NVLink domain that the node belongs to, where it spans nodes.
    package var scaleUpDomain: String?
    /// Its group at each of the inventory's levels, innermost first.
    package var groups: [String]
  }

  package var nodes: [Node] = []
  package var levelNames: [String] = []
  /// What was passed over or taken for granted, in sentences.
  package var notes: [String] = []

  package init() {}

  /// Nodes of one type of GPU with the same number of GPUs.
  package struct Group: Sendable {
    package var accelerator: Accelerator
    package var machine: MachineType?
    package var gpusPerNode: Int
    package var memory: ByteCount?
    /// In an order in which those close to each other are consecutive.
    package var nodeNames: [String]
    /// GPUs that one scale-up network joins for certain, where the records tell it.
    package var scaleUpDomain: Int?
    /// The network between the nodes; empty if nothing is known.
    package var fabric: [FabricLevel]
  }

  /// The groups in the order of their first nodes, and what could not be kept of the network.
  ///
  /// Complexity: O(nodes · levels · log nodes).
  package func groups() -> (groups: [Group], notes: [String]) {
    struct Key: Hashable {
      var accelerator: String
      var machine: MachineType?
      var gpus: Int
      var memory: ByteCount?
    }
    var order: [Key] = []
    var members: [Key: [Node]] = [:]
    for node in nodes {
      let key = Key(
        accelerator: node.accelerator.id, machine: node.machine, gpus: node.gpus,
        memory: node.memory)
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(node)
    }
    var notes: [String] = []
    let groups = order.map { group(members[$0]!, &notes) }
    return (groups, notes)
  }

  private func group(_ nodes: [Node], _ notes: inout [String]) -> Group {
    let hasDomains = nodes.allSatisfy { $0.scaleUpDomain != nil }
    let names = (hasDomains ? ["scale-up"] : []) + levelNames
    let paths = nodes.map { node in
      (hasDomains ? [node.scaleUpDomain!] : []) + node.groups
    }
    let levels = NodeHierarchy(levelNames: names, paths: paths).levels
    var spans = levels.spans
    var domain: Int?
    if hasDomains {
      let joined = spans.first?.name == "scale-up" ? spans.removeFirst().nodes : 1
      domain = joined * nodes[0].gpus
    }
    let first = nodes[0]
    if !levels.dropped.isEmpty {
      notes.append(
        "the \(levels.dropped.joined(separator: ", ")) groups of the \(first.accelerator.id) nodes "
          + "have no common size and are not counted on")
    }
    let fabric = spans.map {
      FabricLevel(name: $0.name, nodes: $0.nodes == nodes.count ? nil : $0.nodes)
    }
    return Group(
      accelerator: first.accelerator, machine: first.machine, gpusPerNode: first.gpus,
      memory: first.memory,
      nodeNames: levels.order.map { nodes[$0].name }, scaleUpDomain: domain,
      fabric: levelNames.isEmpty ? [] : fabric)
  }
}
