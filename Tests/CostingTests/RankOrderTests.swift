import Costing
import Hardware
import Quantities
import Testing

/// Groups and sends of ranks in either order, against every rank there is.
@Suite struct RankOrderTests {
  /// Degrees on a pool of three levels, by a seed. Spans need not nest with the degrees.
  private struct Case: CustomStringConvertible {
    var (tensor, context, data, pipeline) = (1, 1, 1, 1)
    var spans: [Int] = []
    var order = DeviceMesh.Order.tensorContextDataPipeline

    init(seed: Int) {
      var random = Lehmer(seed: seed)
      tensor = [1, 1, 2, 3, 4].randomElement(using: &random)!
      context = [1, 1, 2].randomElement(using: &random)!
      data = Int.random(in: 2...6, using: &random)
      pipeline = Int.random(in: 2...6, using: &random)
      let node = [1, 2, 3, 4, 8].randomElement(using: &random)!
      let leaf = node * Int.random(in: 2...4, using: &random)
      spans = [node, leaf, leaf * Int.random(in: 2...40, using: &random)]
      while spans[2] < tensor * context * data * pipeline { spans[2] += leaf }
      order = Bool.random(using: &random) ? .tensorContextDataPipeline : .tensorContextPipelineData
    }

    var description: String {
      "\(tensor) tensor, \(context) context, \(data) data, \(pipeline) stages, \(order) on \(spans)"
    }

    var mesh: DeviceMesh {
      DeviceMesh(tensor: tensor, context: context, data: data, pipeline: pipeline, order: order)
    }

    var pool: Pool {
      var pool = CostingTests.pool("h100-sxm5-80gb", nodes: 1)
      pool.gpusPerNode = spans[0]
      pool.nodeNames = (0..<(spans[2] / spans[0])).map { "node-\($0)" }
      pool.levels = zip(spans, [64e9, 8e9, 2e9]).enumerated().map { index, level in
        NetworkLevel(
          name: "level-\(index)", span: level.0, bandwidth: Bandwidth(level.1),
          latency: Seconds(Double(index + 1)))
      }
      return pool
    }

    func collectives(_ order: DeviceMesh.Order) -> CollectiveTime {
      let job = TrainingJob(globalBatchSize: 64, sequenceLength: 2048)
      return costs(gpt(layers: 2, hidden: 2048, heads: 16), on: pool, job).collectives(
        LayerParallelism(
          tensor: tensor, context: context, data: data,
          stagesBetweenReplicas: order.stagesBetweenReplicas(pipeline: pipeline, data: data)))
    }

    /// The innermost level of which one block holds both.
    func level(_ a: Int, _ b: Int) -> Int { spans.firstIndex { a / $0 == b / $0 }! }
  }

  @Test(arguments: 0..<400)
  func aSendIsThatOfTheFarthestRank(seed: Int) {
    let example = Case(seed: seed)
    let (mesh, time) = (example.mesh, example.collectives(example.order))
    for stage in 0..<mesh.pipeline {
      let next = (stage + 1) % mesh.pipeline
      let farthest = (0..<mesh.ranks).filter {
        mesh.coordinate(.pipeline, ofRank: $0) == stage
      }.map { rank in
        example.level(rank, rank + (next - stage) * mesh.stride(.pipeline))
      }.max()!
      // A message without bytes takes the level's latency, here its number.
      let level = Int(time.send(.zero, fromStage: stage, toStage: next).value) - 1
      #expect(level == farthest, "\(example): stage \(stage)")
    }
  }

  @Test(arguments: 0..<400)
  func gradientGroupsLieAsTheirRanksDo(seed: Int) {
    let example = Case(seed: seed)
    let mesh = example.mesh
    // Where strides and spans do not nest, groups lie differently.
    for span in example.spans.dropLast() {
      for (size, stride) in [(mesh.context, mesh.tensor), (mesh.data, mesh.stride(.data))] {
        guard span.isMultiple(of: size * stride) || (size * stride).isMultiple(of: span),
          span.isMultiple(of: stride) || stride.isMultiple(of: span)
        else { return }
      }
    }
    let members = example.collectives(example.order).data.members
    for (level, span) in example.spans.dropLast().enumerated() {
      let group = (0..<mesh.ranks).filter {
        mesh.coordinate(.tensor, ofRank: $0) == 0 && mesh.coordinate(.pipeline, ofRank: $0) == 0
      }
      #expect(Int(members[level]) == group.count { $0 / span == 0 }, "\(example), level \(level)")
    }
  }

  /// What is said to lie alike takes equally long, and no send takes less than the least.
  @Test(arguments: 0..<400)
  func whatLiesAlikeTakesEquallyLong(seed: Int) {
    let example = Case(seed: seed)
    let orders = DeviceMesh.Order.allCases.map(example.collectives)
    let liesAlike = example.pool.liesAlikeInEveryOrder(
      tensor: example.tensor, context: example.context)
    for bytes in [1.0, 1e3, 1e6, 1e9, 1e12].map(ByteCount.init) {
      for stage in 0..<example.pipeline {
        let next = (stage + 1) % example.pipeline
        let sends = orders.map { $0.send(bytes, fromStage: stage, toStage: next) }
        #expect(!liesAlike || sends[0] == sends[1], "\(example)")
        for (order, send) in zip(orders, sends) {
          #expect(order.leastSend(bytes) <= send, "\(example)")
        }
      }
      guard liesAlike else { continue }
      #expect(orders[0].shard(bytes, .data) == orders[1].shard(bytes, .data), "\(example)")
      #expect(orders[0].allReduce(bytes, .data) == orders[1].allReduce(bytes, .data), "\(example)")
    }
  }
}

/// A generator with a seed, so that a failing case can be run again.
private struct Lehmer: RandomNumberGenerator {
  var state: UInt64
  init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}
