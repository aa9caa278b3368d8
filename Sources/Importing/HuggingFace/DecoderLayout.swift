import Workload

/// How a decoder of Llama's kind is laid out: what is alike in all its layers. The families say what
/// differs between layers.
struct DecoderLayout {
  enum NormPlacement {
    /// Before each half.
    case before
    /// After each half (OLMo 2).
    case after
    /// Before and after (Gemma 2).
    case around
    /// One before both halves, which run side by side.
    case shared
  }

  var hiddenSize: Int
  var layers: Int
  var heads: Int
  var keyValueHeads: Int
  var headDimension: Int
  var norm: Norm = .rms
  var placement: NormPlacement = .before
  var hasInputBias = false
  var hasOutputBias = false
  var queryKeyNorm: AttentionMixer.QueryKeyNorm?
  var hasOutputGate = false
  var hasSinks = false

  /// Reads the sizes that all families name alike.
  init(
    _ reader: inout ConfigReader, heads absentHeads: Int? = nil,
    keyValueHeads absentKeyValueHeads: Int? = nil, headDimension absentDimension: Int? = nil
  ) {
    hiddenSize = reader.hiddenSize()
    layers = reader.layerCount()
    (heads, keyValueHeads, headDimension) = reader.groupedHeads(
      hiddenSize: hiddenSize, absentHeads: absentHeads, absentKeyValueHeads: absentKeyValueHeads,
      absentDimension: absentDimension)
  }

  init(hiddenSize: Int, layers: Int, heads: Int, keyValueHeads: Int, headDimension: Int) {
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
  }

  /// A bias on all four products of attention, or none.
  var hasBias: Bool {
    get { hasInputBias && hasOutputBias }
    set { (hasInputBias, hasOutputBias) = (newValue, newValue) }
  }

  func attention(_ reach: LayerReach = .full, isRotary: Bool = true) -> SequenceMixer {
    .attention(
      AttentionMixer(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension,
        hasInputBias: hasInputBias, hasOutputBias: hasOutputBias, queryKeyNorm: queryKeyNorm,
        hasOutputGate: hasOutputGate, hasSinks: hasSinks, isRotary: isRotary,
        window: reach.window))
  }

  func block(_ mixer: SequenceMixer, _ feedForward: FeedForward) -> TransformerBlock {
    let (before, after): (Norm?, Norm?) =
      switch placement {
      case .before, .shared: (norm, nil)
      case .after: (nil, norm)
      case .around: (norm, norm)
      }
    let isShared = placement == .shared
    return TransformerBlock(
      mixer: mixer, feedForward: feedForward, mixerNorm: before, mixerOutputNorm: after,
      feedForwardNorm: isShared ? nil : before, feedForwardOutputNorm: after,
      isParallel: isShared)
  }
}

extension ConfigReader {
  /// The model around the blocks, which `block` gives by layer. `nil` after a fault.
  mutating func model(
    of layout: DecoderLayout, family: String, vocabulary: Int? = nil, isTied: Bool,
    maximumLength: Int? = nil, hasHeadBias: Bool = false, embeddingNorm: Norm? = nil,
    block: (Int) -> TransformerBlock
  ) -> TransformerModel {
    let longest = self.maximumLength("max_position_embeddings", absent: maximumLength)
    return TransformerModel(
      name: name(absent: family), hiddenSize: layout.hiddenSize,
      vocabularySize: size("vocab_size", absent: vocabulary), maximumSequenceLength: longest,
      embedding: .init(norm: embeddingNorm),
      runs: TransformerModel.runs((0..<layout.layers).lazy.map(block)), finalNorm: layout.norm,
      head: .init(isTied: tiesEmbeddings(absent: isTied), hasBias: hasHeadBias))
  }

  /// A gated feed-forward network of `intermediate_size`.
  mutating func gated(hasBias: Bool = false) -> FeedForward {
    .dense(DenseFeedForward(width: size("intermediate_size"), isGated: true, hasBias: hasBias))
  }

  mutating func plain(hasBias: Bool) -> FeedForward {
    .dense(DenseFeedForward(width: size("intermediate_size"), isGated: false, hasBias: hasBias))
  }
}
