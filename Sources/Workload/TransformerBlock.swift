/// One block of a transformer: a mixer over the sequence (attention, or what stands in for it) and
/// a feed-forward half, each with its norms and a residual connection. Either half may be absent,
/// as in hybrids that count them as layers of their own.
package struct TransformerBlock: Hashable, Sendable {
  package var mixer: SequenceMixer?
  package var feedForward: FeedForward?
  /// Before the mixer; `nil` where it reads the residual stream as it is.
  package var mixerNorm: Norm?
  /// On the mixer's output (Gemma 2, OLMo 2, the original transformer).
  package var mixerOutputNorm: Norm?
  /// Before the feed-forward half. A parallel block without it shares the mixer's.
  package var feedForwardNorm: Norm?
  package var feedForwardOutputNorm: Norm?
  /// Both halves read the block's input, and their outputs are added to it together
  /// (Wang and Komatsuzaki 2021: GPT-J).
  package var isParallel: Bool

  package init(
    mixer: SequenceMixer?, feedForward: FeedForward?, mixerNorm: Norm?,
    mixerOutputNorm: Norm? = nil, feedForwardNorm: Norm?, feedForwardOutputNorm: Norm? = nil,
    isParallel: Bool = false
  ) {
    self.mixer = mixer
    self.feedForward = feedForward
    self.mixerNorm = mixerNorm
    self.mixerOutputNorm = mixerOutputNorm
    self.feedForwardNorm = feedForwardNorm
    self.feedForwardOutputNorm = feedForwardOutputNorm
    self.isParallel = isParallel
  }

  /// One norm before each half, the second one in series with the first.
  package init(mixer: SequenceMixer, feedForward: FeedForward, norm: Norm) {
    self.init(
      mixer: mixer, feedForward: feedForward, mixerNorm: norm, feedForwardNorm: norm)
  }
}

/// What mixes the tokens of a sequence.
package enum SequenceMixer: Hashable, Sendable {
  case attention(AttentionMixer)
  case latentAttention(LatentAttentionMixer)
  case gatedDelta(GatedDeltaMixer)
  case stateSpace(StateSpaceMixer)
  case lightning(LightningMixer)

  func operators(hiddenSize: Int) -> [Operator] {
    switch self {
    case .attention(let mixer): mixer.operators(hiddenSize: hiddenSize)
    case .latentAttention(let mixer): mixer.operators(hiddenSize: hiddenSize)
    case .gatedDelta(let mixer): mixer.operators(hiddenSize: hiddenSize)
    case .stateSpace(let mixer): mixer.operators(hiddenSize: hiddenSize)
    case .lightning(let mixer): mixer.operators(hiddenSize: hiddenSize)
    }
  }
}

/// What works on every token by itself.
package enum FeedForward: Hashable, Sendable {
  case dense(DenseFeedForward)
  case experts(ExpertFeedForward)

  func operators(hiddenSize: Int, keepsInput: Bool) -> [Operator] {
    switch self {
    case .dense(let half): half.operators(hiddenSize: hiddenSize, keepsInput: keepsInput)
    case .experts(let half): half.operators(hiddenSize: hiddenSize, keepsInput: keepsInput)
    }
  }
}

extension TransformerBlock {
  /// The block as operators in running order.
  ///
  /// What they keep for the backward pass is, per token and in 16-bit elements of two bytes, what
  /// Korthikanti et al. 2022 (arXiv 2205.05198) count in equation 1, but for the scores of
  /// attention: the input of every norm, product and activation function, and the query, key and
  /// value; with dropout a one-byte mask of the hidden size after each half. A tensor that two
  /// operators read is kept once. Tensor parallelism (equation 2) divides what lies between a
  /// column-parallel product and the row-parallel one that follows it, the latter's input included
  /// (`.tensor`, `.rows`); norm inputs, inputs of the first product of each half, and the masks are
  /// divided only by sequence parallelism (equation 4; `.sequence`, `.columns`, `.replicated`,
  /// `.experts`).
  package func layer(hiddenSize: Int) -> Layer {
    Layer(
      kind: .transformerBlock,
      operators: isParallel
        ? parallelOperators(hiddenSize) : sequentialOperators(hiddenSize))
  }

  private func sequentialOperators(_ hiddenSize: Int) -> [Operator] {
    var list: [Operator] = []
    if let mixer {
      list += step(mixerNorm, "mixer_norm", hiddenSize)
      list += mixer.operators(hiddenSize: hiddenSize)
      list += step(mixerOutputNorm, "mixer_output_norm", hiddenSize)
      list.append(residual("mixer_residual", hiddenSize, branches: 1))
    }
    if let feedForward {
      list += step(feedForwardNorm, "feed_forward_norm", hiddenSize)
      list += feedForward.operators(hiddenSize: hiddenSize, keepsInput: true)
      list += step(feedForwardOutputNorm, "feed_forward_output_norm", hiddenSize)
      list.append(residual("feed_forward_residual", hiddenSize, branches: 1))
    }
    return list
  }

  private func parallelOperators(_ hiddenSize: Int) -> [Operator] {
    var list = step(mixerNorm, "mixer_norm", hiddenSize)
    list += mixer?.operators(hiddenSize: hiddenSize) ?? []
    list += step(mixerOutputNorm, "mixer_output_norm", hiddenSize)
    // A second norm reads the same input as the first; without one, the first one's output is read.
    if let feedForwardNorm {
      list.append(
        feedForwardNorm.step("feed_forward_norm", width: hiddenSize, keepsInput: mixerNorm == nil))
    }
    list +=
      feedForward?.operators(
        hiddenSize: hiddenSize, keepsInput: feedForwardNorm != nil || mixer == nil) ?? []
    list += step(feedForwardOutputNorm, "feed_forward_output_norm", hiddenSize)
    list.append(residual("residual", hiddenSize, branches: 2))
    return list
  }

  private func step(_ norm: Norm?, _ name: String, _ hiddenSize: Int) -> [Operator] {
    norm.map { [$0.step(name, width: hiddenSize)] } ?? []
  }

  /// Adds the outputs of `branches` to the stream, each through dropout where there is any: reads
  /// them and the stream, writes the stream.
  private func residual(_ name: String, _ hiddenSize: Int, branches: Int) -> Operator {
    Operator(
      name, .elementwise(elements: Double((branches + 2) * hiddenSize)), sharding: .sequence,
      dropoutElements: Double(branches * hiddenSize))
  }
}
