import Hardware
import Importing
import JSON
import Quantities

/// Reads `cluster`: a shorthand, an object with pools, or what an operator's tools print (Kubernetes
/// nodes, Slurm's lists). What is left out comes from the catalogue.
struct ClusterRule: JSONRule {
  let catalogue: AcceleratorCatalogue

  var expectation: String {
    "a shorthand such as \"4x8xh100-sxm5-80gb\", or an object with pools"
  }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Cluster? {
    switch value.kind {
    case .string: ClusterShorthand(catalogue: catalogue).read(value, log)
    case .object where value["kind"] != nil && value["pools"] == nil:
      // What kubectl prints, as it is.
      KubernetesNodesRule(catalogue: catalogue).read(value, log).flatMap {
        let (requests, notes) = Self.requests(for: $0, from: value)
        return Self.cluster(of: requests, NetworkRequest(), notes, value, log)
      }
    case .object: cluster.read(value, log)
    case .null, .boolean, .number, .array: refuse(value, log)
    }
  }

  private var cluster: JSONObjectRule<Cluster> {
    .object { [self] cluster in
      let network = cluster.optional("network", NetworkRules.network, absent: NetworkRequest())
      let measurements = cluster.optional(
        "measurements", .list(of: MeasurementRule(), counts: 1...WireLimits.pools), absent: [])
      let form = self.form(&cluster)
      guard var (requests, notes) = form, cluster.isSound else { return nil }
      for measurement in measurements {
        measurement.apply(to: &requests, &notes, cluster.log)
      }
      guard cluster.isSound else { return nil }
      return Self.cluster(of: requests, network, notes, cluster.object, cluster.log)
    }
  }

  /// The pools, given or taken from a record, and what was taken for granted.
  private func form(
    _ cluster: inout JSONMemberReader
  ) -> (requests: [PoolRequest], notes: [String])? {
    let requests: [PoolRequest]? = cluster.optional(
      "pools", .list(of: PoolRule(catalogue: catalogue), counts: 1...WireLimits.pools))
    let nodes: NodeInventory? = cluster.optional("kubernetes", .kubernetesNodes(catalogue))
    let hosts: NodeInventory? = cluster.optional("slurm", .slurm(catalogue))
    let given = ["pools", "kubernetes", "slurm"].filter { cluster.object[$0] != nil }
    if given.isEmpty { cluster.note("pools", Sentence.noClusterForm) }
    if given.count > 1 { cluster.note(Sentence.severalClusterForms) }
    if let requests { return (requests, []) }
    guard let inventory = nodes ?? hosts, let record = cluster.object[given[0]] else { return nil }
    return Self.requests(for: inventory, from: record)
  }

  private static func requests(
    for inventory: NodeInventory, from record: JSONValue
  ) -> (requests: [PoolRequest], notes: [String]) {
    let (groups, notes) = inventory.groups()
    return (groups.map { PoolRequest($0, value: record) }, inventory.notes + notes)
  }

  private static func cluster(
    of requests: [PoolRequest], _ network: NetworkRequest, _ notes: [String], _ value: JSONValue,
    _ log: JSONFaultLog
  ) -> Cluster? {
    let nodes = requests.reduce(0) { $0 + $1.nodes }
    guard nodes <= WireLimits.nodes else {
      log.note(value, Sentence.tooManyNodes(nodes))
      return nil
    }
    var (requests, network, notes) = (requests, network, notes)
    if let matrix = network.matrix, !matrix.apply(to: &requests, &network, &notes, log) {
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
      var cluster = try Cluster.joining(pools, by: network.betweenPools)
      cluster.notes = notes
      return cluster
    } catch {
      log.note(value, Sentence.pool(error))
      return nil
    }
  }
}

extension JSONRule where Self == ClusterRule {
  static func cluster(_ catalogue: AcceleratorCatalogue) -> Self { Self(catalogue: catalogue) }
}

extension PoolRequest {
  /// Nodes that an inventory grouped.
  fileprivate init(_ group: NodeInventory.Group, value: JSONValue) {
    self.init(
      accelerator: group.accelerator, machine: group.machine, gpusPerNode: group.gpusPerNode,
      nodes: group.nodeNames.count, nodeNames: group.nodeNames, memory: group.memory,
      scaleUpDomain: group.scaleUpDomain, fabric: group.fabric, value: value)
  }
}
