import Costing
import Quantities
import Testing
import Workload

@testable import Planning

@Suite struct UniformSplitTests {
  /// Blocks with something before and after them.
  private static func graph(blocks: Int, before: Int, after: Int) -> LayerGraph {
    let kinds = [
      Layer(kind: .embedding, operators: []), Layer(kind: .transformerBlock, operators: []),
    ]
    let order =
      Array(repeating: 0, count: before) + Array(repeating: 1, count: blocks)
      + Array(repeating: 0, count: after)
    return LayerGraph(
      name: "\(before)+\(blocks)+\(after)", kinds: kinds,
      nodes: order.enumerated().map { .init(name: "\($0.offset)", kind: $0.element) },
      edges: (1..<order.count).map { .init(source: $0 - 1, target: $0, elementsPerToken: 1) },
      hiddenSize: 1, vocabularySize: 1)
  }

  @Test(arguments: 0..<200)
  func chunksHoldEquallyManyBlocksOrTheFirstOneMore(seed: Int) {
    var random = SplitMix64(seed: seed)
    let blocks = Int.random(in: 1...60, using: &random)
    let (before, after) = (
      Int.random(in: 0...2, using: &random), Int.random(in: 0...3, using: &random)
    )
    let chunks = Int.random(in: 1...blocks, using: &random)
    guard before + blocks + after > 1 else { return }
    let layout = ChunkLayout(Self.graph(blocks: blocks, before: before, after: after))
    let cut = layout.uniformCut(chunks: chunks)
    #expect(cut.first == 0 && cut.last == before + blocks + after && cut.count == chunks + 1)
    let held = zip(cut, cut.dropFirst()).map { start, end in
      (start..<end).clamped(to: before..<(before + blocks)).count
    }
    #expect(held.reduce(0, +) == blocks)
    #expect(held == held.sorted(by: >) && held[0] - held[chunks - 1] <= 1)
    if blocks % chunks == 0, chunks > 1 {
      #expect(layout.cuts(chunks: chunks).contains(cut))
    }
  }

  /// All layers of a model whose blocks are no single run count alike.
  @Test func layersThatAreNoRunCountAlike() {
    var graph = Self.graph(blocks: 8, before: 1, after: 1)
    graph.nodes[4].kind = 0
    #expect(ChunkLayout(graph).uniformCut(chunks: 3) == [0, 4, 7, 10])
  }

  /// A head that takes as long as many blocks: the best cut is far from uniform, and no worse.
  @Test(arguments: [(2, 1), (3, 1), (4, 1), (6, 1), (2, 3), (3, 2)])
  func isNoBetterThanTheBest(stages: Int, chunks: Int) {
    let problem = DecoderExample(
      name: "large vocabulary", layers: 12, hidden: 512, heads: 8, keyValueHeads: 8,
      feedForward: 2048, vocabulary: 128_000
    ).problem(on: .example(nodes: 2), batch: 48, sequence: 1024)
    let strategy = ParallelStrategy(
      pipeline: stages, virtualStages: chunks, microBatches: 48, recompute: .full,
      schedule: chunks > 1 ? .interleaved : .oneForwardOneBackward)
    let planner = Planner(problem)
    let plan = planner.simulate(
      strategy, split: .uniform(problem.graph, problem.chunks, strategy))
    let best = planner.simulate(strategy)
    #expect(plan.stages.allSatisfy { $0.recomputedLayers == 12 / stages })
    #expect(plan.prediction.step >= best.prediction.step)
    if chunks == 1 { #expect(plan.prediction.step > best.prediction.step * 1.05) }
  }
}
