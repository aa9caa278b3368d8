import Quantities
import Testing

@testable import Hardware

private func accelerator(_ name: String) -> Accelerator {
  AcceleratorCatalogue.standard.accelerator(named: name)!
}

@Suite struct PoolTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var gpu: String
    var gpusPerNode: Int?
    var nodes: Int
    var levels: [(String, Int)]
    var testDescription: String { "\(nodes)x\(gpusPerNode ?? 0)x\(gpu)" }
  }

  @Test(arguments: [
    Shape(gpu: "h100", gpusPerNode: 8, nodes: 4, levels: [("nvlink", 8), ("network", 32)]),
    Shape(gpu: "h100", gpusPerNode: 8, nodes: 1, levels: [("nvlink", 8)]),
    Shape(gpu: "h100", gpusPerNode: 1, nodes: 1, levels: [("nvlink", 1)]),
    Shape(gpu: "h100", gpusPerNode: 7, nodes: 2, levels: [("nvlink", 7), ("network", 14)]),
    Shape(gpu: "v100", gpusPerNode: 16, nodes: 2, levels: [("nvlink", 16), ("network", 32)]),
    Shape(gpu: "gb200", gpusPerNode: 4, nodes: 18, levels: [("nvlink", 72)]),
    Shape(gpu: "gb200", gpusPerNode: 4, nodes: 2, levels: [("nvlink", 8)]),
    Shape(gpu: "gb200", gpusPerNode: 4, nodes: 64, levels: [("nvlink", 72), ("network", 256)]),
    Shape(gpu: "gb200", gpusPerNode: 3, nodes: 20, levels: [("nvlink", 54), ("network", 60)]),
    Shape(
      gpu: "t4", gpusPerNode: 4, nodes: 4,
      levels: [("pcie-through-host", 4), ("network", 16)]),
    Shape(gpu: "rtx4090", gpusPerNode: 2, nodes: 1, levels: [("pcie-through-host", 2)]),
    Shape(
      gpu: "a6000", gpusPerNode: 8, nodes: 2,
      levels: [("nvlink", 2), ("pcie", 8), ("network", 16)]),
    Shape(gpu: "a6000", gpusPerNode: 3, nodes: 1, levels: [("pcie", 3)]),
    Shape(gpu: "gh200-96gb", gpusPerNode: 1, nodes: 4, levels: [("nvlink", 1), ("network", 4)]),
    Shape(gpu: "mi300x", gpusPerNode: nil, nodes: 1, levels: [("infinity-fabric", 8)]),
  ])
  func levelsFollowTheMachine(shape: Shape) throws {
    let name = shape.gpu == "v100" ? "v100-sxm2-32gb" : shape.gpu
    let pool = try Pool.make(
      accelerator: accelerator(name), gpusPerNode: shape.gpusPerNode, nodes: shape.nodes)
    #expect(pool.levels.map(\.name) == shape.levels.map(\.0))
    #expect(pool.levels.map(\.span) == shape.levels.map(\.1))
    #expect(pool.levels.last?.span == pool.gpus)
  }

  @Test func defaultsComeFromTheCatalogue() throws {
    let pool = try Pool.make(accelerator: accelerator("h100"), nodes: 2)
    #expect(pool.gpusPerNode == 8)
    #expect(pool.memory == .mebi(81559))
    #expect(pool.nodeNames == ["node-0", "node-1"])
    #expect(pool.levels[0].bandwidth == .gigabytes(450))
    #expect(pool.levels[1].bandwidth == .gigabytes(50))
    #expect(pool.levels[0].latency < pool.levels[1].latency)
    #expect(pool.pricePerGPUHour == nil)
  }

  @Test func overridesHold() throws {
    let pool = try Pool.make(
      accelerator: accelerator("h100"), gpusPerNode: 4, nodeNames: ["a", "b", "c"],
      memory: .gibi(70), intraNode: LinkOverride(bandwidth: .gigabytes(100), latency: .micro(1)),
      interNode: LinkOverride(bandwidth: .gigabits(400), latency: .micro(20)), pricePerGPUHour: 2)
    #expect(pool.nodes == 3 && pool.memory == .gibi(70) && pool.pricePerGPUHour == 2)
    #expect(pool.levels[0].bandwidth == .gigabytes(100))
    #expect(pool.levels[0].latency == .micro(1))
    #expect(pool.levels[1].bandwidth == .gigabytes(12.5), "a node's 50 GB/s over four GPUs")
    #expect(pool.levels[1].latency == .micro(20))
  }

  @Test func aMeshOfPeersIsNarrowForFewMembers() throws {
    let level = try Pool.make(accelerator: accelerator("mi300x")).levels[0]
    #expect(level.bandwidth(amongMembers: 2) == .gigabytes(64))
    #expect(level.bandwidth(amongMembers: 8) == .gigabytes(448))
    let halved = try Pool.make(
      accelerator: accelerator("mi300x"),
      intraNode: LinkOverride(bandwidth: .gigabytes(224))
    ).levels[0]
    #expect(halved.bandwidth(amongMembers: 2) == .gigabytes(32))
    let switched = try Pool.make(accelerator: accelerator("h100")).levels[0]
    #expect(switched.bandwidth(amongMembers: 2) == .gigabytes(450))
  }

  @Test func fabricsAddLevels() throws {
    let pool = try Pool.make(
      accelerator: accelerator("h100"), gpusPerNode: 8, nodes: 64,
      fabric: [
        FabricLevel(name: "leaf", nodes: 16),
        FabricLevel(name: "spine", nodes: 32, oversubscription: 2),
        FabricLevel(name: "site", bandwidth: .gigabytes(1), latency: .milli(1)),
      ])
    #expect(pool.levels.map(\.name) == ["nvlink", "leaf", "spine", "site"])
    #expect(pool.levels.map(\.span) == [8, 128, 256, 512])
    #expect(pool.levels.map(\.bandwidth.value) == [450e9, 50e9, 25e9, 1e9])
    #expect(pool.levels[3].latency == .milli(1))
    #expect(pool.uplink.name == "site")
  }

  @Test func switchesInsideAScaleUpDomainAddNothing() throws {
    let pool = try Pool.make(
      accelerator: accelerator("gb200"), gpusPerNode: 4, nodes: 36,
      fabric: [FabricLevel(name: "leaf", nodes: 9), FabricLevel(name: "spine")])
    #expect(pool.levels.map(\.span) == [72, 144])
    #expect(pool.levels.map(\.name) == ["nvlink", "spine"])
  }

  @Test func aSmallPoolNeedsOnlyTheInnerSwitches() throws {
    let fabric = (0..<9).map { FabricLevel(name: "l\($0)", nodes: $0 < 8 ? 1 << $0 : nil) }
    let h100 = accelerator("h100")
    let pool = try Pool.make(accelerator: h100, nodes: 16, fabric: fabric)
    #expect(pool.levels.map(\.name) == ["nvlink", "l1", "l2", "l3", "l4"])
    #expect(throws: PoolFault.tooManyLevels(limit: 8)) {
      try Pool.make(accelerator: h100, nodes: 512, fabric: fabric)
    }
  }

  @Test func faultsAreNamed() {
    let h100 = accelerator("h100")
    #expect(throws: PoolFault.noGPUs) { try Pool.make(accelerator: h100, gpusPerNode: 0) }
    #expect(throws: PoolFault.noNodes) { try Pool.make(accelerator: h100, nodes: 0) }
    #expect(throws: PoolFault.noNodes) { try Pool.make(accelerator: h100, nodeNames: []) }
    #expect(throws: PoolFault.tooManyGPUs(limit: Pool.gpuLimit)) {
      try Pool.make(accelerator: h100, gpusPerNode: .max, nodes: .max)
    }
    #expect(throws: PoolFault.nodeCount(3, differsFromNames: 1)) {
      try Pool.make(accelerator: h100, nodes: 3, nodeNames: ["a"])
    }
    #expect(throws: PoolFault.duplicateNodeName("a")) {
      try Pool.make(accelerator: h100, nodeNames: ["a", "b", "a"])
    }
    #expect(throws: PoolFault.emptyNodeName(at: 1)) {
      try Pool.make(accelerator: h100, nodeNames: ["a", ""])
    }
    #expect(throws: PoolFault.memoryNotPositive) {
      try Pool.make(accelerator: h100, memory: ByteCount(-1))
    }
    for value in [0, -1, Double.nan, .infinity] {
      #expect(throws: PoolFault.intraNodeBandwidthNotPositive) {
        try Pool.make(accelerator: h100, intraNode: LinkOverride(bandwidth: Bandwidth(value)))
      }
      #expect(throws: PoolFault.interNodeBandwidthNotPositive) {
        try Pool.make(accelerator: h100, interNode: LinkOverride(bandwidth: Bandwidth(value)))
      }
    }
    #expect(throws: PoolFault.interNodeLatencyNegative) {
      try Pool.make(accelerator: h100, interNode: LinkOverride(latency: .micro(-1)))
    }
    #expect(throws: PoolFault.priceNegative) {
      try Pool.make(accelerator: h100, pricePerGPUHour: -1)
    }
    #expect(throws: PoolFault.scaleUpDomain(12, gpusPerNode: 8)) {
      try Pool.make(accelerator: h100, nodes: 4, scaleUpDomain: 12)
    }
  }

  @Test(
    arguments: [
      ([FabricLevel(name: "leaf", nodes: 0)], PoolFault.fabricSpanNotPositive(level: 0)),
      ([FabricLevel(name: "leaf", nodes: 4)], .fabricEndsEarly(nodes: 4, of: 16)),
      (
        [FabricLevel(name: "leaf", nodes: 4), FabricLevel(name: "spine", nodes: 4)],
        .fabricSpanNotIncreasing(level: 1, nodes: 4, inner: 4)
      ),
      (
        [FabricLevel(name: "leaf", nodes: 4), FabricLevel(name: "spine", nodes: 6)],
        .fabricSpanNotMultiple(level: 1, nodes: 6, inner: 4)
      ),
      (
        [FabricLevel(name: "leaf"), FabricLevel(name: "spine")],
        .fabricSpanNotIncreasing(level: 1, nodes: 16, inner: 16)
      ),
      ([FabricLevel(name: "a", oversubscription: 0.5)], .fabricOversubscription(level: 0)),
      ([FabricLevel(name: "a", oversubscription: .nan)], .fabricOversubscription(level: 0)),
      ([FabricLevel(name: "a", bandwidth: .zero)], .fabricBandwidthNotPositive(level: 0)),
      ([FabricLevel(name: "a", latency: .micro(-1))], .fabricLatencyNegative(level: 0)),
    ] as [([FabricLevel], PoolFault)])
  func fabricFaultsAreNamed(fabric: [FabricLevel], fault: PoolFault) {
    let h100 = accelerator("h100")
    #expect(throws: fault) { try Pool.make(accelerator: h100, nodes: 16, fabric: fabric) }
  }
}

@Suite struct ClusterTests {
  @Test func theWeakerPoolLimitsWhatJoinsThem() throws {
    let a100 = try Pool.make(accelerator: accelerator("a100"), nodes: 2)
    let v100 = try Pool.make(
      accelerator: accelerator("v100-sxm2-32gb"), nodes: 4, firstNode: 2)
    let cluster = try Cluster.joining([a100, v100])
    #expect(cluster.gpus == 48 && cluster.nodes == 6 && !cluster.isHomogeneous)
    #expect(cluster.interPool?.bandwidth == .gigabytes(12.5))
    #expect(cluster.pools[1].nodeNames.first == "node-2")
    #expect(try Cluster.joining([a100]).interPool == nil)
  }

  @Test func poolsOfOneNameAreToldApart() throws {
    let pools = try (0..<3).map {
      try Pool.make(accelerator: accelerator("t4"), nodes: 1, firstNode: $0)
    }
    #expect(try Cluster.joining(pools).pools.map(\.name) == ["t4", "t4-2", "t4-3"])
  }

  @Test func nodesOfOneNameAreRefused() throws {
    let pool = try Pool.make(accelerator: accelerator("t4"))
    #expect(throws: PoolFault.duplicateNodeName("node-0")) { try Cluster.joining([pool, pool]) }
    #expect(throws: PoolFault.noPools) { try Cluster.joining([]) }
  }
}
