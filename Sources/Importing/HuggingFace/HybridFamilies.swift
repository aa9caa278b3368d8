import Workload

/// Decoders that mix attention with layers that carry a state along the sequence.
extension HuggingFaceFamily {
  static let hybridFamilies = [qwen3Next, qwen35, qwen35MoE, miniMax, nemotronH]

  private static let qwen3Next = HuggingFaceFamily("qwen3_next") { reader, type in
    reader.gatedDeltaDecoder(type, valueHeads: 32, hasExperts: true)
  }

  private static let qwen35 = HuggingFaceFamily("qwen3_5", "qwen3_5_text") { reader, type in
    reader.gatedDeltaDecoder(type, valueHeads: 48, hasExperts: false)
  }

  private static let qwen35MoE = HuggingFaceFamily("qwen3_5_moe", "qwen3_5_moe_text") {
    reader, type in
    reader.gatedDeltaDecoder(type, valueHeads: 32, hasExperts: true)
  }

  /// MiniMax-01: lightning attention in most layers, experts in all.
  private static let miniMax = HuggingFaceFamily("minimax", "minimax_m1", "minimax_text_01") {
    reader, type in
    let layout = DecoderLayout(&reader, keyValueHeads: 8)
    let experts = reader.experts(width: "intermediate_size")
    let layers = layout.layers
    let linear: [Bool]
    if let list = reader.indices("attn_type_list") {
      linear = (0..<layers).map { $0 < list.count && list[$0] == 0 }
    } else if reader.has("layer_types") {
      linear = reader.sameReach(layers: layers, allowsLinear: true).map { $0 == .linear }
    } else {
      linear = (0..<layers).map { $0 % 2 == 1 }
    }
    return reader.model(of: layout, family: type, isTied: false, maximumLength: 131_072) { layer in
      let mixer: SequenceMixer =
        linear[layer]
        ? .lightning(LightningMixer(heads: layout.heads, headDimension: layout.headDimension))
        : layout.attention()
      return layout.block(mixer, .experts(experts))
    }
  }

  /// Every layer is one half with its norm: a state space (M), attention (*), a feed-forward network
  /// (-) or experts (E).
  private static let nemotronH = HuggingFaceFamily("nemotron_h") { reader, type in
    let kinds = reader.nemotronPattern()
    let hidden = reader.hiddenSize()
    let groups = reader.groupedHeads(
      hiddenSize: hidden, absentKeyValueHeads: 8, absentDimension: 128)
    var layout = DecoderLayout(
      hiddenSize: hidden, layers: kinds.count, heads: groups.heads,
      keyValueHeads: groups.keyValueHeads, headDimension: groups.dimension)
    layout.hasBias = reader.flag("attention_bias", absent: false)
    let present = Set(kinds)
    let mixer = present.contains("M") ? reader.stateSpace() : nil
    let hasBias = reader.flag("mlp_bias", absent: false)
    let dense = present.contains("-") ? reader.plain(hasBias: hasBias) : nil
    let experts = present.contains("E") ? reader.nemotronExperts(hasBias: hasBias) : nil
    return reader.model(of: layout, family: type, isTied: false, maximumLength: 4096) { layer in
      switch kinds[layer] {
      case "M":
        TransformerBlock(mixer: mixer, feedForward: nil, mixerNorm: .rms, feedForwardNorm: nil)
      case "-":
        TransformerBlock(mixer: nil, feedForward: dense, mixerNorm: nil, feedForwardNorm: .rms)
      case "E":
        TransformerBlock(mixer: nil, feedForward: experts, mixerNorm: nil, feedForwardNorm: .rms)
      default:
        TransformerBlock(
          mixer: layout.attention(isRotary: false), feedForward: nil, mixerNorm: .rms,
          feedForwardNorm: nil)
      }
    }
  }
}

extension ConfigReader {
  /// Qwen 3-Next and 3.5: gated attention every fourth layer, gated delta rule in the others.
  fileprivate mutating func gatedDeltaDecoder(
    _ type: String, valueHeads: Int, hasExperts: Bool
  ) -> TransformerModel {
    var layout = DecoderLayout(
      &self, keyValueHeads: hasExperts ? 2 : 4, headDimension: 256)
    layout.hasBias = flag("attention_bias", absent: false)
    layout.queryKeyNorm = .shared(.rms)
    layout.hasOutputGate = flag("attn_output_gate", absent: true)
    let dimension = { (reader: inout ConfigReader, name: StaticString, absent: Int) in
      reader.size(name, max: ShapeLimits.headDimension, absent: absent)
    }
    let delta = GatedDeltaMixer(
      keyHeads: size("linear_num_key_heads", max: ShapeLimits.heads, absent: 16),
      valueHeads: size("linear_num_value_heads", max: ShapeLimits.heads, absent: valueHeads),
      keyDimension: dimension(&self, "linear_key_head_dim", 128),
      valueDimension: dimension(&self, "linear_value_head_dim", 128),
      convolutionWidth: size("linear_conv_kernel_dim", max: 1 << 10, absent: 4))
    let interval = size("full_attention_interval", max: ShapeLimits.layers, absent: 4)
    let reaches =
      has("layer_types")
      ? sameReach(layers: layout.layers, allowsLinear: true)
      : (0..<layout.layers).map { ($0 + 1) % interval == 0 ? .full : .linear }
    var sparse = Array(repeating: false, count: layout.layers)
    var experts: ExpertFeedForward?
    if hasExperts {
      var half = self.experts(width: "moe_intermediate_size")
      addGatedSharedExpert(to: &half)
      (experts, sparse) = (half, sparseLayers(layout.layers))
    }
    let dense = denseHalf(where: sparse)
    return model(of: layout, family: type, isTied: false, maximumLength: 32768) { layer in
      let half =
        (sparse[layer] ? experts.map(FeedForward.experts) : dense)
        ?? .dense(
          DenseFeedForward(width: 1, isGated: true))
      return layout.block(
        reaches[layer] == .linear ? .gatedDelta(delta) : layout.attention(reaches[layer]), half)
    }
  }

  /// One letter a layer.
  fileprivate mutating func nemotronPattern() -> [Character] {
    let letters: [String: Character] = [
      "mamba": "M", "linear_attention": "M", "attention": "*", "full_attention": "*",
      "mlp": "-", "moe": "E",
    ]
    if let types = words("layers_block_type") {
      let kinds = types.map { letters[$0] }
      if let odd = kinds.firstIndex(of: nil) {
        note(
          "layers_block_type", "unknown type \"\(types[odd])\"; known: mamba, attention, mlp, moe")
      }
      return kinds.map { $0 ?? "M" }
    }
    guard let pattern = text("hybrid_override_pattern") else {
      if !has("hybrid_override_pattern") {
        note(
          "hybrid_override_pattern", "missing: expected one of the letters M, *, - and E a layer")
      }
      return ["M"]
    }
    let kinds = Array(pattern.prefix(ShapeLimits.layers + 1))
    if kinds.isEmpty || kinds.count > ShapeLimits.layers
      || !kinds.allSatisfy({ "M*-E".contains($0) })
    {
      note(
        "hybrid_override_pattern",
        "expected one of the letters M, *, - and E a layer, up to \(ShapeLimits.layers)")
      return ["M"]
    }
    return kinds
  }

  fileprivate mutating func stateSpace() -> SequenceMixer {
    .stateSpace(
      StateSpaceMixer(
        heads: size("mamba_num_heads", max: ShapeLimits.heads, absent: 128),
        headDimension: size("mamba_head_dim", max: 1 << 10, absent: 64),
        groups: size("n_groups", "mamba_n_groups", max: 1 << 10, absent: 8),
        stateSize: size("ssm_state_size", max: 1 << 12, absent: 128),
        convolutionWidth: size("conv_kernel", "mamba_d_conv", max: 1 << 10, absent: 4),
        hasConvolutionBias: flag("use_conv_bias", "mamba_conv_bias", absent: true),
        hasBias: flag("use_bias", absent: false)))
  }

  fileprivate mutating func nemotronExperts(hasBias: Bool) -> FeedForward {
    var half = experts(width: "moe_intermediate_size", isGated: false)
    half.latentWidth = optionalSize("moe_latent_size")
    half.hasLatentBias = half.latentWidth != nil && hasBias
    if let shared = optionalSize("moe_shared_expert_intermediate_size") {
      half.shared = DenseFeedForward(width: shared, isGated: false, hasBias: hasBias)
    }
    return .experts(half)
  }
}
