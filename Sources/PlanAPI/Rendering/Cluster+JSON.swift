import Hardware
import JSON
import Quantities

extension JSONWriter {
  /// A cluster as node-link JSON; its `cluster` member is a form that requests take.
  mutating func cluster(_ cluster: Cluster, _ graph: ClusterGraph) {
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
      w.pools(of: cluster)
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
  private mutating func pools(of cluster: Cluster) {
    object { w in
      w.array("pools", cluster.pools) { $0.pool($1) }
      guard let between = cluster.interPool else { return }
      w.object("network") { w in
        w.object("between_pools") {
          $0.link(between.bandwidth, between.latency, isMeasured: between.isMeasured)
        }
      }
    }
  }

  private mutating func pool(_ pool: Pool) {
    object { w in
      w.member("name", pool.name)
      w.member("gpu", pool.accelerator.id)
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
    if nodes > 1, fabric.allSatisfy({ $0.bandwidth == accelerator.networkBandwidth }) {
      assumed.append("network bandwidth without oversubscription")
    }
    guard !assumed.isEmpty else { return [] }
    return ["\(name): \(assumed.joined(separator: ", ")), from the catalogue"]
  }
}
