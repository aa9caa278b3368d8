import Workload

extension ConfigReader {
  /// Routed experts in the words most families share.
  mutating func experts(
    width: StaticString, hasBias: Bool = false, isGated: Bool = true
  ) -> ExpertFeedForward {
    let count = size(
      "num_local_experts", "n_routed_experts", "num_experts", max: ShapeLimits.experts)
    let active = size(
      "num_experts_per_tok", "num_experts_per_token", "experts_per_token",
      max: ShapeLimits.experts)
    if active > count, isSound {
      note("num_experts_per_tok", "expected at most the \(count) experts, found \(active)")
    }
    return ExpertFeedForward(
      experts: count, active: active,
      expert: DenseFeedForward(width: size(width), isGated: isGated, hasBias: hasBias))
  }

  /// DeepSeek's shared experts: as wide together as so many routed ones.
  mutating func addSharedExperts(to half: inout ExpertFeedForward, absent: Int) {
    let count = count("n_shared_experts", max: ShapeLimits.experts, absent: absent)
    guard count > 0 else { return }
    half.shared = DenseFeedForward(
      width: count * half.expert.width, isGated: half.expert.isGated)
  }

  /// Qwen's shared expert, which a gate of its own weighs.
  mutating func addGatedSharedExpert(to half: inout ExpertFeedForward) {
    guard let width = optionalSize("shared_expert_intermediate_size") else { return }
    half.shared = DenseFeedForward(width: width, isGated: true)
    half.hasSharedGate = true
  }

  /// Qwen's rule for which layers have experts.
  mutating func sparseLayers(_ layers: Int) -> [Bool] {
    let step = size("decoder_sparse_step", max: ShapeLimits.layers, absent: 1)
    let dense = Set(indices("mlp_only_layers") ?? [])
    return (0..<layers).map { !dense.contains($0) && ($0 + 1) % step == 0 }
  }

  /// DeepSeek's rule: all from a first one on, or as `mlp_layer_types` says.
  mutating func sparseLayers(_ layers: Int, afterDense absent: Int) -> [Bool] {
    let first = count("first_k_dense_replace", max: ShapeLimits.layers, absent: absent)
    let step = size("moe_layer_freq", max: ShapeLimits.layers, absent: 1)
    guard let types = words("mlp_layer_types") else {
      return (0..<layers).map { $0 >= first && $0 % step == 0 }
    }
    if types.count != layers, isSound {
      note(
        "mlp_layer_types",
        "expected one type for each of the \(layers) layers, found \(types.count)")
    }
    return (0..<layers).map { $0 < types.count && types[$0] == "sparse" }
  }

  /// A decoder of which some layers have experts and the others one feed-forward network.
  mutating func decoder(
    _ layout: DecoderLayout, _ family: String, experts: ExpertFeedForward, sparse: [Bool],
    dense: FeedForward?, reaches: [LayerReach]? = nil, isTied: Bool = false,
    maximumLength: Int? = nil, hasHeadBias: Bool = false
  ) -> TransformerModel {
    let reaches = reaches ?? fullReach(layers: layout.layers)
    return model(
      of: layout, family: family, isTied: isTied, maximumLength: maximumLength,
      hasHeadBias: hasHeadBias
    ) { layer in
      let half = sparse[layer] ? .experts(experts) : dense ?? .experts(experts)
      return layout.block(layout.attention(reaches[layer]), half)
    }
  }

  /// The feed-forward network of layers without experts, if there are such layers.
  mutating func denseHalf(
    where sparse: [Bool], width: StaticString = "intermediate_size", hasBias: Bool = false
  ) -> FeedForward? {
    guard sparse.contains(false) else { return nil }
    return .dense(DenseFeedForward(width: size(width), isGated: true, hasBias: hasBias))
  }

  mutating func sparseEverywhere(
    _ layout: DecoderLayout, _ family: String, _ experts: ExpertFeedForward,
    reaches: [LayerReach]? = nil, isTied: Bool = false, maximumLength: Int? = nil,
    hasHeadBias: Bool = false
  ) -> TransformerModel {
    decoder(
      layout, family, .experts(experts), reaches: reaches, isTied: isTied,
      maximumLength: maximumLength, hasHeadBias: hasHeadBias)
  }
}

/// Decoders with experts and multi-head attention.
extension HuggingFaceFamily {
  static let expertFamilies = [
    mixtral, phiMoE, qwen2MoE, qwen3MoE, olMoE, gptOSS, glm4MoE, dots1, deepseek, llama4,
    miniMaxM2, graniteMoE, ernie45MoE, dbrx,
  ]

  static let mixtral = HuggingFaceFamily("mixtral") { reader, type in
    let layout = DecoderLayout(&reader, keyValueHeads: 8)
    let reaches = reader.sameReach(layers: layout.layers)
    return reader.sparseEverywhere(
      layout, type, reader.experts(width: "intermediate_size"), reaches: reaches,
      maximumLength: 131_072)
  }

  private static let phiMoE = HuggingFaceFamily("phimoe") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8)
    layout.norm = .layer
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let reaches = reader.sameReach(layers: layout.layers)
    let hasHeadBias = reader.flag("lm_head_bias", absent: false)
    return reader.sparseEverywhere(
      layout, type, reader.experts(width: "intermediate_size"), reaches: reaches,
      maximumLength: 131_072, hasHeadBias: hasHeadBias)
  }

  private static let qwen2MoE = HuggingFaceFamily("qwen2_moe") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 16)
    layout.hasInputBias = reader.flag("qkv_bias", absent: true)
    var experts = reader.experts(width: "moe_intermediate_size")
    reader.addGatedSharedExpert(to: &experts)
    let sparse = reader.sparseLayers(layout.layers)
    let reaches = reader.slidingAbove(layers: layout.layers, absentLimit: 28)
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse, dense: reader.denseHalf(where: sparse),
      reaches: reaches, maximumLength: 32768)
  }

  private static let qwen3MoE = HuggingFaceFamily(
    "qwen3_moe", "qwen3_vl_moe", "qwen3_vl_moe_text"
  ) { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 4)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .shared(.rms)
    let experts = reader.experts(width: "moe_intermediate_size")
    let sparse = reader.sparseLayers(layout.layers)
    let reaches = reader.slidingAbove(layers: layout.layers, absentLimit: 0)
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse, dense: reader.denseHalf(where: sparse),
      reaches: reaches, maximumLength: 32768)
  }

  private static let olMoE = HuggingFaceFamily("olmoe") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .separate(.rms)
    return reader.sparseEverywhere(
      layout, type, reader.experts(width: "intermediate_size"), maximumLength: 4096)
  }

  private static let gptOSS = HuggingFaceFamily("gpt_oss") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8, headDimension: 64)
    layout.hasBias = reader.flag("attention_bias", absent: true)
    layout.hasSinks = true
    var experts = reader.experts(width: "intermediate_size", hasBias: true)
    experts.hasRouterBias = true
    let reaches = reader.reaches(layers: layout.layers, absentWindow: 128) { $0 % 2 == 0 }
    return reader.sparseEverywhere(
      layout, type, experts, reaches: reaches, maximumLength: 131_072)
  }

  private static let glm4MoE = HuggingFaceFamily("glm4_moe", "glm4v_moe", "glm4v_moe_text") {
    reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8)
    layout.hasInputBias = reader.flag("attention_bias", absent: false)
    if reader.flag("use_qk_norm", absent: false) { layout.queryKeyNorm = .shared(.rms) }
    var experts = reader.experts(width: "moe_intermediate_size")
    reader.addSharedExperts(to: &experts, absent: 1)
    let sparse = reader.sparseLayers(layout.layers, afterDense: 1)
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse, dense: reader.denseHalf(where: sparse),
      maximumLength: 131_072)
  }

  private static let dots1 = HuggingFaceFamily("dots1") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 32)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    layout.queryKeyNorm = .shared(.rms)
    var experts = reader.experts(width: "moe_intermediate_size")
    reader.addSharedExperts(to: &experts, absent: 0)
    let sparse = reader.sparseLayers(layout.layers, afterDense: 0)
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse, dense: reader.denseHalf(where: sparse),
      maximumLength: 2048)
  }

  /// DeepSeekMoE, before latent attention.
  private static let deepseek = HuggingFaceFamily("deepseek") { reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    var experts = reader.experts(width: "moe_intermediate_size")
    reader.addSharedExperts(to: &experts, absent: 0)
    let sparse = reader.sparseLayers(layout.layers, afterDense: 0)
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse, dense: reader.denseHalf(where: sparse),
      maximumLength: 2048)
  }

  /// Layers that rotate see a chunk of `attention_chunk_size`, every fourth all; one shared expert.
  private static let llama4 = HuggingFaceFamily("llama4", "llama4_text") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8, headDimension: 128)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    var experts = reader.experts(width: "intermediate_size")
    experts.shared = experts.expert
    let step = reader.size("interleave_moe_layer_step", max: ShapeLimits.layers, absent: 1)
    let layers = layout.layers
    let chosen = reader.indices("moe_layers").map(Set.init)
    let sparse = (0..<layers).map { layer in
      chosen?.contains(layer) ?? ((layer + 1) % step == 0)
    }
    let dense = reader.denseHalf(where: sparse, width: "intermediate_size_mlp")
    let normalizes = reader.flag("use_qk_norm", absent: true)
    let rotary = reader.rotaryLayers(layers)
    let chunk =
      reader.optionalSize("attention_chunk_size", max: ShapeLimits.positions)
      ?? (reader.isNull("attention_chunk_size") ? nil : 8192)
    let reaches = reader.has("layer_types") ? reader.sameReach(layers: layers) : nil
    return reader.model(of: layout, family: type, isTied: false, maximumLength: 131_072) { layer in
      var own = layout
      own.queryKeyNorm = normalizes && rotary[layer] ? .shared(.plain) : nil
      let reach = reaches?[layer] ?? (rotary[layer] ? chunk.map(LayerReach.window) ?? .full : .full)
      let half = sparse[layer] ? .experts(experts) : dense ?? .experts(experts)
      return own.block(own.attention(reach, isRotary: rotary[layer]), half)
    }
  }

  private static let miniMaxM2 = HuggingFaceFamily("minimax_m2") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 8, headDimension: 128)
    if reader.flag("use_qk_norm", absent: true) { layout.queryKeyNorm = .separate(.rms) }
    var experts = reader.experts(width: "intermediate_size")
    let shared = reader.count("shared_intermediate_size", absent: 0)
    if shared > 0 { experts.shared = DenseFeedForward(width: shared, isGated: true) }
    return reader.sparseEverywhere(layout, type, experts, maximumLength: 196_608)
  }

  private static let graniteMoE = HuggingFaceFamily("granitemoe", "granitemoeshared") {
    reader, type in
    var layout = DecoderLayout(&reader)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    var experts = reader.experts(width: "intermediate_size")
    let shared = reader.count("shared_intermediate_size", absent: 0)
    if shared > 0 { experts.shared = DenseFeedForward(width: shared, isGated: true) }
    return reader.sparseEverywhere(layout, type, experts, maximumLength: 2048)
  }

  /// The correction of its router's scores is a parameter, if one that is not trained.
  private static let ernie45MoE = HuggingFaceFamily("ernie4_5_moe") { reader, type in
    var layout = DecoderLayout(&reader, keyValueHeads: 4)
    layout.hasBias = reader.flag("use_bias", absent: false)
    let count = reader.size("moe_num_experts", max: ShapeLimits.experts)
    let active = reader.size("moe_k", max: ShapeLimits.experts)
    let expert = DenseFeedForward(
      width: reader.size("moe_intermediate_size"), isGated: true, hasBias: layout.hasBias)
    var experts = ExpertFeedForward(
      experts: count, active: active, expert: expert, hasRouterBias: true)
    let shared = reader.count("moe_num_shared_experts", max: ShapeLimits.experts, absent: 2)
    if shared > 0 {
      experts.shared = DenseFeedForward(
        width: shared * expert.width, isGated: true, hasBias: layout.hasBias)
    }
    let step = reader.size("moe_layer_interval", max: ShapeLimits.layers, absent: 1)
    let first = reader.count("moe_layer_start_index", max: ShapeLimits.layers, absent: 1)
    let last = reader.optionalSize("moe_layer_end_index", max: ShapeLimits.layers)
    let sparse = (0..<layout.layers).map {
      ($0 + 1) % step == 0 && $0 >= first && $0 <= last ?? layout.layers
    }
    return reader.decoder(
      layout, type, experts: experts, sparse: sparse,
      dense: reader.denseHalf(where: sparse, hasBias: layout.hasBias), isTied: true,
      maximumLength: 131_072, hasHeadBias: layout.hasBias)
  }

  private static let dbrx = HuggingFaceFamily("dbrx") { reader, type in
    let hidden = reader.hiddenSize(["d_model", "hidden_size"])
    let layers = reader.layerCount(["n_layers", "num_hidden_layers"])
    let even = reader.evenHeads(
      reader.has("n_heads") ? "n_heads" : "num_attention_heads", of: hidden)
    var attention = reader.part("attn_config")
    let keyValueHeads = attention?.size("kv_n_heads", max: ShapeLimits.heads, absent: 1) ?? 1
    var layout = DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: even.heads, keyValueHeads: keyValueHeads,
      headDimension: even.dimension)
    layout.norm = .layerWithoutBias
    var half = reader.part("ffn_config")
    let experts = ExpertFeedForward(
      experts: half?.size("moe_num_experts", max: ShapeLimits.experts, absent: 4) ?? 4,
      active: half?.size("moe_top_k", max: ShapeLimits.experts, absent: 1) ?? 1,
      expert: DenseFeedForward(
        width: half?.size("ffn_hidden_size", absent: 3584) ?? 3584, isGated: true))
    return TransformerModel(
      name: reader.name(absent: type), hiddenSize: hidden,
      vocabularySize: reader.size("vocab_size"),
      maximumSequenceLength: reader.maximumLength("max_seq_len", absent: 2048),
      runs: [.init(layout.block(layout.attention(), .experts(experts)), count: layers)],
      finalNorm: layout.norm, head: .init(isTied: reader.tiesEmbeddings(absent: false)))
  }
}
