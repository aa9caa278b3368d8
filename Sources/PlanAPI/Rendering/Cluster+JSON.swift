import Hardware
import JSON
import Quantities

extension JSONWriter {
  /// A cluster as node-link JSON; its `cluster` member is a form that requests take.
  mutating func cluster(
    _ cluster: Cluster, _ graph: ClusterGraph, _ catalogue: AcceleratorCatalogue
  ) {
    object { w in
      w.member("directed", false)
      w.member("multigraph", false)
      w.object("graph") { w in
        w.member("total_gpus", cluster.gpus)
        w.member("total_nodes", cluster.nodes)
        w.member("total_pools", cluster.pools.count)
      }
      w.array("nodes", graph.vertices) { $0.vertex($1) }
      w.array("edges", graph.edges) { $0.edge($1) }
      w.name("cluster")
      w.pools(of: cluster, catalogue)
      w.member("assumptions", cluster.notes + cluster.pools.flatMap(\.assumptions))
    }
  }

  private mutating func vertex(_ vertex: ClusterGraph.Vertex) {
    object { w in
      w.member("id", vertex.id)
      w.member("kind", vertex.kind.rawValue)
      if let pool = vertex.pool { w.member("pool", pool) }
      if let level = vertex.level { w.member("level", level) }
      w.member("gpus", vertex.gpus)
    }
  }

  private mutating func edge(_ edge: ClusterGraph.Edge) {
    object { w in
      w.member("source", edge.inner)
      w.member("target", edge.outer)
      w.link(edge.bandwidth, edge.latency, isMeasured: edge.isMeasured)
    }
  }

  private mutating func link(_ bandwidth: Bandwidth, _ latency: Seconds, isMeasured: Bool) {
    member("bandwidth_gbytes_per_second_per_gpu", bandwidth.value / 1e9)
    member("latency_us", latency.value * 1e6)
    if isMeasured { member("measured", true) }
  }

  /// The cluster as `cluster` takes it, nothing left to the catalogue.
  mutating func pools(of cluster: Cluster, _ catalogue: AcceleratorCatalogue) {
    object { w in
      w.array("pools", cluster.pools) { $0.pool($1, catalogue) }
      guard let between = cluster.interPool else { return }
      w.object("network") { w in
        w.object("between_pools") {
          $0.link(between.bandwidth, between.latency, isMeasured: between.isMeasured)
        }
      }
    }
  }

  private mutating func pool(_ pool: Pool, _ catalogue: AcceleratorCatalogue) {
    object { w in
      w.member("name", pool.name)
      if catalogue.accelerator(named: pool.accelerator.id) == pool.accelerator {
        w.member("gpu", pool.accelerator.id)
      } else {
        w.name("gpu")
        w.accelerator(pool.accelerator)
      }
      if let machine = pool.machine { w.member("machine", machine.name) }
      w.member("gpus_per_node", pool.gpusPerNode)
      w.member("nodes", pool.nodes)
      w.member("node_names", pool.nodeNames)
      w.member("memory_bytes", pool.memory.value.rounded(.down))
      if let price = pool.pricePerGPUHour { w.member("price_per_gpu_hour", price) }
      w.member("scale_up_domain", pool.scaleUpDomain)
      let scaleUp = pool.levels[0]
      w.object("intra_node") {
        $0.link(scaleUp.bandwidth, scaleUp.latency, isMeasured: scaleUp.isMeasured)
      }
      w.object("network") { w in
        w.array("levels", pool.fabric) { w, level in
          w.object { w in
            w.member("name", level.name)
            if level.span < pool.gpus { w.member("nodes", level.span / pool.gpusPerNode) }
            w.link(level.bandwidth, level.latency, isMeasured: level.isMeasured)
          }
        }
      }
    }
  }
}

extension JSONWriter {
  /// An accelerator that the catalogue does not know, as a request describes one.
  fileprivate mutating func accelerator(_ gpu: Accelerator) {
    object { w in
      w.member("id", gpu.id)
      w.member("name", gpu.name)
      w.member("vendor", gpu.vendor)
      w.member("architecture", gpu.architecture.rawValue)
      for (name, precision) in Self.rates {
        if let rate = gpu.peaks[precision] { w.member(name, rate.value / 1e12) }
      }
      if let rate = gpu.vectorPeak { w.member("fp32_tflops", rate.value / 1e12) }
      if let peak = gpu.peaks[.bf16] ?? gpu.peaks[.fp16] {
        w.member("measured_matmul_tflops", gpu.achievablePart * peak.teraFLOPs)
      }
      w.member("memory_mb", gpu.memory.value / 0x1p20)
      w.member("memory_bandwidth_gbytes_per_second", gpu.memoryBandwidth.value / 1e9)
      w.member("scale_up_link", gpu.scaleUpLink.rawValue)
      w.member("scale_up_bandwidth_gbytes_per_second_per_gpu", gpu.scaleUpBandwidth.value / 1e9)
      if let peer = gpu.peerBandwidth {
        w.member("peer_bandwidth_gbytes_per_second", peer.value / 1e9)
      }
      w.member("host_bandwidth_gbytes_per_second_per_gpu", gpu.hostBandwidth.value / 1e9)
      w.member("scale_up_domain", gpu.scaleUpDomain)
      w.member("network_bandwidth_gbytes_per_second_per_gpu", gpu.networkBandwidth.value / 1e9)
      w.member("gpus_per_node", gpu.gpusPerNode)
    }
  }

  private static var rates: [(StaticString, Precision)] {
    [
      ("bf16_tflops", .bf16), ("fp16_tflops", .fp16), ("fp8_tflops", .fp8), ("tf32_tflops", .fp32),
    ]
  }
}

extension Pool {
  /// GPUs that the scale-up network joins, as a request says it.
  fileprivate var scaleUpDomain: Int {
    let isHost = levels[0].name == ScaleUpLink.pcie.rawValue && accelerator.scaleUpLink != .pcie
    return isHost ? 1 : levels[0].span
  }

  /// The levels between nodes, the outermost always among them.
  fileprivate var fabric: [NetworkLevel] {
    let outside = levels.dropFirst().filter { $0.span > gpusPerNode }
    return outside.isEmpty ? [uplink] : Array(outside)
  }

  /// What of the pool nobody said.
  fileprivate var assumptions: [String] {
    var assumed: [String] = []
    if memory == accelerator.memory { assumed.append("memory as the driver reports it") }
    if levels[0].bandwidth == accelerator.scaleUpBandwidth {
      assumed.append("\(levels[0].name) bandwidth")
    }
    let port = machine?.networkBandwidthPerGPU ?? accelerator.networkBandwidth
    if nodes > 1, fabric.allSatisfy({ $0.bandwidth == port }) {
      let owner = machine.map { " of \($0.name)" } ?? ""
      assumed.append("network bandwidth\(owner) without oversubscription")
    }
    guard !assumed.isEmpty else { return [] }
    return ["\(name): \(assumed.joined(separator: ", ")), from the catalogue"]
  }
}
