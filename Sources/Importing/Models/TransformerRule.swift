import JSON
import Workload

/// Reads `transformer`: a model described by its sizes.
///
/// What is left out: as many `kv_heads` as heads; `head_dim` the hidden size over the heads;
/// `gated_mlp` false. A gated model is taken to be of Llama's kind (RMS norms, no biases, rotary
/// positions, a head of its own, a width of 8/3 of the hidden size rounded up to a multiple of 256),
/// one that is not of GPT's (layer norms, biases, a head that shares the embedding's table, four times
/// the hidden size), unless the description says otherwise. `max_positions` is the longest sequence,
/// and for a model that is not gated the rows of its learned table of positions too.
///
/// `experts` take the place of the feed-forward network in the layers from `dense_layers` on, in the
/// first of every `every` of them.
package struct TransformerRule: JSONRule {
  package init() {}

  package var expectation: String { "a description of a transformer, an object" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> TransformerModel? {
    Self.members.read(value, log)?.counted(at: value, log)
  }

  private static let norm: JSONChoiceRule<Norm> = .oneOf([
    ("LayerNorm", .layer), ("RMSNorm", .rms), ("layernorm", .layer), ("rmsnorm", .rms),
    ("layer_norm", .layer), ("rms_norm", .rms),
  ])

  private static let members: JSONObjectRule<TransformerModel> = .object { members in
    let layers = members.required("layers", .positiveInteger(max: ShapeLimits.layers))
    let isGated = members.optional("gated_mlp", .boolean, absent: false)
    let hasBias = members.optional("biases", .boolean, absent: !isGated)
    let norm = members.optional("normalization", norm, absent: isGated ? .rms : .layer)
    let isTied = members.optional("tied_embeddings", .boolean, absent: !isGated)
    let vocabulary = members.required("vocab_size", .positiveInteger(max: ShapeLimits.width))
    let positions = members.optional(
      "max_positions", .positiveInteger(max: ShapeLimits.positions))
    let layout = layout(&members, layers: layers ?? 1)
    let hidden = layout?.hiddenSize ?? 1
    let dense = DenseFeedForward(
      width: members.optional("ffn_hidden_size", .positiveInteger(max: ShapeLimits.width))
        ?? (isGated ? DenseFeedForward.llamaWidth(hidden, multipleOf: 256) : 4 * hidden),
      isGated: isGated, hasBias: hasBias)
    let experts = members.optional("experts", ExpertRule(isGated: isGated, hasBias: hasBias))
    guard members.isSound, var layout, let layers, let vocabulary else { return nil }
    layout.norm = norm
    layout.hasBias = hasBias
    let attention = layout.attention(isRotary: isGated)
    return TransformerModel(
      name: "transformer", hiddenSize: hidden, vocabularySize: vocabulary,
      maximumSequenceLength: positions, embedding: .init(positions: isGated ? nil : positions),
      runs: TransformerModel.runs(
        (0..<layers).lazy.map { layer in
          layout.block(attention, experts?.half(at: layer) ?? .dense(dense))
        }),
      finalNorm: norm, head: .init(isTied: isTied))
  }

  private static func layout(
    _ members: inout JSONMemberReader, layers: Int
  ) -> DecoderLayout? {
    let hidden = members.required("hidden_size", .positiveInteger(max: ShapeLimits.hiddenSize))
    let heads = members.required("heads", .positiveInteger(max: ShapeLimits.heads))
    let groups = members.optional("kv_heads", .positiveInteger(max: ShapeLimits.heads))
    let dimension = members.optional("head_dim", .positiveInteger(max: ShapeLimits.headDimension))
    guard let hidden, let heads else { return nil }
    if dimension == nil, hidden % heads != 0 {
      members.note(
        "heads", "expected a divisor of the hidden size of \(hidden), or head_dim, found \(heads)")
    }
    if let groups, heads % groups != 0 {
      members.note("kv_heads", "expected a divisor of the \(heads) heads, found \(groups)")
    }
    return DecoderLayout(
      hiddenSize: hidden, layers: layers, heads: heads, keyValueHeads: groups ?? heads,
      headDimension: dimension ?? max(1, hidden / heads))
  }
}

extension JSONRule where Self == TransformerRule {
  package static var transformer: Self { Self() }
}

/// `experts`, and the layers that have them.
private struct ExpertLayers {
  var half: ExpertFeedForward
  var first: Int
  var every: Int

  func half(at layer: Int) -> FeedForward? {
    layer >= first && (layer - first) % every == 0 ? .experts(half) : nil
  }
}

private struct ExpertRule: JSONRule {
  let isGated: Bool
  let hasBias: Bool

  var expectation: String { "a description of experts, an object" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ExpertLayers? {
    let (isGated, hasBias) = (isGated, hasBias)
    let rule: JSONObjectRule<ExpertLayers> = .object { members in
      let count = members.required("count", .positiveInteger(max: ShapeLimits.experts))
      let active = members.required("top_k", .positiveInteger(max: ShapeLimits.experts))
      let width = members.required("ffn_hidden_size", .positiveInteger(max: ShapeLimits.width))
      let shared = members.optional(
        "shared_ffn_hidden_size", .integer(in: 0...ShapeLimits.width), absent: 0)
      let first = members.optional(
        "dense_layers", .integer(in: 0...ShapeLimits.layers), absent: 0)
      let every = members.optional("every", .positiveInteger(max: ShapeLimits.layers), absent: 1)
      guard let count, let active, let width else { return nil }
      guard active <= count else {
        members.note("top_k", "expected at most the \(count) experts, found \(active)")
        return nil
      }
      func network(_ width: Int) -> DenseFeedForward {
        DenseFeedForward(width: width, isGated: isGated, hasBias: hasBias)
      }
      let half = ExpertFeedForward(
        experts: count, active: active, expert: network(width),
        shared: shared > 0 ? network(shared) : nil)
      return ExpertLayers(half: half, first: first, every: every)
    }
    return rule.read(value, log)
  }
}
