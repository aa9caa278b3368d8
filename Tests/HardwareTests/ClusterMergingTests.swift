import Hardware
import Quantities
import Testing

@Suite struct ClusterMergingTests {
  private func pool(
    _ accelerator: String, nodes: Int, from first: Int = 0, memory: ByteCount? = nil
  ) throws -> Pool {
    let chip = try #require(AcceleratorCatalogue.standard.accelerator(named: accelerator))
    return try Pool.make(accelerator: chip, nodes: nodes, firstNode: first, memory: memory)
  }

  /// Two halves of a pool are the pool, but for its name.
  @Test(arguments: [(1, 1), (1, 3), (2, 2), (3, 1)])
  func equalPoolsAreOne(_ a: Int, _ b: Int) throws {
    let halves = try Cluster.joining([
      pool("a100-sxm4-80gb", nodes: a), pool("a100-sxm4-80gb", nodes: b, from: a),
    ])
    let whole = try pool("a100-sxm4-80gb", nodes: a + b)
    #expect(halves.merged.pools.map(\.levels) == [whole.levels])
    #expect(halves.merged.pools.map(\.nodeNames) == [whole.nodeNames])
    #expect(halves.merged.isHomogeneous && halves.merged.interPool == nil)
  }

  @Test func differentPoolsStayApart() throws {
    let types = try Cluster.joining([
      pool("a100-sxm4-80gb", nodes: 2), pool("v100-sxm2-32gb", nodes: 2, from: 2),
      pool("a100-sxm4-80gb", nodes: 1, from: 4),
    ])
    // The network is as slow as the slowest pool's ports: the A100s are further apart than usual.
    #expect(types.merged == types)
    let slow = try Cluster.joining(
      [pool("a100-sxm4-80gb", nodes: 1), pool("a100-sxm4-80gb", nodes: 1, from: 1)],
      by: LinkOverride(bandwidth: .gigabytes(1)))
    #expect(slow.merged.pools.count == 2)
    let memory = try Cluster.joining([
      pool("a100-sxm4-80gb", nodes: 1),
      pool("a100-sxm4-80gb", nodes: 1, from: 1, memory: .gibi(40)),
    ])
    #expect(memory.merged.pools.count == 2)
  }
}
