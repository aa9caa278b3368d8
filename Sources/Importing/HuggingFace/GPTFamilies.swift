import Workload

/// What the older families have in common: as many heads of keys and values as of queries, or one,
/// and a feed-forward network of two products.
private struct GPTLayout {
  var hiddenSize: Int
  var layers: Int
  var heads: Int
  var keyValueHeads: Int
  var headDimension: Int
  var width: Int
  var hasInputBias = true
  var hasOutputBias = true
  var hasMLPBias = true
  var isRotary = false
  var isParallel = false
  var hasSecondNorm = true
  var norm: Norm = .layer

  init(_ hiddenSize: Int, layers: Int, heads: (heads: Int, dimension: Int), width: Int) {
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads.heads
    keyValueHeads = heads.heads
    headDimension = heads.dimension
    self.width = width
  }

  func block(window: Int? = nil) -> TransformerBlock {
    TransformerBlock(
      mixer: .attention(
        AttentionMixer(
          heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension,
          hasInputBias: hasInputBias, hasOutputBias: hasOutputBias, isRotary: isRotary,
          window: window)),
      feedForward: .dense(DenseFeedForward(width: width, isGated: false, hasBias: hasMLPBias)),
      mixerNorm: norm, feedForwardNorm: hasSecondNorm ? norm : nil, isParallel: isParallel)
  }
}

extension ConfigReader {
  fileprivate mutating func model(
    _ layout: GPTLayout, _ family: String, isTied: Bool, maximumLength: Int?,
    positions: Int? = nil, embeddingNorm: Norm? = nil, hasHeadBias: Bool = false
  ) -> TransformerModel {
    TransformerModel(
      name: name(absent: family), hiddenSize: layout.hiddenSize,
      vocabularySize: size("vocab_size"), maximumSequenceLength: maximumLength,
      embedding: .init(positions: positions, norm: embeddingNorm),
      runs: [.init(layout.block(), count: layout.layers)], finalNorm: layout.norm,
      head: .init(isTied: tiesEmbeddings(absent: isTied), hasBias: hasHeadBias))
  }

  /// GPT-2's names; a width of null is four times the hidden size.
  fileprivate mutating func gptLayout() -> GPTLayout {
    let hidden = hiddenSize(["n_embd", "hidden_size"])
    let layers = layerCount(["n_layer", "num_hidden_layers"])
    let heads = evenHeads(has("n_head") ? "n_head" : "num_attention_heads", of: hidden)
    return GPTLayout(
      hidden, layers: layers, heads: heads, width: size("n_inner", absent: 4 * hidden))
  }
}

extension HuggingFaceFamily {
  static let gptFamilies = [gpt2, gptBigCode, gptJ, gptNeo, gptNeoX, opt, bloom, falcon, mpt]

  private static let gpt2 = HuggingFaceFamily("gpt2") { reader, type in
    let layout = reader.gptLayout()
    let positions = reader.maximumLength("n_positions", "n_ctx", absent: 1024)
    return reader.model(
      layout, type, isTied: true, maximumLength: positions, positions: positions)
  }

  private static let gptBigCode = HuggingFaceFamily("gpt_bigcode") { reader, type in
    var layout = reader.gptLayout()
    if reader.flag("multi_query", absent: true) { layout.keyValueHeads = 1 }
    let positions = reader.maximumLength("n_positions", absent: 1024)
    return reader.model(
      layout, type, isTied: true, maximumLength: positions, positions: positions)
  }

  /// Both halves read one norm's output; only the feed-forward half and the head have biases.
  private static let gptJ = HuggingFaceFamily("gptj", "codegen") { reader, type in
    var layout = reader.gptLayout()
    (layout.hasInputBias, layout.hasOutputBias) = (false, false)
    (layout.isRotary, layout.isParallel, layout.hasSecondNorm) = (true, true, false)
    return reader.model(
      layout, type, isTied: false,
      maximumLength: reader.maximumLength("n_positions", absent: 2048), hasHeadBias: true)
  }

  /// Global and local attention by turns.
  private static let gptNeo = HuggingFaceFamily("gpt_neo") { reader, type in
    let hidden = reader.hiddenSize()
    let layers = reader.layerCount(["num_layers", "num_hidden_layers"])
    let heads = reader.evenHeads(
      reader.has("num_heads") ? "num_heads" : "num_attention_heads", of: hidden)
    var layout = GPTLayout(
      hidden, layers: layers, heads: heads,
      width: reader.size("intermediate_size", absent: 4 * hidden))
    layout.hasInputBias = false
    let window = reader.size("window_size", max: ShapeLimits.positions, absent: 256)
    let positions = reader.maximumLength("max_position_embeddings", absent: 2048)
    var model = reader.model(
      layout, type, isTied: true, maximumLength: positions, positions: positions)
    model.runs = TransformerModel.runs(
      (0..<layers).lazy.map { layout.block(window: $0 % 2 == 1 ? window : nil) })
    return model
  }

  private static let gptNeoX = HuggingFaceFamily("gpt_neox") { reader, type in
    let hidden = reader.hiddenSize()
    let layers = reader.layerCount()
    let heads = reader.evenHeads("num_attention_heads", of: hidden)
    var layout = GPTLayout(
      hidden, layers: layers, heads: heads, width: reader.size("intermediate_size"))
    layout.isRotary = true
    layout.isParallel = reader.flag("use_parallel_residual", absent: true)
    let hasBias = reader.flag("attention_bias", absent: true)
    (layout.hasInputBias, layout.hasOutputBias) = (hasBias, hasBias)
    return reader.model(
      layout, type, isTied: false,
      maximumLength: reader.maximumLength("max_position_embeddings", absent: 2048))
  }

  /// Its table of positions starts with two rows that are not used. The 350M model is narrower
  /// outside the blocks, and has its norms after the halves.
  private static let opt = HuggingFaceFamily("opt") { reader, type in
    let hidden = reader.hiddenSize()
    let layers = reader.layerCount()
    let heads = reader.evenHeads("num_attention_heads", of: hidden)
    var layout = GPTLayout(hidden, layers: layers, heads: heads, width: reader.size("ffn_dim"))
    let hasBias = reader.flag("enable_bias", absent: true)
    (layout.hasInputBias, layout.hasOutputBias, layout.hasMLPBias) = (hasBias, hasBias, hasBias)
    layout.norm = reader.flag("layer_norm_elementwise_affine", absent: true) ? .layer : .plain
    let length = reader.maximumLength("max_position_embeddings", absent: 2048) ?? 2048
    var model = reader.model(
      layout, type, isTied: true, maximumLength: length, positions: length + 2)
    if let width = reader.optionalSize("word_embed_proj_dim"), width != hidden {
      model.embedding.width = width
    }
    let normsBefore = reader.flag("do_layer_norm_before", absent: true)
    if !normsBefore || reader.flag("_remove_final_layer_norm", absent: false) {
      model.finalNorm = nil
    }
    if !normsBefore {
      var block = layout.block()
      (block.mixerNorm, block.mixerOutputNorm) = (nil, layout.norm)
      (block.feedForwardNorm, block.feedForwardOutputNorm) = (nil, layout.norm)
      model.runs[0].block = block
    }
    return model
  }

  /// Positions enter as biases of the scores, without parameters (Press et al. 2022: ALiBi).
  private static let bloom = HuggingFaceFamily("bloom") { reader, type in
    let hidden = reader.hiddenSize(["n_embed", "hidden_size"])
    let layers = reader.layerCount(["n_layer", "num_hidden_layers"])
    let heads = reader.evenHeads(
      reader.has("n_head") ? "n_head" : "num_attention_heads", of: hidden)
    let layout = GPTLayout(hidden, layers: layers, heads: heads, width: 4 * hidden)
    return reader.model(
      layout, type, isTied: true, maximumLength: reader.maximumLength("seq_length", absent: 2048),
      embeddingNorm: .layer)
  }

  private static let falcon = HuggingFaceFamily("falcon", "RefinedWeb", "RefinedWebModel") {
    reader, type in
    let hidden = reader.hiddenSize(["hidden_size", "n_embed"])
    let layers = reader.layerCount()
    let heads = reader.evenHeads(
      reader.has("n_head") ? "n_head" : "num_attention_heads", of: hidden)
    var layout = GPTLayout(
      hidden, layers: layers, heads: heads,
      width: reader.size("ffn_hidden_size", absent: 4 * hidden))
    let isNew = reader.flag("new_decoder_architecture", absent: false)
    if isNew {
      layout.keyValueHeads = reader.size(
        "num_kv_heads", "n_head_kv", max: ShapeLimits.heads, absent: layout.heads)
    } else if reader.flag("multi_query", absent: true) {
      layout.keyValueHeads = 1
    }
    let hasBias = reader.flag("bias", absent: false)
    (layout.hasInputBias, layout.hasOutputBias, layout.hasMLPBias) = (hasBias, hasBias, hasBias)
    layout.isRotary = !reader.flag("alibi", absent: false)
    let norms = reader.count("num_ln_in_parallel_attn", max: 2, absent: isNew ? 2 : 1)
    let isParallel = reader.flag("parallel_attn", absent: true)
    layout.isParallel = isParallel || isNew
    layout.hasSecondNorm = !isParallel || norms == 2
    return reader.model(
      layout, type, isTied: true,
      maximumLength: reader.maximumLength("max_position_embeddings", absent: 2048))
  }

  private static let mpt = HuggingFaceFamily("mpt") { reader, type in
    let hidden = reader.hiddenSize(["d_model", "hidden_size"])
    let layers = reader.layerCount(["n_layers", "num_hidden_layers"])
    let heads = reader.evenHeads(
      reader.has("n_heads") ? "n_heads" : "num_attention_heads", of: hidden)
    let ratio = reader.size("expansion_ratio", max: 16, absent: 4)
    var layout = GPTLayout(hidden, layers: layers, heads: heads, width: ratio * hidden)
    (layout.hasInputBias, layout.hasOutputBias, layout.hasMLPBias) = (false, false, false)
    layout.norm = .layerWithoutBias
    return reader.model(
      layout, type, isTied: true,
      maximumLength: reader.maximumLength("max_seq_len", absent: 2048))
  }
}
