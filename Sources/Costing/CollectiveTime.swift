import Hardware
import Quantities

/// Times of collectives over the groups of one strategy, by an α–β model per network level.
///
/// Bandwidth: a ring over a group crosses every level; a block of `m` members crosses it with `m`
/// interfaces at once, so level `l` needs V·(g − 1)/g / (Bₗ·m(l−1)) and the slowest level decides,
/// since the rings are pipelined (Patarasuk & Yuan 2009). Latency: g − 1 steps for a ring,
/// ⌈log₂ fₗ⌉ hops a level for a tree, whichever is less (Thakur et al. 2005).
package struct CollectiveTime: Hashable, Sendable {
  /// Achieved bytes a second per GPU of each level, and latency of one hop.
  private var bandwidth: SIMD4<Double>
  private var latency: SIMD4<Double>
  private var levelCount: Int
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
  private var spans: [Int]

  /// Ranks are laid out tensor, context, data, pipeline, innermost first, as Megatron-LM's default
  /// order has them; expert groups are consecutive ranks of tensor, context and data together.
  package init(
    pool: Pool, parallelism: LayerParallelism, chip: ChipEfficiency, software: SoftwareEfficiency
  ) {
    let levels = pool.levels
    levelCount = min(4, levels.count)
    bandwidth = SIMD4(repeating: .infinity)
    latency = SIMD4(repeating: 0)
    for index in 0..<levelCount {
      let isScaleUp = index == 0
      bandwidth[index] =
        levels[index].bandwidth.value
        * (levels[index].isMeasured ? 1 : isScaleUp ? chip.scaleUp : chip.network)
      latency[index] =
        max(
          levels[index].latency.value,
          (isScaleUp ? software.scaleUpLatency : software.networkLatency).value)
    }
    tensorExposure = chip.tensorExposure
    expertExposure = software.expertExposure
    spans = levels.map(\.span)
    let (t, c, d) = (parallelism.tensor, parallelism.context, parallelism.data)
    let e = parallelism.expert
    tensor = CommunicationGroup(size: t, stride: 1, levels: levels)
    context = CommunicationGroup(size: c, stride: t, levels: levels)
    expert = CommunicationGroup(size: e, stride: 1, levels: levels)
    data = CommunicationGroup(size: d * c, stride: t, levels: levels)
    expertData = CommunicationGroup(size: max(1, t * c * d / e), stride: e, levels: levels)
    pipelineStride = t * c * d
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
    return ring(bytes, group) + ringLatency(group)
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
    for level in 0..<levelCount where expert.members[level] > inner || level == 0 {
      let blocks = size / inner
      guard blocks > 1 else { break }
      let reached = min(copies, blocks * (1 - power(1 - 1 / blocks, Int(copies))))
      slowest = max(slowest, bytes.value * reached * (1 - 1 / blocks) / bandwidth[level])
      inner = expert.members[level]
    }
    return Seconds(slowest) * expertExposure + ringLatency(expert)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= base }
    return result
  }

  /// The exchange at the end of a tensor-parallel region, as far as it is not hidden. With
  /// sequence parallelism an all-gather and a reduce-scatter take the all-reduce's place, at its
  /// cost.
  package func tensorExchange(_ bytes: ByteCount) -> Seconds {
    tensor.size > 1 ? allReduce(bytes, .tensor) * tensorExposure : .zero
  }

  /// Keys and values of one rank travel once around the context group.
  package func contextExchange(_ bytes: ByteCount) -> Seconds {
    guard context.size > 1 else { return .zero }
    let whole = bytes * context.size
    return ring(whole, context) + ringLatency(context)
  }

  /// All-gather of one layer's weights, or reduce-scatter of its gradients.
  package func gatherWeights(
    parameters: Double, expertParameters: Double, bytesEach: Double
  ) -> Seconds {
    var time = Seconds.zero
    if data.size > 1 { time += shard(ByteCount(parameters * bytesEach), .data) }
    if expertData.size > 1, expertParameters > 0 {
      time += shard(ByteCount(expertParameters * bytesEach), .expertData)
    }
    return time
  }

  /// One tensor from a stage to the next, from the rank whose neighbour is farthest.
  package func send(_ bytes: ByteCount, fromStage stage: Int) -> Seconds {
    let first = stage * pipelineStride
    let second = first + pipelineStride
    var level = 0
    while level < levelCount - 1,
      first / spans[level] != (second + pipelineStride - 1) / spans[level]
    {
      level += 1
    }
    return Seconds(bytes.value / bandwidth[level] + latency[level])
  }

  /// What one GPU sends a second over the outermost level.
  package var outermostBandwidth: Bandwidth { Bandwidth(bandwidth[max(0, levelCount - 1)]) }

  private func ring(_ bytes: ByteCount, _ group: CommunicationGroup) -> Seconds {
    guard group.size > 1 else { return .zero }
    let size = Double(group.size)
    let volume = bytes.value * (size - 1) / size
    var slowest = 0.0
    var inner = 1.0
    for level in 0..<levelCount {
      // A level that joins no further members carries nothing of this group.
      if group.members[level] > inner || (level == 0 && group.members[0] > 1) {
        slowest = max(slowest, volume / (bandwidth[level] * inner))
      }
      inner = group.members[level]
    }
    return Seconds(slowest)
  }

  /// All links of a ring work at once: g − 1 steps, each as long as the slowest hop.
  private func ringLatency(_ group: CommunicationGroup) -> Seconds {
    guard group.size > 1 else { return .zero }
    var slowest = 0.0
    var inner = 1.0
    for level in 0..<levelCount {
      if group.members[level] > inner { slowest = max(slowest, latency[level]) }
      inner = group.members[level]
    }
    return Seconds(slowest * Double(group.size - 1))
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
    for level in 0..<levelCount {
      let fanOut = group.members[level] / inner
      if fanOut > 1 { sum += hops(fanOut) * latency[level] }
      inner = group.members[level]
    }
    return Seconds(sum)
  }
}
