import Hardware
import Quantities

/// Times of collectives over the groups of one strategy, by an α–β model per network level. A group
/// whose ring was measured has that bandwidth, whatever levels it crosses.
///
/// Bandwidth: a ring over a group crosses every level; a block of `m` members crosses it with `m`
/// interfaces at once, so level `l` needs V·(g − 1)/g / (Bₗ·m(l−1)) and the slowest level decides,
/// since the rings are pipelined (Patarasuk & Yuan 2009). Latency: g − 1 steps for a ring, most of
/// them inside the innermost level; ⌈log₂ fₗ⌉ hops a level for a tree, whichever is less (Thakur et al. 2005).
package struct CollectiveTime: Hashable, Sendable {
  private let network: NetworkRates
  private var tensorExposure: Double
  private var expertExposure: Double
  package var tensor: CommunicationGroup
  package var context: CommunicationGroup
  package var expert: CommunicationGroup
  /// Replicas of dense weights: data and context ranks.
  package var data: CommunicationGroup
  /// Replicas of one expert's weights.
  package var expertData: CommunicationGroup
  /// Distance between neighbouring stages.
  private var pipelineStride: Int
  /// Pipelines side by side, each on so many ranks: one, whose stages hold all replicas, where these
  /// lie next to each other, else one for each replica.
  private var pipelines = 1
  private var pipelineRanks = 1
  /// Bytes a second from one stage to the next, where that was measured.
  private var measuredSend: Double?

  /// Ranks are laid out tensor, context, data, pipeline, innermost first, as Megatron-LM's default
  /// order has them; expert groups are consecutive ranks of tensor, context and data together. Where
  /// stages lie between replicas, pipeline comes before data, and experts are spread over tensor and
  /// context ranks, as Megatron-LM demands.
  ///
  /// - Parameter measured: What groups of the pool reached, where that is known.
  package init(
    _ network: NetworkRates, measured: MeasuredNetwork?, gpus: Int, parallelism: LayerParallelism,
    chip: ChipEfficiency, software: SoftwareEfficiency, stack: SoftwareStack
  ) {
    self.network = network
    let (t, c, d) = (parallelism.tensor, parallelism.context, parallelism.data)
    let e = parallelism.expert
    func group(_ size: Int, stride: Int) -> CommunicationGroup {
      CommunicationGroup(size: size, stride: stride, on: network, measured: measured)
    }
    tensor = group(t, stride: 1)
    // Overlapping needs products and collectives that are cut into matching pieces, which stacks have
    // for sequence parallelism only, and GPUs that write to each other's memory ("tensor-parallel GPUs
    // must be on a single node, and connected over NVLink/NVSwitch", Transformer Engine's examples of
    // communication and GEMM overlap).
    let isInOneDomain = tensor.members[0] >= Double(t)
    let hidesTensorTraffic =
      stack != .lossScaled && parallelism.sequenceParallel && isInOneDomain
      && network.carriesOverlappedTraffic
    tensorExposure = hidesTensorTraffic ? chip.tensorExposure : 1
    context = group(c, stride: t)
    expert = group(e, stride: 1)
    expertExposure =
      stack == .lossScaled
      ? 1
      : expert.members[0] >= Double(e) ? software.expertExposure : software.expertNetworkExposure
    let between = parallelism.stagesBetweenReplicas
    expertData = group(max(1, t * c * d / e), stride: e * between)
    if between == 1 {
      data = group(d * c, stride: t)
      pipelineStride = t * c * d
    } else {
      data = CommunicationGroup(
        inner: (c, t), outer: (d, t * c * between), on: network, measured: measured)
      pipelineStride = t * c
      (pipelines, pipelineRanks) = (d, t * c * between)
    }
    measuredSend = measured?.sends[gpus / pipelineStride]?.value
  }

  package enum Axis: Hashable, Sendable { case tensor, context, expert, data, expertData }

  package func group(_ axis: Axis) -> CommunicationGroup {
    switch axis {
    case .tensor: tensor
    case .context: context
    case .expert: expert
    case .data: data
    case .expertData: expertData
    }
  }

  /// Reduce-scatter, or all-gather, of `bytes` (the whole tensor) over a group.
  package func shard(_ bytes: ByteCount, _ axis: Axis) -> Seconds {
    let group = group(axis)
    return ring(bytes, group) + min(ringLatency(group), treeLatency(group) * 2.0)
  }

  /// All-reduce: a reduce-scatter and an all-gather, by ring or tree.
  package func allReduce(_ bytes: ByteCount, _ axis: Axis) -> Seconds {
    let group = group(axis)
    return ring(bytes, group) * 2.0 + min(ringLatency(group), treeLatency(group)) * 2.0
  }

  /// Every GPU sends each of its tokens (`bytes` in all) to `copies` experts of the group.
  ///
  /// A token crosses a level once for each block that holds an expert of it, and is copied there
  /// (DeepSeek-V3 2024, section 3.2.2): of B blocks, B·(1 − (1 − 1/B)^copies) on average, of which
  /// 1/B is at home. The slowest level decides.
  package func expertExchange(_ bytes: ByteCount, copies: Double) -> Seconds {
    guard expert.size > 1 else { return .zero }
    let size = Double(expert.size)
    var slowest = 0.0
    var inner = 1.0
    for level in 0..<network.count where expert.members[level] > inner || level == 0 {
      let blocks = size / inner
      guard blocks > 1 else { break }
      let reached = min(copies, blocks * (1 - power(1 - 1 / blocks, Int(copies))))
      slowest = max(slowest, bytes.value * reached * (1 - 1 / blocks) / network.bandwidth[level])
      inner = expert.members[level]
    }
    return Seconds(slowest) + treeLatency(expert)
  }

  /// What shows of a pass's exchanges: the part that the stack does not hide, and at least what the
  /// pass's compute is too short to hide. Those of tensor parallelism hide behind the products around
  /// them, those of experts behind another micro-batch's like pass (DeepSeek-V3 2024, section 3.2.1).
  package func hide(_ pass: inout PassTime) {
    pass.tensor = max(pass.tensor * tensorExposure, pass.tensor - pass.compute)
    pass.expert = max(pass.expert * expertExposure, pass.expert - pass.compute)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= base }
    return result
  }

  /// The exchange at the end of a tensor-parallel region. With sequence parallelism an all-gather and
  /// a reduce-scatter take the all-reduce's place, at its cost.
  package func tensorExchange(_ bytes: ByteCount) -> Seconds {
    tensor.size > 1 ? allReduce(bytes, .tensor) : .zero
  }

  /// Keys and values of one rank travel once around the context group.
  package func contextExchange(_ bytes: ByteCount) -> Seconds {
    guard context.size > 1 else { return .zero }
    let whole = bytes * context.size
    return ring(whole, context) + ringLatency(context)
  }

  /// All-gather of one layer's weights, or reduce-scatter of its gradients, in `pieces` collectives.
  /// Both go around the ring: a gather has no tree.
  package func gatherWeights(
    parameters: Double, expertParameters: Double, bytesEach: Double, pieces: Double
  ) -> Seconds {
    var time = Seconds.zero
    if data.size > 1 {
      time += ring(ByteCount(parameters * bytesEach), data) + ringLatency(data) * pieces
    }
    if expertData.size > 1, expertParameters > 0 {
      time += ring(ByteCount(expertParameters * bytesEach), expertData) + ringLatency(expertData)
    }
    return time
  }

  /// One tensor from a stage to another, from the rank whose counterpart is farthest: stages that follow
  /// each other, or the last and the first.
  package func send(_ bytes: ByteCount, fromStage stage: Int, toStage other: Int) -> Seconds {
    let first = min(stage, other) * pipelineStride
    let last = (max(stage, other) + 1) * pipelineStride - 1
    var level = 0
    while level < network.count - 1, isCut(first...last, intoBlocksOf: network.spans[level]) {
      level += 1
    }
    return Seconds(
      bytes.value / (measuredSend ?? network.bandwidth[level]) + network.latency[level])
  }

  /// Whether ranks of a pipeline lie in several blocks, in some of the pipelines.
  private func isCut(_ ranks: ClosedRange<Int>, intoBlocksOf span: Int) -> Bool {
    func isCut(_ pipeline: Int, _ span: Int) -> Bool {
      let start = pipeline * pipelineRanks
      return (start + ranks.lowerBound) / span != (start + ranks.upperBound) / span
    }
    guard pipelines > 1 else { return isCut(0, span) }
    // Pipelines start at multiples of this in their blocks, and after so many lie as the first does.
    let common = greatestCommonDivisor(span, pipelineRanks)
    return isCut(0, common) && (0..<min(pipelines, span / common)).contains { isCut($0, span) }
  }

  /// The least that a send from any stage to the next can take. Complexity: O(levels).
  package func leastSend(_ bytes: ByteCount) -> Seconds {
    var least = Double.infinity
    for level in nearestLevel..<network.count {
      least = min(
        least, bytes.value / (measuredSend ?? network.bandwidth[level]) + network.latency[level])
    }
    return Seconds(least)
  }

  /// The innermost level of which a block can hold two stages.
  private var nearestLevel: Int {
    (0..<network.count).first { 2 * pipelineStride <= network.spans[$0] } ?? network.count - 1
  }

  /// What one GPU sends a second over the outermost level.
  package var outermostBandwidth: Bandwidth {
    Bandwidth(network.bandwidth[max(0, network.count - 1)])
  }

  private func ring(_ bytes: ByteCount, _ group: CommunicationGroup) -> Seconds {
    guard group.size > 1 else { return .zero }
    let size = Double(group.size)
    let volume = bytes.value * (size - 1) / size
    if let rate = group.measuredRate { return Seconds(volume / rate) }
    var slowest = 0.0
    var inner = 1.0
    for level in 0..<network.count {
      // A level that joins no further members carries nothing of this group.
      if group.members[level] > inner || (level == 0 && group.members[0] > 1) {
        slowest = max(slowest, volume / (network.bandwidth[level] * inner))
      }
      inner = group.members[level]
    }
    return Seconds(slowest)
  }

  /// A ring passes each piece to the next member, g − 1 steps; of g hops around it, one for each
  /// block of a level leaves the block.
  private func ringLatency(_ group: CommunicationGroup) -> Seconds {
    guard group.size > 1 else { return .zero }
    var sum = 0.0
    var inner = 1.0
    let size = Double(group.size)
    for level in 0..<network.count where group.members[level] > inner {
      let outside = group.members[level] >= size ? 0 : size / group.members[level]
      sum += (size / inner - outside) * network.latency[level]
      inner = group.members[level]
    }
    return Seconds(sum * (size - 1) / size)
  }

  private func treeLatency(_ group: CommunicationGroup) -> Seconds {
    sumOverLevels(group) { fanOut in
      // ⌈log₂⌉ of a number that is at least 1.
      fanOut.significandWidth == 0 ? Double(fanOut.exponent) : Double(fanOut.exponent + 1)
    }
  }

  private func sumOverLevels(
    _ group: CommunicationGroup, _ hops: (Double) -> Double
  ) -> Seconds {
    guard group.size > 1 else { return .zero }
    var sum = 0.0
    var inner = 1.0
    for level in 0..<network.count {
      let fanOut = group.members[level] / inner
      if fanOut > 1 { sum += hops(fanOut) * network.latency[level] }
      inner = group.members[level]
    }
    return Seconds(sum)
  }
}
