import Quantities
import Testing
import Workload

@Suite struct GraphTests {
  /// Radford et al. 2019; counts of the released checkpoints.
  @Test(arguments: [
    (768, 12, 12, 124_439_808), (1024, 24, 16, 354_823_168), (1280, 36, 20, 774_030_080),
    (1600, 48, 25, 1_557_611_200),
  ])
  func gpt2CountsItsParameters(hidden: Int, layers: Int, heads: Int, parameters: Int) {
    let model = gpt(
      hidden: hidden, layers: layers, heads: heads, vocabulary: 50257, positions: 1024)
    #expect(model.graph().parameters == parameters)
    #expect(model.graph().activeParameters == parameters)
  }

  @Test func theGraphIsAChainOfNamedNodes() {
    let graph = gpt(hidden: 768, layers: 3, heads: 12, vocabulary: 50257, positions: 1024).graph()
    #expect(
      graph.nodes.map(\.name)
        == [
          "embedding", "transformer_0", "transformer_1", "transformer_2", "final_norm",
          "output_head",
        ])
    #expect(graph.kinds.map(\.kind) == [.embedding, .transformerBlock, .finalNorm, .head])
    #expect(graph.isChain)
    #expect(graph.edges.allSatisfy { $0.elementsPerToken == 768 && $0.bytesPerSequence == 0 })
    #expect(graph.tiesEmbeddings)
    #expect(graph.maximumSequenceLength == 1024)
  }

  /// Blocks that come back share their kind.
  @Test func alternatingBlocksShareKinds() {
    let full = llamaBlock(heads: 8, keyValueHeads: 4, headDimension: 64, width: 1024)
    var local = full
    local.mixer = .attention(
      AttentionMixer(heads: 8, keyValueHeads: 4, headDimension: 64, window: 512))
    let blocks = (0..<12).map { $0 % 6 == 5 ? full : local }
    let runs = TransformerModel.runs(blocks)
    #expect(runs.map(\.count) == [5, 1, 5, 1])
    let graph = TransformerModel(
      name: "m", hiddenSize: 512, vocabularySize: 1000, runs: runs, finalNorm: .rms,
      head: .init(isTied: false)
    ).graph()
    #expect(graph.kinds.count == 5)
    #expect(graph.nodes.map(\.kind) == [0, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 3, 4])
  }

  /// The first analyser's figures for gpt-1.5b: 12·h² + 2·h a block, h for the final norm.
  @Test func theSeedCountsWithoutBiasesAndPositions() {
    let graph = gpt(hidden: 1600, layers: 48, heads: 32, vocabulary: 50257, positions: 1024)
      .seedGraph()
    #expect(graph.nodes.count == 51)
    #expect(graph.parameters == 1_635_537_600)
    #expect(graph.layer(7).parameters == 12 * 1600 * 1600 + 2 * 1600)
    #expect((0...24).reduce(0) { $0 + graph.layer($1).parameters } == 817_768_000)
    #expect((25...50).reduce(0) { $0 + graph.layer($1).parameters } == 817_769_600)
    let totals = graph.totals(tokens: 1024, sequenceLength: 1024, precision: .fp32)
    #expect((totals.weightBytes.mebibytes * 100).rounded() == 623_908)
  }

  @Test func outputsAreHiddenStatesAndLogits() {
    let graph = gpt(hidden: 768, layers: 1, heads: 12, vocabulary: 50257, positions: 1024).graph()
    func output(_ node: Int) -> Double {
      graph.outputBytes(ofNode: node, sequences: 2, sequenceLength: 512, precision: .bf16).value
    }
    #expect((0...2).map(output) == [Double](repeating: 2 * 512 * 768 * 2, count: 3))
    #expect(output(3) == 2 * 512 * 50257 * 2)
  }

  @Test func totalsAreSumsOverNodes() {
    let graph = gpt(hidden: 768, layers: 5, heads: 12, vocabulary: 50257, positions: 1024).graph()
    let totals = graph.totals(tokens: 4096, sequenceLength: 1024, precision: .bf16)
    #expect(totals.parameters == graph.parameters)
    #expect(totals.weightBytes.value == 2 * Double(graph.parameters))
    let flops = graph.nodes.indices.reduce(0) {
      $0 + graph.layer($1).forwardFLOPs(tokens: 4096, sequenceLength: 1024).value
    }
    #expect(totals.forwardFLOPs.value == flops)
  }

  @Test func countsBeyondTheLimitAreFound() {
    var model = gpt(hidden: 1 << 20, layers: 1, heads: 8, vocabulary: 1 << 20, positions: 1024)
    #expect(model.isCountable)
    model.runs[0].count = 10_000
    #expect(!model.isCountable)
    model.runs[0].block.feedForward = .experts(
      ExpertFeedForward(experts: 1 << 14, active: 1, expert: .init(width: 1 << 24, isGated: true)))
    model.runs[0].count = Int.max
    #expect(!model.isCountable)
  }
}
