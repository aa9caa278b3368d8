import Quantities

extension Pool {
  /// More GPUs than any job has used; it keeps products of counts far from overflow.
  package static let gpuLimit = 1 << 22
  package static let levelLimit = GroupLayout.levelLimit

  /// A pool from what a caller says, with the rest from the catalogue.
  ///
  /// - Parameters:
  ///   - machine: What the nodes are, which then tells of the network and the number of GPUs in place of
  ///     the accelerator.
  ///   - nodeNames: Given instead of, or in agreement with, `nodes`. Without names, nodes are
  ///     `node-0`, `node-1`, …, counted from `firstNode`.
  ///   - scaleUpDomain: GPUs that the scale-up network joins, where it differs from the catalogue.
  ///   - intraNode: Of the scale-up network, per GPU and direction.
  ///   - interNode: Of one node's ports together, per direction.
  ///   - fabric: The network between nodes from the nodes outwards; without it, one level joins all.
  package static func make(
    name: String? = nil, accelerator: Accelerator, machine: MachineType? = nil,
    gpusPerNode: Int? = nil, nodes: Int? = nil, nodeNames: [String]? = nil, firstNode: Int = 0,
    memory: ByteCount? = nil,
    scaleUpDomain: Int? = nil, intraNode: LinkOverride = LinkOverride(),
    interNode: LinkOverride = LinkOverride(), fabric: [FabricLevel] = [],
    pricePerGPUHour: Double? = nil
  ) throws(PoolFault) -> Pool {
    let perNode = gpusPerNode ?? machine?.gpus ?? accelerator.gpusPerNode
    let count = nodes ?? nodeNames?.count ?? 1
    try checkCounts(gpusPerNode: perNode, nodes: count, nodeNames: nodeNames)
    try checkOverrides(
      memory: memory, intraNode: intraNode, interNode: interNode, price: pricePerGPUHour)
    let port =
      interNode.bandwidth.map { $0 / perNode } ?? machine?.networkBandwidthPerGPU
      ?? accelerator.networkBandwidth
    var fabric = fabric.isEmpty ? [FabricLevel(name: "network")] : fabric
    if fabric[0].latency == nil { fabric[0].latency = interNode.latency }
    if interNode.isMeasured {
      for index in fabric.indices where fabric[index].bandwidth == nil {
        fabric[index].isMeasured = true
      }
    }
    let outside = try fabricLevels(fabric, nodes: count, gpusPerNode: perNode, port: port)

    let domain = try scaleUpSpan(
      of: accelerator, gpusPerNode: perNode, nodes: count, given: scaleUpDomain)
    var levels = nodeLevels(
      of: accelerator, gpusPerNode: perNode, domain: domain, override: intraNode)
    // What a switch joins within one scale-up domain has the better way already.
    for (index, level) in outside.enumerated() where level.span > levels.last!.span {
      let inner = levels.last!.span
      if level.span < perNode * count, !level.span.isMultiple(of: inner) {
        throw .fabricSpanNotMultiple(
          level: index, nodes: level.span / perNode, inner: inner / perNode)
      }
      levels.append(level)
    }
    if levels.count > levelLimit { throw .tooManyLevels(limit: levelLimit) }
    var pool = Pool(
      name: name ?? machine?.name ?? accelerator.id, accelerator: accelerator, gpusPerNode: perNode,
      nodeNames: nodeNames ?? (0..<count).map { "node-\(firstNode + $0)" },
      memory: memory ?? accelerator.memory, levels: levels, uplink: outside.last!,
      pricePerGPUHour: pricePerGPUHour)
    pool.machine = machine
    return pool
  }

  /// The levels inside a node or scale-up domain; the first always exists, so that a pool of single
  /// GPUs has a level too.
  private static func nodeLevels(
    of accelerator: Accelerator, gpusPerNode: Int, domain: Int, override: LinkOverride
  ) -> [NetworkLevel] {
    let bandwidth = override.bandwidth ?? accelerator.scaleUpBandwidth
    let latency = override.latency ?? accelerator.scaleUpLink.latency
    let peer = accelerator.peerBandwidth.map { $0 * (bandwidth / accelerator.scaleUpBandwidth) }
    var levels = [
      NetworkLevel(
        name: accelerator.scaleUpLink.rawValue, span: domain, bandwidth: bandwidth,
        latency: latency, peerBandwidth: peer, isMeasured: override.isMeasured)
    ]
    if domain < gpusPerNode {
      let host = NetworkLevel(
        name: ScaleUpLink.pcie.rawValue, span: gpusPerNode, bandwidth: accelerator.hostBandwidth,
        latency: ScaleUpLink.pcie.latency)
      if domain == 1 { levels[0] = host } else { levels.append(host) }
    }
    return levels
  }

  /// GPUs of this pool that one scale-up network joins.
  ///
  /// A domain that is the catalogue's node is the node here too, whatever its size; one that spans
  /// nodes keeps its number of nodes, so that failed GPUs shrink it; one smaller than a node keeps
  /// its size where nodes hold whole ones, and else is not counted on.
  private static func scaleUpSpan(
    of accelerator: Accelerator, gpusPerNode: Int, nodes: Int, given: Int?
  ) throws(PoolFault) -> Int {
    let all = gpusPerNode * nodes
    if let given {
      guard
        given > 0, given.isMultiple(of: gpusPerNode) || gpusPerNode.isMultiple(of: given)
      else { throw .scaleUpDomain(given, gpusPerNode: gpusPerNode) }
      return min(given, all)
    }
    let usual = accelerator.gpusPerNode
    let domain = accelerator.scaleUpDomain
    if domain == usual { return gpusPerNode }
    if domain > usual { return min(domain / usual, nodes) * gpusPerNode }
    return gpusPerNode.isMultiple(of: domain) ? domain : 1
  }

  private static func fabricLevels(
    _ fabric: [FabricLevel], nodes: Int, gpusPerNode: Int, port: Bandwidth
  ) throws(PoolFault) -> [NetworkLevel] {
    var levels: [NetworkLevel] = []
    // As described, which may be more than this pool has nodes.
    var inner = 0
    for (index, level) in fabric.enumerated() {
      if level.nodes ?? 1 < 1 { throw .fabricSpanNotPositive(level: index) }
      let span = min(level.nodes ?? nodes, nodes)
      if !(level.oversubscription >= 1 && level.oversubscription.isFinite) {
        throw .fabricOversubscription(level: index)
      }
      if let bandwidth = level.bandwidth, !bandwidth.isUsable {
        throw .fabricBandwidthNotPositive(level: index)
      }
      if let latency = level.latency, !latency.isUsable {
        throw .fabricLatencyNegative(level: index)
      }
      let joined = level.nodes ?? .max
      if joined <= inner {
        throw .fabricSpanNotIncreasing(
          level: index, nodes: min(joined, nodes), inner: min(inner, nodes))
      }
      if inner > 0, span < nodes, !span.isMultiple(of: inner) {
        throw .fabricSpanNotMultiple(level: index, nodes: span, inner: inner)
      }
      inner = joined
      levels.append(
        NetworkLevel(
          name: level.name, span: span * gpusPerNode,
          bandwidth: level.bandwidth ?? port / level.oversubscription,
          latency: level.latency ?? FabricLevel.defaultLatency(atDepth: index),
          isMeasured: level.isMeasured))
    }
    if inner < nodes { throw .fabricEndsEarly(nodes: inner, of: nodes) }
    return levels
  }
}
