import Workload

/// A GPT as GPT-2 and Megatron have it: biases, layer norms, learned positions, tied head.
func gpt(
  hidden: Int, layers: Int, heads: Int, vocabulary: Int, positions: Int
) -> TransformerModel {
  TransformerModel(
    name: "gpt", hiddenSize: hidden, vocabularySize: vocabulary,
    maximumSequenceLength: positions, embedding: .init(positions: positions),
    runs: [.init(gptBlock(hidden: hidden, heads: heads), count: layers)], finalNorm: .layer,
    head: .init(isTied: true))
}

func gptBlock(hidden: Int, heads: Int) -> TransformerBlock {
  TransformerBlock(
    mixer: .attention(
      AttentionMixer(
        heads: heads, keyValueHeads: heads, headDimension: hidden / heads, hasInputBias: true,
        hasOutputBias: true, isRotary: false)),
    feedForward: .dense(DenseFeedForward(width: 4 * hidden, isGated: false, hasBias: true)),
    norm: .layer)
}

func llamaBlock(heads: Int, keyValueHeads: Int, headDimension: Int, width: Int) -> TransformerBlock
{
  TransformerBlock(
    mixer: .attention(
      AttentionMixer(heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension)),
    feedForward: .dense(DenseFeedForward(width: width, isGated: true)), norm: .rms)
}

extension Layer {
  func saved(_ shardings: Set<Operator.Sharding>) -> Double {
    operators.reduce(0) { $0 + (shardings.contains($1.sharding) ? $1.savedElements : 0) }
  }
  var saved: Double { operators.reduce(0) { $0 + $1.savedElements } }
  var masks: Double { operators.reduce(0) { $0 + $1.dropoutElements } }
}
