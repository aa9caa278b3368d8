import Hardware
import Importing
import JSON
import Quantities

/// A pool as far as it was given, its type found in the catalogue.
struct PoolRequest: Sendable {
  var name: String?
  var accelerator: Accelerator
  var machine: MachineType?
  var gpusPerNode: Int?
  var nodes: Int
  var nodeNames: [String]?
  var memory: ByteCount?
  var scaleUpDomain: Int?
  var intraNode = LinkOverride()
  var interNode = LinkOverride()
  var pricePerGPUHour: Double?
  /// The network between this pool's nodes, from the nodes outwards; empty where it is the cluster's.
  var fabric: [FabricLevel] = []
  let value: JSONValue
}

/// Reads one of a cluster's `pools`.
struct PoolRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  var expectation: String { "an object that describes a pool of nodes" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> PoolRequest? {
    members.read(value, log)
  }

  private var members: JSONObjectRule<PoolRequest> {
    .object { [catalogue] pool in
      let machine = pool.optional("machine", MachineRule())
      let given = pool.optional("gpu", AcceleratorRule(catalogue: catalogue))
      if pool.object["gpu"] == nil, pool.object["machine"] == nil {
        pool.note("gpu", Sentence.noGPU)
      }
      let accelerator = given ?? machine.flatMap { catalogue.accelerator(named: $0.accelerator) }
      if let machine, let given, given.id != machine.accelerator {
        pool.note("machine", Sentence.otherGPUs(machine, than: given))
      }
      let gpusPerNode = pool.optional(
        "gpus_per_node", .positiveInteger(max: WireLimits.gpusPerNode))
      let nodes = pool.optional("nodes", .positiveInteger(max: WireLimits.nodes))
      let names = pool.optional(
        "node_names", .list(of: .string(lengths: 1...253), counts: 1...WireLimits.nodes))
      if pool.object["nodes"] == nil, pool.object["node_names"] == nil {
        pool.note("nodes", Sentence.noNodes)
      }
      let name = pool.optional("name", .nonEmptyString)
      let memory = pool.optional("memory_bytes", .positiveInteger(max: WireLimits.memoryBytes))
      let domain = pool.optional("scale_up_domain", .positiveInteger(max: WireLimits.nodes))
      let intra = pool.optional("intra_node", LinkRules.perGPU, absent: LinkOverride())
      let inter = pool.optional("inter_node", LinkRules.perNode, absent: LinkOverride())
      let price = pool.optional("price_per_gpu_hour", .nonNegativeNumber(max: 1e6))
      let fabric = pool.optional("network", NetworkRules.levels, absent: [])
      guard let accelerator, let count = nodes ?? names?.count else { return nil }
      return PoolRequest(
        name: name, accelerator: accelerator, machine: machine, gpusPerNode: gpusPerNode,
        nodes: count, nodeNames: names, memory: memory.map { ByteCount($0) }, scaleUpDomain: domain,
        intraNode: intra, interNode: inter, pricePerGPUHour: price,
        fabric: fabric, value: pool.object)
    }
  }
}

/// An accelerator by any of the names the catalogue knows it by.
struct AcceleratorRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  var expectation: String { "the name of a GPU, or an object that describes one" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Accelerator? {
    if value.kind == .object {
      let entry = CatalogueEntryRule(catalogue: catalogue).read(value, log)
      return entry?.accelerator(among: catalogue.entries)
    }
    guard let name = value.string, name.utf8.count <= WireLimits.nameLength else {
      return refuse(value, log)
    }
    return Self.accelerator(name, in: catalogue, for: value, log)
  }

  /// The accelerator of that name; `value` is where the name was found.
  static func accelerator(
    _ name: String, in catalogue: AcceleratorCatalogue, for value: JSONValue, _ log: JSONFaultLog
  ) -> Accelerator? {
    if let accelerator = catalogue.accelerator(named: name) { return accelerator }
    log.note(value, AcceleratorName.unknown(name, in: catalogue))
    return nil
  }
}

/// A cloud provider's machine by its name.
struct MachineRule: JSONRule {
  var expectation: String { "the name of a cloud provider's machine" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MachineType? {
    guard let name = value.string, name.utf8.count <= WireLimits.nameLength else {
      return refuse(value, log)
    }
    if let machine = MachineType.named(name) { return machine }
    log.note(value, Sentence.unknownMachine(name))
    return nil
  }
}

extension PoolRequest {
  /// The pool with what was left out; `nil` after noting what of it does not go together.
  func pool(
    firstNode: Int, _ network: NetworkRequest, cluster: JSONValue, _ log: JSONFaultLog
  ) -> Pool? {
    do throws(PoolFault) {
      return try Pool.make(
        name: name, accelerator: accelerator, machine: machine, gpusPerNode: gpusPerNode,
        nodes: nodes, nodeNames: nodeNames, firstNode: firstNode, memory: memory,
        scaleUpDomain: scaleUpDomain,
        intraNode: intraNode, interNode: interNode,
        fabric: fabric.isEmpty ? network.levels : fabric,
        pricePerGPUHour: pricePerGPUHour)
    } catch {
      let place = error.place(pool: value, cluster: cluster)
      log.note(place.value, member: place.member, Sentence.pool(error))
      return nil
    }
  }
}

extension PoolFault {
  /// Which member of the request is to blame.
  fileprivate func place(
    pool: JSONValue, cluster: JSONValue
  ) -> (value: JSONValue, member: String?) {
    switch self {
    case .noGPUs: return (pool, "gpus_per_node")
    case .noNodes: return (pool, "nodes")
    case .tooManyGPUs, .noPools: return (pool, nil)
    case .nodeCount, .emptyNodeName, .duplicateNodeName: return (pool, "node_names")
    case .memoryNotPositive: return (pool, "memory_bytes")
    case .intraNodeBandwidthNotPositive, .intraNodeLatencyNegative: return (pool, "intra_node")
    case .interNodeBandwidthNotPositive, .interNodeLatencyNegative: return (pool, "inter_node")
    case .priceNegative: return (pool, "price_per_gpu_hour")
    case .scaleUpDomain: return (pool, "scale_up_domain")
    case .tooManyLevels, .fabricEndsEarly:
      return (pool["network"] ?? cluster["network"] ?? cluster, "levels")
    case .fabricSpanNotPositive(let level), .fabricSpanNotIncreasing(let level, _, _),
      .fabricSpanNotMultiple(let level, _, _), .fabricOversubscription(let level),
      .fabricBandwidthNotPositive(let level), .fabricLatencyNegative(let level):
      let network = pool["network"] ?? cluster["network"]
      return (network?["levels"]?[level] ?? cluster, nil)
    }
  }
}

extension PlanService {
  /// What ships, with the accelerators of a catalogue file.
  package static func catalogue(parsing text: [UInt8]) -> Result<AcceleratorCatalogue, Problem> {
    file(text, as: CatalogueFileRule(extending: .standard)) { $0 }
  }
}
