import Quantities

/// What joins the accelerators of one scale-up domain.
package enum ScaleUpLink: String, Hashable, Sendable, CaseIterable {
  case nvlink
  /// PCIe with direct access between peers.
  case pcie
  /// PCIe without it: every transfer goes through host memory.
  case pcieThroughHost = "pcie-through-host"
  case infinityFabric = "infinity-fabric"
  /// Ethernet ports of the chips themselves (Gaudi).
  case ethernet
  /// A torus of the chips' own links (TPU's ICI).
  case torus
  case hccs

  /// Time of one small message between two neighbours, software included.
  ///
  /// NCCL's own tuning table gives 1.9 µs (LL128) to 3.4 µs (Simple) for a ring step over NVLink and
  /// 2.5 to 5.7 µs over PCIe (`src/graph/tuning.cc`, `hwLat`). We take the faster protocol's figure,
  /// rounded, as small messages use it, and assume the other vendors' fabrics to be like NVLink. A
  /// transfer through host memory is two.
  package var latency: Seconds {
    switch self {
    case .nvlink, .infinityFabric, .hccs, .torus: .micro(2)
    case .pcie: .micro(3)
    case .pcieThroughHost: .micro(6)
    case .ethernet: .micro(4)
    }
  }

  /// What large collectives reach of its bandwidth, over what they reach of NVLink's.
  ///
  /// nccl-tests show 20 to 24 GB/s of PCIe 4.0's 32 where peers reach each other (0.7, to NVLink's 0.85).
  /// A transfer through host memory is written to it and read from it, and shares it with the others.
  package var collectivePart: Double {
    switch self {
    case .nvlink, .infinityFabric, .ethernet, .torus, .hccs: 1
    case .pcie: 0.8
    case .pcieThroughHost: 0.4
    }
  }

  /// Whether chips write to each other's memory over it beside their products, as overlapping the two
  /// takes: not through a host's bridges or memory.
  package var carriesOverlappedTraffic: Bool {
    switch self {
    case .nvlink, .infinityFabric, .ethernet, .torus, .hccs: true
    case .pcie, .pcieThroughHost: false
    }
  }
}
