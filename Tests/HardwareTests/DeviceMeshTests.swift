import Quantities
import Testing

@testable import Hardware

@Suite struct DeviceMeshTests {
  static let meshes: [DeviceMesh] = DeviceMesh.Order.allCases.flatMap { order in
    [(1, 1, 1, 1), (2, 1, 4, 2), (4, 2, 3, 5), (3, 2, 2, 2), (1, 4, 6, 1), (8, 1, 1, 3)].map {
      DeviceMesh(tensor: $0.0, context: $0.1, data: $0.2, pipeline: $0.3, order: order)
    }
  }

  @Test(arguments: meshes)
  func ranksAndCoordinatesAreInverse(mesh: DeviceMesh) {
    var seen = Set<Int>()
    for p in 0..<mesh.pipeline {
      for d in 0..<mesh.data {
        for c in 0..<mesh.context {
          for t in 0..<mesh.tensor {
            let rank = mesh.rank(tensor: t, context: c, data: d, pipeline: p)
            seen.insert(rank)
            #expect(mesh.coordinate(.tensor, ofRank: rank) == t)
            #expect(mesh.coordinate(.context, ofRank: rank) == c)
            #expect(mesh.coordinate(.data, ofRank: rank) == d)
            #expect(mesh.coordinate(.pipeline, ofRank: rank) == p)
          }
        }
      }
    }
    #expect(seen == Set(0..<mesh.ranks))
  }

  @Test(arguments: meshes)
  func strideFollowsTheOrder(mesh: DeviceMesh) {
    var stride = 1
    for axis in mesh.order.axes {
      #expect(mesh.stride(axis) == stride)
      stride *= mesh.size(axis)
    }
    #expect(stride == mesh.ranks)
  }

  @Test func gradientsOfReplicasNextToEachOther() throws {
    let h100 = try #require(AcceleratorCatalogue.standard.accelerator(named: "h100"))
    let pool = try Pool.make(accelerator: h100, nodes: 8)
    let mesh = DeviceMesh(tensor: 2, context: 2, data: 8, pipeline: 2)
    let gradients = mesh.gradientLayout(on: pool.levels)
    #expect(gradients.size == 16)
    #expect(gradients.members(inLevel: 0) == 4)
    let apart = DeviceMesh(
      tensor: 2, context: 2, data: 8, pipeline: 2, order: .tensorContextPipelineData)
    #expect(apart.gradientLayout(on: pool.levels).members(inLevel: 0) == 2)
    #expect(apart.layout(.pipeline, on: pool.levels).members(inLevel: 0) == 2)
    #expect(mesh.layout(.pipeline, on: pool.levels).members(inLevel: 0) == 1)
  }

  @Test func expertsAreSpreadOverContextAndData() throws {
    let h100 = try #require(AcceleratorCatalogue.standard.accelerator(named: "h100"))
    let pool = try Pool.make(accelerator: h100, nodes: 8)
    let mesh = DeviceMesh(tensor: 1, context: 2, data: 16, pipeline: 2)
    for expert in [1, 2, 4, 8, 16, 32] {
      let spread = mesh.expertLayout(expert, on: pool.levels)
      #expect(spread.size == expert)
      #expect(spread.members(inLevel: 0) == min(expert, 8))
      let copies = mesh.expertGradientLayout(expert, on: pool.levels)
      #expect(copies.size == 32 / expert)
      #expect(copies.members(inLevel: 0) == max(1, 8 / expert))
    }
  }
}

@Suite struct DevicePlacementTests {
  private func pool(_ nodes: Int, _ perNode: Int) throws -> Pool {
    let h100 = try #require(AcceleratorCatalogue.standard.accelerator(named: "h100"))
    return try Pool.make(accelerator: h100, gpusPerNode: perNode, nodes: nodes)
  }

  @Test(arguments: DeviceMeshTests.meshes)
  func everyGPUBelongsToOneStage(mesh: DeviceMesh) throws {
    let placement = DevicePlacement(mesh, on: try pool(40, 3), firstGPU: 0)
    var seen = Set<String>()
    for (stage, devices) in placement.stages.enumerated() {
      #expect(Set(devices.map(\.node)).count == devices.count, "a node is listed once a stage")
      var ranks: [String] = []
      for group in devices {
        for gpu in group.gpus {
          #expect(seen.insert("\(group.node)/\(gpu)").inserted)
          ranks.append("\(group.node)/\(gpu)")
        }
      }
      let expected = (0..<mesh.ranks).filter { mesh.coordinate(.pipeline, ofRank: $0) == stage }
        .map { placement.device(ofRank: $0) }.map { "\($0.node)/\($0.gpu)" }
      #expect(ranks == expected)
    }
    #expect(seen.count == mesh.ranks)
  }

  @Test func stagesOfWholeNodesAndOfHalfNodes() throws {
    let placement = DevicePlacement(
      DeviceMesh(tensor: 4, data: 1, pipeline: 3), on: try pool(2, 8), firstGPU: 4)
    #expect(
      placement.stages == [
        [DeviceGroup(node: "node-0", gpus: [4, 5, 6, 7])],
        [DeviceGroup(node: "node-1", gpus: [0, 1, 2, 3])],
        [DeviceGroup(node: "node-1", gpus: [4, 5, 6, 7])],
      ])
  }
}
