import Costing
import Hardware
import Quantities
import Testing

@Suite struct CollectiveTests {
  private static func collectives(
    _ split: LayerParallelism, on accelerator: String = "h100-sxm5-80gb", nodes: Int = 4
  ) -> CollectiveTime {
    let job = TrainingJob(globalBatchSize: 64, sequenceLength: 2048)
    return costs(
      gpt(layers: 2, hidden: 2048, heads: 16), on: pool(accelerator, nodes: nodes), job
    ).collectives(split)
  }

  private static let large = ByteCount(1e9)

  /// An all-reduce is a reduce-scatter and an all-gather; a tree may shorten its latency.
  @Test(arguments: [2, 4, 8, 16, 32])
  func allReduceIsTwoHalves(size: Int) {
    let time = Self.collectives(LayerParallelism(data: size))
    let whole = time.allReduce(Self.large, .data)
    let halves = time.shard(Self.large, .data) * 2.0
    #expect(whole <= halves)
    #expect(whole >= halves * 0.9)
  }

  /// A ring moves (g − 1)/g of the bytes at the slowest level's rate.
  @Test func ringInsideANode() {
    let time = Self.collectives(LayerParallelism(data: 8), nodes: 1)
    let chip = CostParameters.published.chip(.hopper)
    let rate = 450e9 * chip.scaleUp
    let bytes = 1e12
    let expected = bytes * 7 / 8 / rate
    #expect(abs(time.shard(ByteCount(bytes), .data).value / expected - 1) < 1e-3)
  }

  /// Through host memory less of a link is left for collectives than between peers, and of PCIe less
  /// than of NVLink.
  @Test func linksReachPartsOfTheirBandwidth() {
    func part(_ id: String) -> Double {
      let bytes = ByteCount(1e12)
      let time = Self.collectives(LayerParallelism(data: 2), on: id, nodes: 1)
      let ideal = bytes.value / 2 / pool(id).accelerator.scaleUpBandwidth.value
      return ideal / time.shard(bytes, .data).value
    }
    let parameters = CostParameters.published
    #expect(abs(part("l40s") / parameters.chip(.ada).scaleUp - 0.8) < 1e-3)
    #expect(abs(part("rtx4090") / parameters.chip(.ada).scaleUp - 0.4) < 1e-3)
    #expect(abs(part("t4") / parameters.chip(.turing).scaleUp - 0.4) < 1e-3)
  }

  @Test func nobodySendsAlone() {
    let time = Self.collectives(LayerParallelism())
    #expect(time.allReduce(Self.large, .data) == .zero)
    #expect(time.tensorExchange(Self.large) == .zero)
    #expect(time.expertExchange(Self.large, copies: 8) == .zero)
  }

  @Test func timesGrowWithBytesAndMembers() {
    var last = Seconds.zero
    for size in [1, 2, 4, 8, 16, 32] {
      let time = Self.collectives(LayerParallelism(data: size))
      let now = time.allReduce(Self.large, .data)
      #expect(now >= last)
      #expect(time.allReduce(Self.large * 2, .data) >= now)
      last = now
    }
  }

  /// Groups that leave the node are no faster than ones that stay.
  @Test func theNetworkIsNoShortcut() {
    let time = Self.collectives(LayerParallelism(tensor: 8, data: 4))
    #expect(time.allReduce(Self.large, .data) > time.allReduce(Self.large, .tensor))
  }

  /// What hides behind products inside a node is waited for across nodes.
  @Test func tensorTrafficIsHiddenWithinANodeOnly() {
    func exposed(_ tensor: Int) -> Double {
      let time = Self.collectives(LayerParallelism(tensor: tensor, sequenceParallel: true))
      return Self.exposed(\.tensor, of: time.tensorExchange(Self.large), in: time)
    }
    let hidden = CostParameters.published.chip(.hopper).tensorExposure
    #expect(abs(exposed(8) - hidden) < 1e-12 && hidden < 1)
    #expect(exposed(16) == 1 && exposed(32) == 1)
  }

  /// The part of an exchange that shows beside ten times its time of compute.
  private static func exposed(
    _ exchange: WritableKeyPath<PassTime, Seconds>, of whole: Seconds, in time: CollectiveTime
  ) -> Double {
    var pass = PassTime()
    pass.compute = whole * 10.0
    pass[keyPath: exchange] = whole
    time.hide(&pass)
    return pass[keyPath: exchange] / whole
  }

  /// What compute is too short to hide shows, however well a stack overlaps.
  @Test(arguments: [
    (\PassTime.tensor, LayerParallelism(tensor: 8, sequenceParallel: true)),
    (\PassTime.expert, LayerParallelism(expert: 32, data: 32)),
  ])
  func computeHidesNoMoreThanItsTime(
    exchange: WritableKeyPath<PassTime, Seconds> & Sendable, split: LayerParallelism
  ) {
    let time = Self.collectives(split)
    #expect(Self.exposed(exchange, of: Seconds(1), in: time) < 1)
    for share in [0, 0.25, 0.5] {
      var pass = PassTime()
      pass.compute = Seconds(share)
      pass[keyPath: exchange] = Seconds(1)
      time.hide(&pass)
      #expect(pass[keyPath: exchange] == Seconds(1 - share))
    }
  }

  /// Tensor-parallel traffic does not hide where chips reach each other through a host.
  @Test(arguments: ["h100-pcie", "l40s", "rtx4090", "h100-nvl"])
  func tensorTrafficThroughAHostIsWaitedFor(accelerator: String) throws {
    let chip = try #require(AcceleratorCatalogue.standard.accelerator(named: accelerator))
    let split = LayerParallelism(tensor: 2, sequenceParallel: true)
    let time = Self.collectives(split, on: accelerator)
    let shown = Self.exposed(\.tensor, of: time.tensorExchange(Self.large), in: time)
    #expect((shown == 1) == (chip.scaleUpLink != .nvlink))
  }

  /// A token crosses to a block once, however many of its experts live there.
  @Test func expertsBehindOneLinkShareAToken() {
    let time = Self.collectives(LayerParallelism(expert: 32, data: 32))
    let one = time.expertExchange(Self.large, copies: 1)
    let eight = time.expertExchange(Self.large, copies: 8)
    #expect(eight > one)
    #expect(eight < one * 8.0)
  }
}
