import Hardware
import JSON
import Quantities

/// Reads what `kubectl get nodes -o json` prints: a NodeList (or one Node) with the labels of GPU
/// feature discovery, the allocatable GPUs and whatever labels tell of the network.
///
/// Nodes that a job cannot use (cordoned, tainted, not ready, without GPUs, with GPUs cut into
/// slices or shared) are passed over and said.
package struct KubernetesNodesRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  package init(catalogue: AcceleratorCatalogue) {
    self.catalogue = catalogue
  }

  package var expectation: String {
    "a Kubernetes NodeList, as kubectl get nodes -o json prints it"
  }

  package static let nodeLimit = 1 << 16

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> NodeInventory? {
    guard value.kind == .object else { return refuse(value, log) }
    let kind = value["kind"]?.string
    if kind == "Node" { return inventory(of: [value], value, log) }
    guard let items = value["items"], items.kind == .array, kind == nil || kind!.hasSuffix("List")
    else {
      log.note(value, "expected \(expectation): kind \"NodeList\" with items")
      return nil
    }
    guard items.count <= Self.nodeLimit else {
      log.note(items, "\(items.count) nodes are more than the \(Self.nodeLimit) planned for")
      return nil
    }
    return inventory(of: Array(items.elements), value, log)
  }

  private func inventory(
    of items: [JSONValue], _ whole: JSONValue, _ log: JSONFaultLog
  ) -> NodeInventory? {
    let before = log.count
    var skipped: [(reason: String, names: [String])] = []
    var found: [(node: KubernetesNode, usable: NodeInventory.Node)] = []
    var names = Set<String>()
    for item in items {
      guard let node = KubernetesNode(item, log) else { continue }
      guard names.insert(node.name).inserted else {
        log.note(item, "two nodes are named \"\(excerpt(node.name))\"")
        continue
      }
      if let reason = node.reasonToSkip {
        if let index = skipped.firstIndex(where: { $0.reason == reason }) {
          skipped[index].names.append(node.name)
        } else {
          skipped.append((reason, [node.name]))
        }
      } else if let usable = node.usable(catalogue, log) {
        found.append((node, usable))
      }
    }
    guard log.count == before else { return nil }
    guard !found.isEmpty else {
      let why = skipped.map { "\($0.names.count) \($0.reason)" }.joined(separator: ", ")
      log.note(whole, "no node has GPUs that a job could use" + (why.isEmpty ? "" : " (\(why))"))
      return nil
    }
    var inventory = NodeInventory()
    let scheme = NetworkLabels.scheme(of: found.map(\.node))
    inventory.levelNames = scheme.levels.map(\.name)
    inventory.nodes = found.map { node, usable in
      var usable = usable
      usable.groups = scheme.levels.map { node.labels[$0.label] ?? "" }
      return usable
    }
    inventory.notes = notes(skipped, found.map(\.node), scheme) + machineNotes(found.map(\.usable))
    return inventory
  }

  private func notes(
    _ skipped: [(reason: String, names: [String])], _ nodes: [KubernetesNode],
    _ scheme: NetworkLabels.Scheme
  ) -> [String] {
    var notes = skipped.map { "passed over: \(listing($0.names)) \($0.reason)" }
    let partial = nodes.filter { $0.labelledGPUs.map { $0 > $1 } ?? false }
    if !partial.isEmpty {
      let names = partial.map { "\($0.name) (\($0.gpus) of \($0.labelledGPUs!.0))" }
      notes.append("fewer GPUs are allocatable than the nodes have: \(listing(names))")
    }
    if scheme.levels.isEmpty {
      if nodes.count > 1 {
        notes.append("no topology labels on all nodes: one network level is taken to join them")
      }
    } else {
      let labels = scheme.levels.map(\.label).joined(separator: ", ")
      notes.append("network levels are read from the labels \(labels)")
    }
    return notes
  }

  /// What the nodes' machines say of the network, one sentence a type.
  private func machineNotes(_ nodes: [NodeInventory.Node]) -> [String] {
    var seen = Set<MachineType>()
    return nodes.compactMap(\.machine).filter { seen.insert($0).inserted }.map {
      "the network of \($0.name), \(Int($0.networkBandwidth.value)) Gbit/s a node for GPUs, is known "
        + "from the label \(KubernetesNode.machineLabel)"
    }
  }

  private func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).map { excerpt($0) }.joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}

extension JSONRule where Self == KubernetesNodesRule {
  package static func kubernetesNodes(_ catalogue: AcceleratorCatalogue) -> Self {
    Self(catalogue: catalogue)
  }
}
