import Quantities

extension Pool {
  static func checkCounts(
    gpusPerNode: Int, nodes: Int, nodeNames: [String]?
  ) throws(PoolFault) {
    if gpusPerNode < 1 { throw .noGPUs }
    if nodes < 1 { throw .noNodes }
    let (gpus, overflow) = gpusPerNode.multipliedReportingOverflow(by: nodes)
    if overflow || gpus > gpuLimit { throw .tooManyGPUs(limit: gpuLimit) }
    guard let nodeNames else { return }
    if nodeNames.count != nodes { throw .nodeCount(nodes, differsFromNames: nodeNames.count) }
    if let empty = nodeNames.firstIndex(of: "") { throw .emptyNodeName(at: empty) }
    var seen = Set<String>()
    for name in nodeNames where !seen.insert(name).inserted { throw .duplicateNodeName(name) }
  }

  static func checkOverrides(
    memory: ByteCount?, intraNode: LinkOverride, interNode: LinkOverride, price: Double?
  ) throws(PoolFault) {
    if let memory, !(memory.value > 0 && memory.value.isFinite) { throw .memoryNotPositive }
    if let rate = intraNode.bandwidth, !rate.isUsable { throw .intraNodeBandwidthNotPositive }
    if let time = intraNode.latency, !time.isUsable { throw .intraNodeLatencyNegative }
    if let rate = interNode.bandwidth, !rate.isUsable { throw .interNodeBandwidthNotPositive }
    if let time = interNode.latency, !time.isUsable { throw .interNodeLatencyNegative }
    if let price, !(price >= 0 && price.isFinite) { throw .priceNegative }
  }
}

extension Bandwidth {
  var isUsable: Bool { value > 0 && value.isFinite }
}

extension Seconds {
  var isUsable: Bool { value >= 0 && value.isFinite }
}
