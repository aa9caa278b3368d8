import Workload

/// Options that describe a model to Megatron-LM. Megatron Bridge takes them from its recipe.
extension PlannedJob {
  /// nil, with a warning, where the model is beyond the options: the reader then gives them.
  func megatronModel(_ model: TransformerModel, _ notes: inout ExportNotes) -> [MegatronSetting]? {
    let blocks = model.runs.map(\.block)
    guard let first = blocks.first(where: \.isDense) ?? blocks.first, let mixer = first.mixer,
      blocks.allSatisfy({ $0.isPlain && $0.hasMegatronMixer && $0.isLike(first) }),
      model.embedding.width == nil, model.embedding.norm == nil,
      model.finalNorm == first.mixerNorm, let norm = first.mixerNorm?.megatronName,
      let feedForward = megatronFeedForward(model)
    else {
      notes.warn(
        Field.model,
        "its layers are beyond the options of pretrain_gpt.py: give the model's own settings")
      return nil
    }
    var settings: [MegatronSetting] = [
      .value("--num-layers", nil, .integer(model.blockCount)),
      .value("--hidden-size", nil, .integer(model.hiddenSize)),
    ]
    settings += attention(mixer)
    settings += feedForward
    settings.append(.value("--normalization", nil, norm))
    if !first.hasBias { settings.append(.flag("--disable-bias-linear", nil)) }
    if first.hasQueryBias, !first.hasBias { settings.append(.flag("--add-qkv-bias", nil)) }
    settings += positions(model, mixer)
    settings.append(.value("--vocab-size", nil, .integer(model.vocabularySize)))
    if !model.head.isTied { settings.append(.flag("--untie-embeddings-and-output-weights", nil)) }
    noteWhatModelLeaves(model, blocks, &notes)
    return settings
  }

  private func attention(_ mixer: SequenceMixer) -> [MegatronSetting] {
    switch mixer {
    case .attention(let mixer):
      var settings: [MegatronSetting] = [
        .value("--num-attention-heads", nil, .integer(mixer.heads)),
        .value("--kv-channels", nil, .integer(mixer.headDimension)),
      ]
      if mixer.keyValueHeads < mixer.heads {
        settings += [
          .flag("--group-query-attention", nil),
          .value("--num-query-groups", nil, .integer(mixer.keyValueHeads)),
        ]
      }
      if mixer.queryKeyNorm != nil { settings.append(.flag("--qk-layernorm", nil)) }
      return settings
    case .latentAttention(let mixer):
      var settings: [MegatronSetting] = [
        .value("--num-attention-heads", nil, .integer(mixer.heads)),
        .flag("--multi-latent-attention", nil),
        .value("--kv-lora-rank", nil, .integer(mixer.keyValueRank)),
        .value("--qk-head-dim", nil, .integer(mixer.plainDimension)),
        .value("--qk-pos-emb-head-dim", nil, .integer(mixer.rotaryDimension)),
        .value("--v-head-dim", nil, .integer(mixer.valueDimension)),
        // Its latents are normed.
        .flag("--qk-layernorm", nil),
      ]
      if let rank = mixer.queryRank {
        settings.append(.value("--q-lora-rank", nil, .integer(rank)))
      }
      return settings
    case .gatedDelta, .stateSpace, .lightning: return []
    }
  }

  private func positions(
    _ model: TransformerModel, _ mixer: SequenceMixer
  ) -> [MegatronSetting] {
    let isRotary =
      switch mixer {
      case .attention(let mixer): mixer.isRotary
      case .latentAttention: true
      case .gatedDelta, .stateSpace, .lightning: false
      }
    let kind: ConfigValue =
      model.embedding.positions != nil ? "learned_absolute" : isRotary ? "rope" : "none"
    // Rows of the learned table, or a limit that Megatron holds the sequence length against.
    let most = model.embedding.positions ?? model.maximumSequenceLength ?? job.sequenceLength
    return [
      .value("--position-embedding-type", nil, kind),
      .value("--max-position-embeddings", nil, .integer(max(most, job.sequenceLength))),
    ]
  }

  private func noteWhatModelLeaves(
    _ model: TransformerModel, _ blocks: [TransformerBlock], _ notes: inout ExportNotes
  ) {
    if let positions = model.embedding.positions, positions < job.sequenceLength {
      notes.warn(
        Field.sequenceLength,
        "is more than the model's table of \(positions) positions, which is made longer")
    }
    let windows = Set(
      blocks.map { block -> Int? in
        if case .attention(let mixer) = block.mixer { mixer.window } else { nil }
      })
    if windows != [nil] {
      notes.warn(
        Field.model, "sliding windows are left to you: --window-size and --window-attn-skip-freq")
    }
    notes.warn(
      Field.model,
      "what no cost depends on is left to you: tokenizer, data, learning rate, rotary base, norm "
        + "epsilon, initialisation")
  }
}

extension TransformerBlock {
  var isDense: Bool { if case .dense = feedForward { true } else { false } }

  /// One norm before each half, in series.
  fileprivate var isPlain: Bool {
    !isParallel && mixerNorm != nil && mixerNorm == feedForwardNorm && mixerOutputNorm == nil
      && feedForwardOutputNorm == nil && feedForward != nil
  }

  fileprivate var hasMegatronMixer: Bool {
    switch mixer {
    case .attention(let mixer): !mixer.hasOutputGate && !mixer.hasSinks
    case .latentAttention(let mixer): mixer.indexer == nil
    case .gatedDelta, .stateSpace, .lightning, nil: false
    }
  }

  /// Alike in all that Megatron has one option for: everything but the feed-forward half and the
  /// window.
  fileprivate func isLike(_ other: TransformerBlock) -> Bool {
    var (a, b) = (self, other)
    (a.feedForward, b.feedForward) = (nil, nil)
    a.mixer = a.mixer.map(Self.withoutWindow)
    b.mixer = b.mixer.map(Self.withoutWindow)
    return a == b
  }

  private static func withoutWindow(_ mixer: SequenceMixer) -> SequenceMixer {
    guard case .attention(var attention) = mixer else { return mixer }
    attention.window = nil
    return .attention(attention)
  }

  /// On the products of both halves.
  fileprivate var hasBias: Bool {
    let half =
      switch feedForward {
      case .dense(let half): half.hasBias
      case .experts(let half): half.expert.hasBias
      case nil: false
      }
    return half
  }

  fileprivate var hasQueryBias: Bool {
    if case .attention(let mixer) = mixer { mixer.hasInputBias } else { false }
  }
}

extension Norm {
  fileprivate var megatronName: ConfigValue? {
    switch self {
    case .rms: "RMSNorm"
    case .layer: "LayerNorm"
    case .layerWithoutBias, .plain: nil
    }
  }
}
