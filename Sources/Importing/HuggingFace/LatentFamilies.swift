import Workload

/// What a family of latent-attention models takes where a configuration is silent.
private struct LatentDefaults: Sendable {
  var queryRank: Int?
  var keyValueRank = 512
  var plainDimension = 128
  var rotaryDimension = 64
  var valueDimension = 128
  var denseLayers: Int
  var sharedExperts: Int
  var maximumLength: Int
  var hasIndexer = false
}

/// Decoders with multi-head latent attention and, after the first layers, experts.
extension HuggingFaceFamily {
  static let latentFamilies = [
    latent(["deepseek_v2"], .init(denseLayers: 0, sharedExperts: 2, maximumLength: 2048)),
    latent(
      ["deepseek_v3", "kimi_k2", "kimi_k25"],
      .init(queryRank: 1536, denseLayers: 3, sharedExperts: 1, maximumLength: 4096)),
    latent(
      ["deepseek_v32", "glm_moe_dsa"],
      .init(
        queryRank: 1536, denseLayers: 3, sharedExperts: 1, maximumLength: 4096, hasIndexer: true)),
    latent(
      ["glm4_moe_lite"],
      .init(
        queryRank: 768, plainDimension: 192, valueDimension: 256, denseLayers: 1,
        sharedExperts: 1, maximumLength: 202_752)),
  ]

  private static func latent(_ types: [String], _ absent: LatentDefaults) -> HuggingFaceFamily {
    HuggingFaceFamily(types: types) { reader, type in
      let hidden = reader.hiddenSize()
      let layers = reader.layerCount()
      let mixer = reader.latentAttention(absent)
      var experts = reader.experts(width: "moe_intermediate_size")
      reader.addSharedExperts(to: &experts, absent: absent.sharedExperts)
      let sparse = reader.sparseLayers(layers, afterDense: absent.denseLayers)
      let dense = reader.denseHalf(where: sparse)
      let layout = DecoderLayout(
        hiddenSize: hidden, layers: layers, heads: mixer.heads, keyValueHeads: mixer.heads,
        headDimension: mixer.plainDimension)
      return reader.model(
        of: layout, family: type, isTied: false, maximumLength: absent.maximumLength
      ) { layer in
        let half = sparse[layer] ? .experts(experts) : dense ?? .experts(experts)
        return layout.block(.latentAttention(mixer), half)
      }
    }
  }
}

extension ConfigReader {
  fileprivate mutating func latentAttention(_ absent: LatentDefaults) -> LatentAttentionMixer {
    let queryRank =
      optionalSize("q_lora_rank") ?? (isNull("q_lora_rank") ? nil : absent.queryRank)
    var mixer = LatentAttentionMixer(
      heads: size("num_attention_heads", max: ShapeLimits.heads),
      queryRank: queryRank,
      keyValueRank: size("kv_lora_rank", absent: absent.keyValueRank),
      plainDimension: dimension("qk_nope_head_dim", absent.plainDimension),
      rotaryDimension: dimension("qk_rope_head_dim", absent.rotaryDimension),
      valueDimension: dimension("v_head_dim", absent.valueDimension),
      hasBias: flag("attention_bias", absent: false))
    if absent.hasIndexer {
      mixer.indexer = .init(
        heads: size("index_n_heads", max: ShapeLimits.heads, absent: 64),
        headDimension: dimension("index_head_dim", 128),
        keys: size("index_topk", max: ShapeLimits.positions, absent: 2048))
    }
    return mixer
  }

  private mutating func dimension(_ name: StaticString, _ absent: Int) -> Int {
    size(name, max: ShapeLimits.headDimension, absent: absent)
  }
}
