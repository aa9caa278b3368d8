import Hardware
import Quantities

/// A cluster as a tree of nodes and the switches that join them.
///
/// A level that lies within a node is no vertex: it is one of the node's own links.
struct ClusterGraph {
  struct Vertex {
    enum Kind: String { case node, group, network }
    var id: String
    var kind: Kind
    var pool: String?
    /// The network level that a group is one of.
    var level: String?
    var gpus: Int
  }

  /// From a vertex to the one around it.
  struct Edge {
    var inner: String
    var outer: String
    var bandwidth: Bandwidth
    var latency: Seconds
    var isMeasured: Bool
  }

  private(set) var vertices: [Vertex] = []
  private(set) var edges: [Edge] = []

  /// Complexity: O(nodes · levels).
  init(_ cluster: Cluster) {
    if let between = cluster.interPool {
      vertices.append(Vertex(id: between.name, kind: .network, gpus: cluster.gpus))
    }
    for pool in cluster.pools { add(pool, in: cluster) }
  }

  private mutating func add(_ pool: Pool, in cluster: Cluster) {
    let levels = pool.levels.filter { $0.span > pool.gpusPerNode }
    for level in levels.reversed() {
      for first in stride(from: 0, to: pool.gpus, by: level.span) {
        vertices.append(
          Vertex(
            id: id(of: level, at: first, in: pool), kind: .group, pool: pool.name,
            level: level.name, gpus: min(level.span, pool.gpus - first)))
      }
    }
    for node in 0..<pool.nodes {
      vertices.append(
        Vertex(id: pool.nodeNames[node], kind: .node, pool: pool.name, gpus: pool.gpusPerNode))
    }
    connect(pool, levels, to: cluster.interPool)
  }

  private mutating func connect(
    _ pool: Pool, _ levels: [NetworkLevel], to between: NetworkLevel?
  ) {
    var inner: (span: Int, name: (Int) -> String) = (
      pool.gpusPerNode, { pool.nodeNames[$0 / pool.gpusPerNode] }
    )
    for level in levels {
      for first in stride(from: 0, to: pool.gpus, by: inner.span) {
        edges.append(
          Edge(
            inner: inner.name(first),
            outer: id(of: level, at: first / level.span * level.span, in: pool),
            bandwidth: level.bandwidth, latency: level.latency, isMeasured: level.isMeasured))
      }
      inner = (level.span, { [self] in id(of: level, at: $0, in: pool) })
    }
    guard let between else { return }
    for first in stride(from: 0, to: pool.gpus, by: inner.span) {
      edges.append(
        Edge(
          inner: inner.name(first), outer: between.name, bandwidth: between.bandwidth,
          latency: between.latency, isMeasured: between.isMeasured))
    }
  }

  private func id(of level: NetworkLevel, at first: Int, in pool: Pool) -> String {
    "\(pool.name)/\(level.name)-\(first / level.span)"
  }

  // MARK: DOT

  var dot: String {
    var text = "graph cluster {\n  rankdir=BT;\n  node [fontname=\"sans-serif\"];\n"
    for vertex in vertices {
      let shape = vertex.kind == .node ? "box" : "ellipse"
      let detail = vertex.kind == .node ? "\\n\(vertex.gpus) GPUs" : ""
      text +=
        "  \(quoted(vertex.id)) [shape=\(shape), label=\(quoted(vertex.id, then: detail))];\n"
    }
    for edge in edges {
      let rate = (edge.bandwidth.value / 1e8).rounded() / 10
      text += "  \(quoted(edge.inner)) -- \(quoted(edge.outer)) [label=\"\(rate) GB/s a GPU\"];\n"
    }
    return text + "}\n"
  }

  private func quoted(_ name: String, then rest: String = "") -> String {
    var text = "\""
    for character in name {
      if character == "\"" || character == "\\" { text += "\\" }
      text.append(character)
    }
    return text + rest + "\""
  }
}
