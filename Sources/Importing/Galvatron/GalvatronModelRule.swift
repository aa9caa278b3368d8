import JSON
import Workload

/// Reads a model file of Galvatron (github.com/PKU-DAIR/Hetu-Galvatron): `meta_configs/*.json` of
/// version 2.4 of the GPT, LLaMA and Mixtral kinds, told apart by their keys, or a
/// `model_configs/*.yaml` of later versions as JSON. Keys that do not shape the model are ignored.
package struct GalvatronModelRule: JSONRule {
  package init() {}

  package var expectation: String { "a Galvatron model file, an object" }

  private enum Kind {
    case gpt, llama, mixtral, named
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> TransformerModel? {
    guard value.kind == .object else { return refuse(value, log) }
    guard let kind = Self.kind(of: value) else {
      log.note(value, Self.refusal(value))
      return nil
    }
    let rule: JSONObjectRule<TransformerModel> = .openObject { members in
      var reader = ConfigReader(members)
      let model =
        switch kind {
        case .gpt: reader.galvatronGPT()
        case .llama: reader.galvatronLLaMA()
        case .mixtral: HuggingFaceFamily.mixtral.read(&reader, "galvatron-mixtral")
        case .named: reader.galvatronModelArguments()
        }
      return reader.isSound ? model : nil
    }
    return rule.read(value, log)?.counted(at: value, log)
  }

  private static func kind(of value: JSONValue) -> Kind? {
    func has(_ names: String...) -> Bool { names.contains { value[$0] != nil } }
    if has("n_embd", "n_layer", "n_head") { return .gpt }
    if has("dim", "n_layers") { return .llama }
    if has("num_local_experts") { return .mixtral }
    return has("num_layers") && !has("d_model") ? .named : nil
  }

  /// Other kinds are recognised, to say why they are not taken.
  private static func refusal(_ value: JSONValue) -> String {
    let other: String? =
      if value["depths"] != nil || value["image_size"] != nil {
        "an image model (ViT, Swin)"
      } else if value["d_model"] != nil {
        "an encoder-decoder (T5)"
      } else if value["num_hidden_layers"] != nil {
        "an encoder (BERT)"
      } else {
        nil
      }
    let known =
      "expected a GPT (n_embd, n_layer, n_head), a LLaMA (dim, n_layers, n_heads), a Mixtral "
      + "(num_local_experts) or a model_configs file (hidden_size, num_layers)"
    return other.map { "\(known), found \($0)" } ?? known
  }
}

extension JSONRule where Self == GalvatronModelRule {
  package static var galvatronModel: Self { Self() }
}

extension ConfigReader {
  /// `GPT2Config(**file)`: biases, learned positions, a head that shares the embedding's table, and a
  /// feed-forward width of four times the hidden size.
  fileprivate mutating func galvatronGPT() -> TransformerModel {
    let hidden = hiddenSize(["n_embd"])
    let layers = layerCount(["n_layer"])
    let even = evenHeads("n_head", of: hidden)
    let given = optionalSize("head_dim", max: ShapeLimits.headDimension)
    if let given, given != even.dimension, isSound {
      note("head_dim", "expected n_embd / n_head = \(even.dimension), found \(given)")
    }
    var layout = DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: even.heads, keyValueHeads: even.heads,
      headDimension: even.dimension)
    layout.norm = .layer
    layout.hasBias = true
    let half = DenseFeedForward(width: 4 * hidden, isGated: false, hasBias: true)
    let positions = size("n_positions", max: ShapeLimits.positions)
    return TransformerModel(
      name: "galvatron-gpt", hiddenSize: hidden, vocabularySize: size("vocab_size"),
      maximumSequenceLength: positions, embedding: .init(positions: positions),
      runs: [.init(layout.block(layout.attention(isRotary: false), .dense(half)), count: layers)],
      finalNorm: .layer, head: .init(isTied: true))
  }

  /// Without `ffn_dim`, eight thirds of the width rounded up to a multiple of `multiple_of`; without
  /// `n_kv_heads`, one for every head.
  fileprivate mutating func galvatronLLaMA() -> TransformerModel {
    let hidden = hiddenSize(["dim"])
    let layers = layerCount(["n_layers"])
    let even = evenHeads("n_heads", of: hidden)
    let keyValueHeads = size("n_kv_heads", max: ShapeLimits.heads, absent: even.heads)
    if even.heads % keyValueHeads != 0, isSound {
      note("n_kv_heads", "expected a divisor of the \(even.heads) heads, found \(keyValueHeads)")
    }
    let unit = size("multiple_of", absent: 256)
    let width = size("ffn_dim", absent: DenseFeedForward.llamaWidth(hidden, multipleOf: unit))
    let layout = DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: even.heads, keyValueHeads: keyValueHeads,
      headDimension: even.dimension)
    let half = DenseFeedForward(width: width, isGated: true)
    return TransformerModel(
      name: "galvatron-llama", hiddenSize: hidden, vocabularySize: size("vocab_size"),
      maximumSequenceLength: size("n_positions", max: ShapeLimits.positions),
      runs: [.init(layout.block(layout.attention(), .dense(half)), count: layers)],
      finalNorm: .rms, head: .init(isTied: false))
  }

  /// `GalvatronModelArgs`, which follow Megatron's names, with their defaults. They know no sequence
  /// length; a learned table of positions has `max_position_embeddings` rows where that is given.
  fileprivate mutating func galvatronModelArguments() -> TransformerModel {
    let hidden = hiddenSize(["hidden_size"])
    let layers = layerCount(["num_layers"])
    let even = galvatronHeads(hidden)
    var layout = DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: even.heads, keyValueHeads: even.keyValueHeads,
      headDimension: even.dimension)
    let hasBias = flag("add_bias_linear", absent: false)
    layout.norm =
      choice("normalization", [("RMSNorm", Norm.rms), ("LayerNorm", .layer)]) ?? .rms
    layout.hasInputBias = flag("add_qkv_bias", absent: false) || hasBias
    layout.hasOutputBias = hasBias
    if flag("qk_layernorm", absent: false) { layout.queryKeyNorm = .shared(layout.norm) }
    let isGated = flag("gated_linear_unit", absent: true)
    let width = size("ffn_hidden_size", absent: 4 * hidden)
    var half = FeedForward.dense(
      DenseFeedForward(width: width, isGated: isGated, hasBias: hasBias))
    if has("num_moe_experts") {
      half = galvatronExperts(width: width, isGated: isGated, hasBias: hasBias)
    }
    let positionKind =
      choice(
        "position_embedding_type",
        ["rope", "mrope", "learned_absolute", "relative", "none"].map { ($0, $0) }) ?? "rope"
    let isRotary = positionKind == "rope" || positionKind == "mrope"
    let length = maximumLength("max_position_embeddings", "seq_length")
    return TransformerModel(
      name: text("model_size") ?? name(absent: "galvatron"), hiddenSize: hidden,
      vocabularySize: size("vocab_size", "padded_vocab_size"), maximumSequenceLength: length,
      embedding: .init(positions: positionKind == "learned_absolute" ? length : nil),
      runs: [.init(layout.block(layout.attention(isRotary: isRotary), half), count: layers)],
      finalNorm: layout.norm,
      head: .init(isTied: !flag("untie_embeddings_and_output_weights", absent: true)))
  }

  private mutating func galvatronHeads(
    _ hidden: Int
  ) -> (heads: Int, keyValueHeads: Int, dimension: Int) {
    let heads = size("num_attention_heads", max: ShapeLimits.heads)
    let groups = size("num_query_groups", max: ShapeLimits.heads, absent: heads)
    if heads % groups != 0, isSound {
      note("num_query_groups", "expected a divisor of the \(heads) heads, found \(groups)")
    }
    let dimension =
      optionalSize("kv_channels", max: ShapeLimits.headDimension)
      ?? evenHeads("num_attention_heads", of: hidden).dimension
    return (heads, groups, dimension)
  }

  private mutating func galvatronExperts(
    width: Int, isGated: Bool, hasBias: Bool
  ) -> FeedForward {
    let count = size("num_moe_experts", max: ShapeLimits.experts)
    let active = size("moe_router_topk", max: ShapeLimits.experts, absent: 2)
    if active > count, isSound {
      note("moe_router_topk", "expected at most the \(count) experts, found \(active)")
    }
    var half = ExpertFeedForward(
      experts: count, active: active,
      expert: DenseFeedForward(
        width: size("moe_ffn_hidden_size", absent: width), isGated: isGated, hasBias: hasBias))
    if let shared = optionalSize("moe_shared_expert_intermediate_size") {
      half.shared = DenseFeedForward(width: shared, isGated: isGated, hasBias: hasBias)
    }
    return .experts(half)
  }
}

extension DenseFeedForward {
  /// LLaMA's rule for the width of a gated network (Touvron et al. 2023): two thirds of four times the
  /// hidden size, rounded up.
  static func llamaWidth(_ hiddenSize: Int, multipleOf unit: Int) -> Int {
    let least = hiddenSize * 8 / 3
    return (least + unit - 1) / unit * unit
  }
}
