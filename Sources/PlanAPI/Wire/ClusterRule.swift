import Hardware
import JSON
import Quantities

/// Reads `cluster`: a shorthand or an object with pools. What is left out comes from the catalogue.
struct ClusterRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  var expectation: String {
    "a shorthand such as \"4x8xh100-sxm5-80gb\", or an object with pools"
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Cluster? {
    switch value.kind {
    case .string: ClusterShorthand(catalogue: catalogue).read(value, log)
    case .object: cluster.read(value, log)
    case .null, .boolean, .number, .array: refuse(value, log)
    }
  }

  private var cluster: JSONObjectRule<Cluster> {
    .object { [catalogue] cluster in
      let network = cluster.optional("network", Self.network, absent: NetworkRequest())
      let poolRule = PoolRule(catalogue: catalogue)
      let requests = cluster.required(
        "pools", .list(of: poolRule, counts: 1...WireLimits.pools))
      guard let requests, cluster.isSound else { return nil }
      return Self.cluster(of: requests, network, cluster.object, cluster.log)
    }
  }

  private static func cluster(
    of requests: [PoolRequest], _ network: NetworkRequest, _ value: JSONValue, _ log: JSONFaultLog
  ) -> Cluster? {
    let nodes = requests.reduce(0) { $0 + $1.nodes }
    guard nodes <= WireLimits.nodes else {
      log.note(value, Sentence.tooManyNodes(nodes))
      return nil
    }
    var pools: [Pool] = []
    for request in requests {
      let firstNode = pools.reduce(0) { $0 + $1.nodes }
      if let pool = request.pool(firstNode: firstNode, network, cluster: value, log) {
        pools.append(pool)
      }
    }
    guard pools.count == requests.count else { return nil }
    do throws(PoolFault) {
      return try Cluster.joining(pools, by: network.betweenPools)
    } catch {
      log.note(value, Sentence.pool(error))
      return nil
    }
  }

  private static let network: JSONObjectRule<NetworkRequest> = .object { network in
    let levels = network.optional(
      "levels", .list(of: fabricLevel, counts: 1...Pool.levelLimit), absent: [])
    let between = network.optional("between_pools", LinkRules.perGPU, absent: LinkOverride())
    return NetworkRequest(levels: levels, betweenPools: between)
  }

  private static let fabricLevel: JSONObjectRule<FabricLevel> = .object { level in
    let name = level.optional("name", .nonEmptyString, absent: "network")
    let nodes = level.optional("nodes", .positiveInteger(max: WireLimits.nodes))
    let oversubscription = level.optional(
      "oversubscription", .number(in: 1...WireLimits.oversubscription), absent: 1)
    let bandwidth = level.optional(
      "bandwidth_gbytes_per_second_per_gpu", LinkRules.gigabytesPerSecond)
    let latency = level.optional("latency_us", LinkRules.microseconds)
    return FabricLevel(
      name: name, nodes: nodes, oversubscription: oversubscription, bandwidth: bandwidth,
      latency: latency)
  }
}

extension JSONRule where Self == ClusterRule {
  static func cluster(_ catalogue: AcceleratorCatalogue) -> Self { Self(catalogue: catalogue) }
}

/// The network between nodes, as far as it was given.
struct NetworkRequest: Sendable {
  /// From the nodes outwards, of every pool.
  var levels: [FabricLevel] = []
  var betweenPools = LinkOverride()
}
