import Hardware
import JSON

/// Reads what Slurm knows: `{"nodelist" | "environment", "topology"?, "gpu"?, "gpus_per_node"?}`.
///
/// `environment` holds a job's `SLURM_` variables, as an object or as `env` prints them; `topology`
/// is the text of `topology.conf` or `topology.yaml`.
package struct SlurmRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  package init(catalogue: AcceleratorCatalogue) {
    self.catalogue = catalogue
  }

  package var expectation: String { "an object with a Slurm nodelist or environment" }

  package static let nodeLimit = 1 << 16
  private static let textLimit = 4 << 20

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> NodeInventory? {
    members.read(value, log)
  }

  private var members: JSONObjectRule<NodeInventory> {
    .object { [self] slurm in inventory(&slurm) }
  }

  private func inventory(_ slurm: inout JSONMemberReader) -> NodeInventory? {
    let list: String? = slurm.optional("nodelist", .string(lengths: 1...Self.textLimit))
    let given = slurm.value("environment").flatMap { self.environment($0, slurm.log) }
    let topology: String? = slurm.optional("topology", .string(lengths: 1...Self.textLimit))
    let gpu: String? = slurm.optional("gpu", .string(lengths: 1...253))
    let count: Int? = slurm.optional("gpus_per_node", .positiveInteger(max: 1024))
    guard slurm.isSound else { return nil }
    let variables = given ?? [:]
    let names = self.names(list, variables, &slurm)
    let kind = self.kind(gpu, variables, &slurm)
    let tree = topology.flatMap { self.tree($0, &slurm) }
    guard slurm.isSound, let names, let kind else { return nil }
    var notes: [String] = []
    var gpus = count ?? self.gpus(variables)
    if gpus == nil {
      gpus = kind.gpusPerNode
      notes.append("\(kind.gpusPerNode) GPUs a node, as \(kind.id) nodes usually have")
    }
    return inventory(names, kind, gpus ?? 1, tree, notes)
  }

  private func inventory(
    _ names: [String], _ accelerator: Accelerator, _ gpus: Int, _ tree: SwitchTree?,
    _ notes: [String]
  ) -> NodeInventory {
    var inventory = NodeInventory()
    inventory.notes = notes
    var groups = [[String]](repeating: [], count: names.count)
    if let tree {
      let outside = names.filter { !tree.contains($0) }
      if outside.isEmpty {
        let hierarchy = tree.hierarchy(of: names)
        inventory.levelNames = hierarchy.levelNames
        groups = hierarchy.paths
      } else {
        inventory.notes.append(
          "the topology does not name \(outside.count) of \(names.count) nodes (\(outside[0]), …): "
            + "one network level is taken to join all")
      }
    } else if names.count > 1 {
      inventory.notes.append("no topology given: one network level is taken to join the nodes")
    }
    inventory.nodes = zip(names, groups).map { name, groups in
      NodeInventory.Node(
        name: name, accelerator: accelerator, machine: nil, gpus: gpus, memory: nil,
        scaleUpDomain: nil, groups: groups)
    }
    return inventory
  }

  // MARK: Members

  private func environment(_ value: JSONValue, _ log: JSONFaultLog) -> [String: String]? {
    if let text = value.string { return Self.variables(text) }
    guard value.kind == .object else {
      log.note(value, "expected SLURM_ variables, an object or the text that env prints")
      return nil
    }
    var variables: [String: String] = [:]
    for (name, member) in value.members {
      variables[name] = member.string ?? member.integer.map(String.init)
    }
    return variables
  }

  private static func variables(_ text: String) -> [String: String] {
    var variables: [String: String] = [:]
    for (_, line) in NumberedLines(text: text) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      var name = line[..<equals]
      if name.hasPrefix("export ") { name = name.dropFirst(7) }
      let value = line[line.index(after: equals)...]
      variables[String(name)] = String(value.filter { $0 != "\"" && $0 != "'" })
    }
    return variables
  }

  private func names(
    _ list: String?, _ variables: [String: String], _ slurm: inout JSONMemberReader
  ) -> [String]? {
    let member: StaticString = list == nil ? "environment" : "nodelist"
    guard let text = list ?? variables["SLURM_JOB_NODELIST"] ?? variables["SLURM_NODELIST"] else {
      slurm.note("nodelist", "missing: expected a nodelist, or SLURM_JOB_NODELIST in environment")
      return nil
    }
    do throws(TextFault) {
      let names = try Hostlist.names(text, limit: Self.nodeLimit)
      if let said = variables["SLURM_JOB_NUM_NODES"].flatMap({ Int($0) }), said != names.count {
        slurm.note(member, "names \(names.count) nodes, but SLURM_JOB_NUM_NODES says \(said)")
      }
      var seen = Set<String>()
      if let twice = names.first(where: { !seen.insert($0).inserted }) {
        slurm.note(member, "names \"\(excerpt(twice))\" twice")
      }
      return names
    } catch {
      slurm.note(member, error.sentence)
      return nil
    }
  }

  /// `SLURM_GPUS_PER_NODE=h100:8` names the type; a plain number does not.
  private func kind(
    _ gpu: String?, _ variables: [String: String], _ slurm: inout JSONMemberReader
  ) -> Accelerator? {
    let member: StaticString = gpu == nil ? "environment" : "gpu"
    let parts = (variables["SLURM_GPUS_PER_NODE"] ?? "").split(separator: ":")
    guard let name = gpu ?? (parts.count == 2 ? String(parts[0]) : nil) else {
      slurm.note("gpu", "missing: expected the type of the GPUs, which SLURM_GPUS_PER_NODE lacks")
      return nil
    }
    guard let accelerator = catalogue.accelerator(named: name) else {
      slurm.note(member, AcceleratorName.unknown(name, in: catalogue))
      return nil
    }
    return accelerator
  }

  private func gpus(_ variables: [String: String]) -> Int? {
    let perNode = variables["SLURM_GPUS_PER_NODE"]?.split(separator: ":").last
    let number = perNode.flatMap { Int($0) } ?? variables["SLURM_GPUS_ON_NODE"].flatMap { Int($0) }
    return number.flatMap { (1...1024).contains($0) ? $0 : nil }
  }

  private func tree(_ text: String, _ slurm: inout JSONMemberReader) -> SwitchTree? {
    do throws(TextFault) {
      return try SlurmTopology.tree(text, limit: Self.nodeLimit)
    } catch {
      slurm.note("topology", error.sentence)
      return nil
    }
  }
}

extension JSONRule where Self == SlurmRule {
  package static func slurm(_ catalogue: AcceleratorCatalogue) -> Self {
    Self(catalogue: catalogue)
  }
}
