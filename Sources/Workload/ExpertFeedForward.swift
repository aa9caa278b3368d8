/// A mixture of experts: a router sends every token to a few of many feed-forward networks
/// (Shazeer et al. 2017), beside which some may see every token (DeepSeekMoE, arXiv 2401.06066).
package struct ExpertFeedForward: Hashable, Sendable {
  package var experts: Int
  /// Experts that a token goes to.
  package var active: Int
  package var expert: DenseFeedForward
  package var hasRouterBias: Bool
  /// Experts work on a narrower state, into which tokens are projected before they are sent and out
  /// of which after (Nemotron 3).
  package var latentWidth: Int?
  package var hasLatentBias = false
  /// All shared experts as one network of their joint width.
  package var shared: DenseFeedForward?
  /// The shared network's output is multiplied by a sigmoid of one more projection (Qwen 2 MoE).
  package var hasSharedGate: Bool

  package init(
    experts: Int, active: Int, expert: DenseFeedForward, hasRouterBias: Bool = false,
    shared: DenseFeedForward? = nil, hasSharedGate: Bool = false
  ) {
    self.experts = experts
    self.active = active
    self.expert = expert
    self.hasRouterBias = hasRouterBias
    self.shared = shared
    self.hasSharedGate = hasSharedGate
  }

  /// Router, exchange, experts, exchange back, shared experts. What experts keep is counted once a
  /// copy. Their outputs are not kept: the router's weights multiply inside the experts, before the
  /// second product, as Megatron does since 0.12.
  func operators(hiddenSize: Int, keepsInput: Bool) -> [Operator] {
    let copies = Double(active)
    let width = latentWidth ?? hiddenSize
    var list = [
      Operator(
        "router", .matrixProduct(inputs: hiddenSize, outputs: experts), sharding: .replicated,
        parameters: hiddenSize * experts + (hasRouterBias ? experts : 0),
        savedElements: (keepsInput ? Double(hiddenSize) : 0) + Double(experts))
    ]
    if latentWidth != nil {
      list.append(latentProduct("latent_down", hiddenSize, width, saved: 0))
    }
    list += [
      permutation("expert_permutation", width),
      Operator(
        "expert_dispatch", .expertExchange(width: width, active: active), sharding: .experts),
      product(
        "expert_up", inputs: width, outputs: expert.upWidth, saved: copies * Double(width)),
      Operator(
        "expert_activation", .elementwise(elements: copies * Double(expert.upWidth + expert.width)),
        sharding: .experts, savedElements: copies * Double(expert.upWidth)),
      product(
        "expert_down", inputs: expert.width, outputs: width,
        saved: copies * Double(expert.width)),
      Operator(
        "expert_combine", .expertExchange(width: width, active: active), sharding: .experts),
      permutation("expert_restoration", width),
    ]
    if latentWidth != nil {
      list.append(latentProduct("latent_up", width, hiddenSize, saved: Double(width)))
    }
    list += sharedOperators(hiddenSize: hiddenSize)
    return list
  }

  private func product(_ name: String, inputs: Int, outputs: Int, saved: Double) -> Operator {
    Operator(
      name, .expertProduct(inputs: inputs, outputs: outputs, experts: experts, active: active),
      sharding: .experts,
      parameters: experts * (inputs * outputs + (expert.hasBias ? outputs : 0)),
      savedElements: saved)
  }

  /// The way down reads what the router keeps.
  private func latentProduct(
    _ name: String, _ inputs: Int, _ outputs: Int, saved: Double
  ) -> Operator {
    Operator(
      name, .matrixProduct(inputs: inputs, outputs: outputs), sharding: .sequence,
      parameters: inputs * outputs + (hasLatentBias ? outputs : 0), savedElements: saved)
  }

  /// Sorts tokens by expert, or back: one side of each pair of read and write holds every copy.
  private func permutation(_ name: String, _ hiddenSize: Int) -> Operator {
    Operator(
      name, .elementwise(elements: Double((active + 1) * hiddenSize)), sharding: .sequence,
      isPermutation: true)
  }

  /// They read what the router keeps.
  private func sharedOperators(hiddenSize: Int) -> [Operator] {
    guard let shared else { return [] }
    var list = shared.operators(
      hiddenSize: hiddenSize, keepsInput: false, prefix: "shared_expert")
    if hasSharedGate {
      list.append(
        Operator(
          "shared_expert_gate", .matrixProduct(inputs: hiddenSize, outputs: 1),
          sharding: .replicated, parameters: hiddenSize, savedElements: Double(hiddenSize)))
    }
    list.append(
      Operator(
        "shared_expert_sum", .elementwise(elements: Double(3 * hiddenSize)), sharding: .sequence))
    return list
  }
}
