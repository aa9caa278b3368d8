import Testing

@testable import Workload

/// Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models"
/// (arXiv 2205.05198), sections 4.1 to 4.3.
@Suite struct ActivationTests {
  /// Equation 1 without the scores of attention: s·b·h·34 bytes a layer, of which two 1-byte masks.
  @Test(arguments: [(1600, 25), (6144, 64), (12288, 96), (20480, 128), (25600, 160)])
  func aLayerKeeps34BytesAHiddenElement(hidden: Int, heads: Int) {
    let layer = gptBlock(hidden: hidden, heads: heads).layer(hiddenSize: hidden)
    #expect(2 * layer.saved + layer.masks == 34 * Double(hidden))
  }

  /// Equation 2: tensor parallelism divides 24 of the 34, and not the norms' and first products'
  /// inputs (8) nor the masks (2).
  @Test func tensorParallelismDivides24Of34() {
    let layer = gptBlock(hidden: 12288, heads: 96).layer(hiddenSize: 12288)
    #expect(2 * layer.saved([.tensor, .rows]) == 24 * 12288)
    #expect(2 * layer.saved([.columns, .sequence]) + layer.masks == 10 * 12288)
  }

  /// Section 4.1 part by part: norms 4, attention 11, MLP 19.
  @Test func everyTensorOfTheListIsCounted() {
    let h = 1024.0
    let layer = gptBlock(hidden: 1024, heads: 16).layer(hiddenSize: 1024)
    let bytes = Dictionary(
      uniqueKeysWithValues: layer.operators.map {
        ($0.name, (2 * $0.savedElements + $0.dropoutElements) / h)
      })
    #expect(
      bytes == [
        "mixer_norm": 2, "query_key_value": 2, "attention": 6, "attention_output": 2,
        "mixer_residual": 1, "feed_forward_norm": 2, "feed_forward_up": 2,
        "feed_forward_activation": 8, "feed_forward_down": 8, "feed_forward_residual": 1,
      ])
  }

  /// Section 4.3: the embedding's dropout mask (s·b·h), and 2·s·b·h each for the final norm and the
  /// head's product.
  @Test func theEndsKeepAMaskAndTwoInputs() {
    let graph = gpt(hidden: 1024, layers: 2, heads: 16, vocabulary: 51200, positions: 1024).graph()
    #expect(graph.layer(0).saved == 0)
    #expect(graph.layer(0).masks == 1024)
    #expect(2 * (graph.layer(3).saved + graph.layer(4).saved) == 4 * 1024)
  }

  @Test func fewerKeyValueHeadsKeepLess() {
    let full = llamaBlock(heads: 64, keyValueHeads: 64, headDimension: 128, width: 28672)
    let grouped = llamaBlock(heads: 64, keyValueHeads: 8, headDimension: 128, width: 28672)
    let difference =
      full.layer(hiddenSize: 8192).saved - grouped.layer(hiddenSize: 8192).saved
    #expect(Int(difference) == 2 * 56 * 128)
  }

  /// Two norm inputs, two first inputs, Q, K, V, attention's output, gate and up, their product.
  @Test func aGatedBlockKeepsGateAndUp() {
    let layer = llamaBlock(heads: 32, keyValueHeads: 8, headDimension: 128, width: 14336)
      .layer(hiddenSize: 4096)
    let (hidden, keys, width) = (4096, 1024, 14336)
    #expect(Int(layer.saved) == 4 * hidden + (hidden + 2 * keys) + hidden + 3 * width)
    #expect(Int(layer.saved([.tensor, .rows])) == 2 * hidden + 2 * keys + 3 * width)
  }

  /// What experts keep is counted once a copy; the shared expert reads what the router keeps.
  @Test func expertsKeepEveryCopy() {
    let half = ExpertFeedForward(
      experts: 64, active: 6, expert: .init(width: 1408, isGated: true),
      shared: .init(width: 2816, isGated: true))
    let saved = half.operators(hiddenSize: 2048, keepsInput: true).reduce(0) {
      $0 + $1.savedElements
    }
    let (hidden, experts, copies, width) = (2048, 64, 6, 1408)
    #expect(Int(saved) == hidden + experts + copies * (hidden + 3 * width) + 3 * 2 * width)
  }

  /// GPT-J: one norm, whose output both halves read. NeoX: two norms of one input.
  @Test func parallelHalvesShareTheirInputs() {
    var block = gptBlock(hidden: 4096, heads: 16)
    block.isParallel = true
    let twoNorms = block.layer(hiddenSize: 4096)
    block.feedForwardNorm = nil
    let oneNorm = block.layer(hiddenSize: 4096)
    #expect(2 * twoNorms.saved == (32 - 2) * 4096)
    #expect(2 * oneNorm.saved == (32 - 4) * 4096)
    #expect(oneNorm.masks == 2 * 4096)
  }
}
