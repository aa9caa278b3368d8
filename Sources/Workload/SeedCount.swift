extension TransformerModel {
  /// The model as Stagewright's first analyser counted it: a scale per norm and no bias anywhere, no
  /// table of positions, and a head of its own. For a GPT of hidden size h that is 12·h² + 2·h a
  /// block, h for the final norm and V·h each for embedding and head.
  package var seedCounted: TransformerModel {
    var model = self
    model.embedding.positions = nil
    model.embedding.norm = embedding.norm.map(\.scaleOnly)
    model.head = Head(isTied: false)
    model.finalNorm = finalNorm.map(\.scaleOnly)
    for index in model.runs.indices { model.runs[index].block.countAsSeed() }
    return model
  }

  package func seedGraph() -> LayerGraph { seedCounted.graph() }
}

extension Norm {
  fileprivate var scaleOnly: Norm {
    switch self {
    case .layer: .layerWithoutBias
    case .rms, .layerWithoutBias, .plain: self
    }
  }
}

extension TransformerBlock {
  fileprivate mutating func countAsSeed() {
    mixerNorm = mixerNorm.map(\.scaleOnly)
    mixerOutputNorm = mixerOutputNorm.map(\.scaleOnly)
    feedForwardNorm = feedForwardNorm.map(\.scaleOnly)
    feedForwardOutputNorm = feedForwardOutputNorm.map(\.scaleOnly)
    switch mixer {
    case .attention(var attention):
      attention.hasInputBias = false
      attention.hasOutputBias = false
      mixer = .attention(attention)
    case .latentAttention(var attention):
      attention.hasBias = false
      mixer = .latentAttention(attention)
    case .stateSpace(var space):
      space.hasBias = false
      space.hasConvolutionBias = false
      mixer = .stateSpace(space)
    case .gatedDelta, .lightning, nil: break
    }
    switch feedForward {
    case .dense(var half):
      half.hasBias = false
      feedForward = .dense(half)
    case .experts(var half):
      half.hasRouterBias = false
      half.hasLatentBias = false
      half.expert.hasBias = false
      half.shared?.hasBias = false
      feedForward = .experts(half)
    case nil: break
    }
  }
}
