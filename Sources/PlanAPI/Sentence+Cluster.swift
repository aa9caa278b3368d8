import Hardware
import JSON

/// What can be wrong with a cluster.
extension Sentence {
  static let noNodes = "missing: expected nodes, or node_names"

  static let noGPU = "missing: expected gpu, or machine"

  static func unknownMachine(_ name: String) -> String {
    let near = NearestNames.to(name, among: MachineType.known.lazy.map(\.name))
    let unknown = "unknown machine \"\(excerpt(name))\""
    return near.isEmpty
      ? "\(unknown); GET /catalog/machines lists those that are known"
      : "\(unknown); did you mean \"\(near.joined(separator: "\" or \""))\"?"
  }

  static func otherGPUs(_ machine: MachineType, than given: Accelerator) -> String {
    "\(machine.name) has \(machine.accelerator), not \(given.id)"
  }

  static func tooManyNodes(_ nodes: Int) -> String {
    "\(nodes) nodes are more than the \(WireLimits.nodes) that are planned for"
  }

  static let longShorthand =
    "a shorthand has up to \(WireLimits.shorthandLength) bytes; give pools instead"

  static func badShorthand(_ part: String) -> String {
    "\"\(excerpt(part))\" is not nodes x GPUs per node x type, such as \"4x8xh100-sxm5-80gb\", "
      + "nor nodes x machine, such as \"4xp5.48xlarge\""
  }

  static func largeShorthand(_ part: String) -> String {
    "\"\(excerpt(part))\" has more than \(WireLimits.nodes) nodes or \(WireLimits.gpusPerNode) "
      + "GPUs a node"
  }

  static let noClusterForm =
    "expected pools, or a record to take them from: kubernetes or slurm"
  static let severalClusterForms = "pools, kubernetes and slurm exclude one another"

  static func unknownPool(_ name: String, known: [String]) -> String {
    "no pool is named \"\(excerpt(name))\"; known here: \(known.joined(separator: ", "))"
  }

  static func topologyGPUs(_ gpus: Int, gpusPerNode: Int) -> String {
    "the matrix has \(gpus) GPUs, but the pool \(gpusPerNode) a node"
  }

  static func benchmarkRanks(_ ranks: Int, gpusPerNode: Int) -> String {
    "measured with \(ranks) ranks a host, but the pool has \(gpusPerNode) GPUs a node"
  }

  static let levelsAndMatrix = "levels and a matrix exclude one another"

  static func matrixSize(_ rows: Int, nodes: Int) -> String {
    "\(rows) rows for \(nodes) nodes"
  }

  static func matrixName(_ name: String) -> String {
    "\"\(excerpt(name))\" is no node of the cluster, or named twice"
  }

  static func matrix(_ fault: NetworkMatrix.Fault) -> String {
    switch fault {
    case .tooManyNodes(let limit): "more than \(limit) nodes; give levels instead"
    case .notSquare(_, let count, let expected): "\(count) numbers in a row of \(expected)"
    case .negative: "expected a bandwidth that is not negative"
    case .asymmetric(let row, let column):
      "differs from its mirror image [\(column), \(row)] by more than "
        + "\(Int(NetworkMatrix.tolerance * 100)) %"
    case .disconnected(let a, let b): "no chain of links joins nodes \(a) and \(b)"
    }
  }

  static func indirectPairs(_ count: Int) -> String {
    "\(count) pairs of nodes have no direct link: the widest way through others is taken"
  }

  static func pool(_ fault: PoolFault) -> String {
    switch fault {
    case .noGPUs: "expected at least 1"
    case .noNodes: "expected at least 1"
    case .tooManyGPUs(let limit): "more than \(limit) GPUs"
    case .nodeCount(let nodes, let names): "\(names) names for \(nodes) nodes"
    case .emptyNodeName(let index): "the name at \(index) is empty"
    case .duplicateNodeName(let name): "two nodes are named \"\(excerpt(name))\""
    case .memoryNotPositive: "expected a positive size"
    case .intraNodeBandwidthNotPositive, .interNodeBandwidthNotPositive:
      "expected a positive bandwidth"
    case .intraNodeLatencyNegative, .interNodeLatencyNegative:
      "expected a latency that is not negative"
    case .priceNegative: "expected a price that is not negative"
    case .scaleUpDomain(let domain, let gpusPerNode):
      "a scale-up domain of \(domain) GPUs holds no whole number of nodes of \(gpusPerNode) GPUs, "
        + "nor a node a whole number of it"
    case .tooManyLevels(let limit):
      "more than \(limit) levels, those within the node counted"
    case .fabricSpanNotPositive: "expected at least one node"
    case .fabricSpanNotIncreasing(_, let nodes, let inner):
      "joins \(nodes) nodes, which is not more than the \(inner) of the level below it"
    case .fabricSpanNotMultiple(_, let nodes, let inner):
      "joins \(nodes) nodes, which are no whole groups of the \(inner) of the level below it"
    case .fabricEndsEarly(let nodes, let all):
      "the outermost level joins \(nodes) nodes, but the pool has \(all)"
    case .fabricOversubscription: "expected an oversubscription of at least 1"
    case .fabricBandwidthNotPositive: "expected a positive bandwidth"
    case .fabricLatencyNegative: "expected a latency that is not negative"
    case .noPools: "expected at least one pool"
    }
  }
}
