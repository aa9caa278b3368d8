import Hardware
import Quantities
import Testing

@Suite struct MeasuredNetworkTests {
  /// Galvatron's published profile of two nodes of eight A800, in MB a millisecond.
  private static let network = MeasuredNetwork(
    gpus: 16, gpusPerNode: 8,
    consecutive: [16: 44.682, 8: 155.658, 4: 157.984, 2: 149.666].mapValues(rate),
    strided: [8: 20.7724, 4: 16.22, 2: 8.13007].mapValues(rate), sends: [2: rate(7.65998)])

  private static func rate(_ megabytesEachMillisecond: Double) -> Bandwidth {
    .gigabytes(megabytesEachMillisecond * 1.048576)
  }

  @Test(arguments: [
    (16, 1, 44.682), (4, 1, 157.984), (8, 2, 20.7724), (2, 8, 8.13007),
    // Of four stages' replicas on one node; of two stages' on both.
    (2, 2, 149.666),
  ])
  func ringsAreThoseThatLieAlike(size: Int, stride: Int, expected: Double) {
    #expect(Self.network.ring(size: size, stride: stride) == Self.rate(expected))
  }

  /// On four nodes a ring of four at a distance of four has two members on each of two nodes, as the
  /// ring of eight at a distance of four has on each of four.
  @Test func membersOnANodeShareItsPorts() {
    let network = MeasuredNetwork(
      gpus: 32, gpusPerNode: 8, strided: [8: Self.rate(11), 4: Self.rate(9)])
    #expect(network.ring(size: 8, stride: 4) == Self.rate(11))
    #expect(network.ring(size: 4, stride: 4) == Self.rate(11))
    #expect(network.ring(size: 2, stride: 8) == Self.rate(9))
    #expect(network.ring(size: 16, stride: 2) == nil)
  }

  @Test func levelsTakeTheLargestMeasuredGroup() throws {
    let accelerator = try #require(
      AcceleratorCatalogue.standard.accelerator(named: "a100-sxm4-80gb"))
    let made = try Pool.make(accelerator: accelerator, gpusPerNode: 8, nodes: 2)
    let pool = made.measured(Self.network)
    #expect(pool.levels.map(\.isMeasured) == [true, true])
    #expect(pool.levels[0].bandwidth == Self.rate(155.658))
    #expect(pool.levels[1].bandwidth == Self.rate(44.682) / 8.0)
    #expect(pool.measuredNetwork == Self.network)
    // Another pool's groups are others; its levels are not.
    let half = try #require(pool.keeping { $0 == pool.nodeNames[0] })
    #expect(half.measuredNetwork == nil)
    #expect(half.levels[0] == pool.levels[0])
  }
}
