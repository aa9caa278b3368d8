import Workload

/// Dense decoders that depart further from Llama: in norms, biases, windows or names.
extension HuggingFaceFamily {
  static let denseFamilies = [
    qwen, qwen2, qwen3, gemma, gemma2, gemma3, phi, phi3, stableLM, starcoder2, olmo, olmo2, olmo3,
    cohere, cohere2, glm, glm4, chatGLM, nemotron,
  ]

  private static let qwen = HuggingFaceFamily("qwen") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasInputBias = true
    let width = max(1, reader.size("intermediate_size") / 2)
    let length = reader.maximumLength("seq_length", absent: 8192)
    return reader.decoder(
      layout, type, .dense(DenseFeedForward(width: width, isGated: true)), maximumLength: length)
  }

  private static let qwen2 = HuggingFaceFamily(
    "qwen2", "qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"
  ) { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 32)
    layout.hasInputBias = true
    let reaches = reader.slidingAbove(layers: layout.layers, absentLimit: 28)
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, maximumLength: 32768)
  }

  private static let qwen3 = HuggingFaceFamily("qwen3", "qwen3_vl", "qwen3_vl_text") {
    reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 32, headDimension: 128)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .shared(.rms)
    let reaches = reader.slidingAbove(layers: layout.layers, absentLimit: 28)
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, maximumLength: 32768)
  }

  private static let gemma = HuggingFaceFamily("gemma") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 16, headDimension: 256)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    return reader.decoder(layout, type, reader.gated(), isTied: true, maximumLength: 8192)
  }

  /// Every other layer sees a window.
  private static let gemma2 = HuggingFaceFamily("gemma2") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 4, headDimension: 256)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.placement = .around
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 4096) { $0 % 2 == 0 }
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, isTied: true, maximumLength: 8192)
  }

  /// Five layers of six see a window. The published files leave out what is as in the class.
  private static let gemma3 = HuggingFaceFamily("gemma3", "gemma3_text") { reader, type in
    var layout = DecoderLayout(&reader, heads: 8, keyValueHeads: 4, headDimension: 256)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.placement = .around
    layout.queryKeyNorm = .shared(.rms)
    let pattern = reader.size(
      "sliding_window_pattern", "_sliding_window_pattern", max: ShapeLimits.layers, absent: 6)
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 4096) {
      ($0 + 1) % pattern != 0
    }
    let half = reader.gated()
    return reader.model(
      of: layout, family: type, vocabulary: 262_208, isTied: true, maximumLength: 131_072
    ) { layout.block(layout.attention(reaches[$0]), half) }
  }

  /// Both halves read one norm's output.
  private static let phi = HuggingFaceFamily("phi") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .layer
    layout.placement = .shared
    layout.hasBias = true
    if reader.flag("qk_layernorm", absent: false) { layout.queryKeyNorm = .shared(.layer) }
    return reader.decoder(
      layout, type, reader.plain(hasBias: true), maximumLength: 2048, hasHeadBias: true)
  }

  private static let phi3 = HuggingFaceFamily("phi3") { reader, type in
    let layout = DecoderLayout(&reader)
    let reaches = reader.sameReach(layers: layout.layers)
    return reader.decoder(layout, type, reader.gated(), reaches: reaches, maximumLength: 4096)
  }

  private static let stableLM = HuggingFaceFamily("stablelm", "stablelm_epoch") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 32)
    layout.norm = .layer
    layout.hasInputBias = reader.flag("use_qkv_bias", absent: false)
    if reader.flag("use_parallel_residual", absent: false) { layout.placement = .shared }
    if reader.flag("qk_layernorm", absent: false) {
      layout.queryKeyNorm = .separate(.layerWithoutBias)
    }
    return reader.decoder(layout, type, reader.gated(), maximumLength: 4096)
  }

  private static let starcoder2 = HuggingFaceFamily("starcoder2") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 2)
    layout.norm = .layer
    layout.hasBias = reader.flag("use_bias", absent: true)
    let reaches = reader.sameReach(layers: layout.layers)
    let half = reader.plain(hasBias: layout.hasBias)
    return reader.decoder(
      layout, type, half, reaches: reaches, isTied: true, maximumLength: 4096)
  }

  private static let olmo = HuggingFaceFamily("olmo") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .plain
    layout.hasBias = reader.flag("attention_bias", absent: false)
    return reader.decoder(layout, type, reader.gated(), maximumLength: 2048)
  }

  private static let olmo2 = HuggingFaceFamily("olmo2") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.placement = .after
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .separate(.rms)
    return reader.decoder(layout, type, reader.gated(), maximumLength: 2048)
  }

  private static let olmo3 = HuggingFaceFamily("olmo3") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.placement = .after
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .separate(.rms)
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 4096) { ($0 + 1) % 4 != 0 }
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, maximumLength: 2048)
  }

  private static let cohere = HuggingFaceFamily("cohere") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .layerWithoutBias
    layout.placement = .shared
    layout.hasBias = reader.flag("attention_bias", absent: false)
    if reader.flag("use_qk_norm", absent: false) {
      layout.queryKeyNorm = .separate(.layerWithoutBias)
    }
    return reader.decoder(layout, type, reader.gated(), isTied: true, maximumLength: 8192)
  }

  private static let cohere2 = HuggingFaceFamily("cohere2") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .layerWithoutBias
    layout.placement = .shared
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let pattern = reader.size(
      "sliding_window_pattern", "_sliding_window_pattern", max: ShapeLimits.layers, absent: 4)
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 4096) {
      ($0 + 1) % pattern != 0
    }
    return reader.decoder(
      layout, type, reader.gated(), reaches: reaches, isTied: true, maximumLength: 8192)
  }

  private static let glm = HuggingFaceFamily("glm") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 2, headDimension: 128)
    layout.hasInputBias = reader.flag("attention_bias", absent: false)
    return reader.decoder(layout, type, reader.gated(), maximumLength: 131_072)
  }

  private static let glm4 = HuggingFaceFamily("glm4") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 2, headDimension: 128)
    layout.hasInputBias = reader.flag("attention_bias", absent: false)
    layout.placement = .around
    return reader.decoder(layout, type, reader.gated(), maximumLength: 131_072)
  }

  /// ChatGLM 2, 3 and GLM-4 before they joined the library, with names of their own.
  private static let chatGLM = HuggingFaceFamily("chatglm") { reader, type in
    let hidden = reader.hiddenSize()
    let layers = reader.layerCount(["num_layers", "num_hidden_layers"])
    let even = reader.evenHeads("num_attention_heads", of: hidden)
    let groups = reader.size("multi_query_group_num", max: ShapeLimits.heads, absent: 1)
    let isGrouped = reader.flag("multi_query_attention", absent: false)
    var layout = DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: even.heads,
      keyValueHeads: isGrouped ? groups : even.heads,
      headDimension: reader.size(
        "kv_channels", max: ShapeLimits.headDimension, absent: even.dimension))
    let hasBias = reader.flag("add_bias_linear", absent: false)
    layout.hasInputBias = hasBias || reader.flag("add_qkv_bias", absent: false)
    layout.hasOutputBias = hasBias
    let half = DenseFeedForward(
      width: reader.size("ffn_hidden_size"), isGated: true, hasBias: hasBias)
    return TransformerModel(
      name: reader.name(absent: type), hiddenSize: hidden,
      vocabularySize: reader.size("padded_vocab_size", "vocab_size"),
      maximumSequenceLength: reader.maximumLength("seq_length", absent: 2048),
      runs: [.init(layout.block(layout.attention(), .dense(half)), count: layers)],
      finalNorm: .rms, head: .init(isTied: reader.tiesEmbeddings(absent: false)))
  }

  /// Squared ReLU without a gate.
  private static let nemotron = HuggingFaceFamily("nemotron") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.norm = .layer
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let half = reader.plain(hasBias: reader.flag("mlp_bias", absent: false))
    return reader.decoder(layout, type, half, maximumLength: 4096)
  }
}

extension ConfigReader {
  /// Qwen's rule: if it slides at all, the layers from `max_window_layers` on do.
  mutating func slidingAbove(layers: Int, absentLimit: Int) -> [LayerReach] {
    let slides = flag("use_sliding_window", absent: false)
    let first = count("max_window_layers", max: ShapeLimits.positions, absent: absentLimit)
    return reaches(layers: layers, absentWindow: 4096) { slides && $0 >= first }
  }
}
