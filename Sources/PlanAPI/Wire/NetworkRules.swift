import Hardware
import JSON
import Quantities

/// The network between nodes, as far as it was given.
struct NetworkRequest: Sendable {
  /// From the nodes outwards, of every pool that has none of its own.
  var levels: [FabricLevel] = []
  /// Instead of levels, what each pair of nodes can send one another.
  var matrix: MatrixRequest?
  var betweenPools = LinkOverride()
}

/// How the network between nodes stands on the wire.
enum NetworkRules {
  /// Of the cluster: levels or a matrix, and the link between pools.
  static let network: JSONObjectRule<NetworkRequest> = .object { network in
    let levels: [FabricLevel] = network.optional("levels", levelList, absent: [])
    let matrix = network.optional("matrix", MatrixRule())
    let between = network.optional("between_pools", LinkRules.perGPU, absent: LinkOverride())
    if matrix != nil, !levels.isEmpty { network.note("matrix", Sentence.levelsAndMatrix) }
    return NetworkRequest(levels: levels, matrix: matrix, betweenPools: between)
  }

  /// Of one pool: `{"levels": […]}`.
  static let levels: JSONObjectRule<[FabricLevel]> = .object { network in
    network.required("levels", levelList)
  }

  private static let levelList: JSONListRule<JSONObjectRule<FabricLevel>> = .list(
    of: level, counts: 1...Pool.levelLimit)

  private static let level: JSONObjectRule<FabricLevel> = .object { level in
    let name = level.optional("name", .nonEmptyString, absent: "network")
    let nodes = level.optional("nodes", .positiveInteger(max: WireLimits.nodes))
    let oversubscription = level.optional(
      "oversubscription", .number(in: 1...WireLimits.oversubscription), absent: 1)
    let bandwidth = level.optional(
      "bandwidth_gbytes_per_second_per_gpu", LinkRules.gigabytesPerSecond)
    let latency = level.optional("latency_us", LinkRules.microseconds)
    let isMeasured = level.optional("measured", .boolean, absent: false)
    return FabricLevel(
      name: name, nodes: nodes, oversubscription: oversubscription, bandwidth: bandwidth,
      latency: latency, isMeasured: isMeasured)
  }
}
