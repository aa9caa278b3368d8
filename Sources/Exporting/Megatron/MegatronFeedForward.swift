import Workload

extension PlannedJob {
  /// Options for the feed-forward halves; nil where the layers differ by more than Megatron can say.
  func megatronFeedForward(_ model: TransformerModel) -> [MegatronSetting]? {
    var dense: Set<DenseFeedForward> = []
    var experts: Set<ExpertFeedForward> = []
    var pattern: [(hasExperts: Bool, count: Int)] = []
    for run in model.runs {
      switch run.block.feedForward {
      case .dense(let half): dense.insert(half)
      case .experts(let half): experts.insert(half)
      case nil: return nil
      }
      let hasExperts = !run.block.isDense
      if pattern.last?.hasExperts == hasExperts {
        pattern[pattern.count - 1].count += run.count
      } else {
        pattern.append((hasExperts, run.count))
      }
    }
    guard dense.count <= 1, experts.count <= 1 else { return nil }
    let half = experts.first
    guard let network = dense.first ?? half?.expert else { return nil }
    if let half {
      let networks = [half.expert] + (half.shared.map { [$0] } ?? [])
      let agree = networks.allSatisfy {
        $0.isGated == network.isGated && $0.hasBias == network.hasBias
      }
      guard agree, half.latentWidth == nil, !half.hasRouterBias else { return nil }
    }
    var settings: [MegatronSetting] = [
      .value("--ffn-hidden-size", nil, .integer(network.width))
    ]
    // Of the gated activations, Megatron-LM has an option for SiLU's.
    if network.isGated { settings.append(.flag("--swiglu", nil)) }
    if let half { settings += expertSettings(half, pattern) }
    return settings
  }

  private func expertSettings(
    _ half: ExpertFeedForward, _ pattern: [(hasExperts: Bool, count: Int)]
  ) -> [MegatronSetting] {
    var settings: [MegatronSetting] = [
      .value("--num-experts", nil, .integer(half.experts)),
      .value("--moe-router-topk", nil, .integer(half.active)),
      .value("--moe-ffn-hidden-size", nil, .integer(half.expert.width)),
    ]
    if pattern.count > 1 {
      let text = pattern.map { "[\($0.hasExperts ? 1 : 0)]*\($0.count)" }.joined(separator: "+")
      settings.append(.value("--moe-layer-freq", nil, .text("(\(text))")))
    }
    if let shared = half.shared {
      settings.append(
        .value("--moe-shared-expert-intermediate-size", nil, .integer(shared.width)))
      if half.hasSharedGate { settings.append(.flag("--moe-shared-expert-gate", nil)) }
    }
    return settings
  }
}
