/// Node labels from which the network's shape can be read.
enum NetworkLabels {
  /// The labels of a network's levels, innermost first.
  struct Scheme: Hashable {
    var levels: [(name: String, label: String)]

    static func == (a: Scheme, b: Scheme) -> Bool {
      a.levels.elementsEqual(b.levels) { $0 == $1 }
    }
    func hash(into hasher: inout Hasher) {
      for level in levels { hasher.combine(level.label) }
    }
  }

  /// By who puts them on: topograph (its newer and its older names), AWS (layer 3 is next to the
  /// instance), Google Cloud.
  private static let fabrics: [[(name: String, label: String)]] = [
    (0..<4).map { ("tier-\($0)", "fabric.topograph.run/tier-\($0)") },
    [
      ("block", "network.topology.nvidia.com/block"),
      ("leaf", "network.topology.nvidia.com/leaf"),
      ("spine", "network.topology.nvidia.com/spine"),
      ("core", "network.topology.nvidia.com/core"),
      ("datacenter", "network.topology.nvidia.com/datacenter"),
    ],
    [
      ("layer-3", "topology.k8s.aws/network-node-layer-3"),
      ("layer-2", "topology.k8s.aws/network-node-layer-2"),
      ("layer-1", "topology.k8s.aws/network-node-layer-1"),
    ],
    [
      ("subblock", "cloud.google.com/gce-topology-subblock"),
      ("block", "cloud.google.com/gce-topology-block"),
    ],
  ]
  private static let places: [(name: String, label: String)] = [
    ("zone", "topology.kubernetes.io/zone"), ("region", "topology.kubernetes.io/region"),
  ]

  /// The first fabric of whose labels all nodes have some, then zones and regions. A label that only
  /// some nodes have tells nothing about the others and is not used.
  static func scheme(of nodes: [KubernetesNode]) -> Scheme {
    func isOnAll(_ level: (name: String, label: String)) -> Bool {
      nodes.allSatisfy { $0.labels[level.label] != nil }
    }
    let fabric = fabrics.lazy.map { $0.filter(isOnAll) }.first { !$0.isEmpty } ?? []
    let levels = fabric + places.filter(isOnAll)
    // A level with one group for all nodes says nothing.
    return Scheme(
      levels: levels.filter { level in
        Set(nodes.map { $0.labels[level.label]! }).count > 1
      })
  }
}
