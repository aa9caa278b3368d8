/// Ranks arranged by the dimensions of a parallel strategy.
///
/// A rank is a number in mixed radix: its coordinate along the innermost axis counts fastest. With
/// Megatron-LM's order (the default), rank = t + T · (c + C · (d + D · p)).
package struct DeviceMesh: Hashable, Sendable {
  package enum Axis: Int, Hashable, Sendable, CaseIterable {
    case tensor, context, data, pipeline
  }

  /// From the innermost axis, whose neighbours are consecutive ranks, to the outermost.
  package enum Order: String, Hashable, Sendable, CaseIterable {
    /// Replicas next to each other, stages far apart.
    case tensorContextDataPipeline = "tp-cp-dp-pp"
    /// Stages next to each other, replicas far apart (Megatron-LM's `--use-tp-pp-dp-mapping`).
    case tensorContextPipelineData = "tp-cp-pp-dp"

    package var axes: [Axis] {
      switch self {
      case .tensorContextDataPipeline: [.tensor, .context, .data, .pipeline]
      case .tensorContextPipelineData: [.tensor, .context, .pipeline, .data]
      }
    }

    /// Stages between a rank and its neighbour along the data axis, if there is one.
    package func stagesBetweenReplicas(pipeline: Int, data: Int) -> Int {
      self == .tensorContextPipelineData && data > 1 ? pipeline : 1
    }
  }

  package var tensor: Int
  package var context: Int
  package var data: Int
  package var pipeline: Int
  package var order: Order

  package init(
    tensor: Int = 1, context: Int = 1, data: Int = 1, pipeline: Int = 1,
    order: Order = .tensorContextDataPipeline
  ) {
    precondition(
      min(tensor, context, data, pipeline) >= 1, "a mesh has a positive size on all axes")
    self.tensor = tensor
    self.context = context
    self.data = data
    self.pipeline = pipeline
    self.order = order
  }

  package var ranks: Int { tensor * context * data * pipeline }

  package func size(_ axis: Axis) -> Int {
    switch axis {
    case .tensor: tensor
    case .context: context
    case .data: data
    case .pipeline: pipeline
    }
  }

  /// Distance in ranks between neighbours along an axis.
  package func stride(_ axis: Axis) -> Int {
    switch (axis, order) {
    case (.tensor, _): 1
    case (.context, _): tensor
    case (.data, .tensorContextDataPipeline), (.pipeline, .tensorContextPipelineData):
      tensor * context
    case (.pipeline, .tensorContextDataPipeline): tensor * context * data
    case (.data, .tensorContextPipelineData): tensor * context * pipeline
    }
  }

  package func coordinate(_ axis: Axis, ofRank rank: Int) -> Int {
    rank / stride(axis) % size(axis)
  }

  package func rank(tensor t: Int = 0, context c: Int = 0, data d: Int = 0, pipeline p: Int = 0)
    -> Int
  {
    t + c * stride(.context) + d * stride(.data) + p * stride(.pipeline)
  }

  /// How the groups along one axis lie on a network.
  package func layout(_ axis: Axis, on levels: [NetworkLevel]) -> GroupLayout {
    GroupLayout(size: size(axis), stride: stride(axis), ranks: ranks, levels: levels)
  }

  /// Of the groups over which gradients are reduced and states sharded: context and data together.
  package func gradientLayout(on levels: [NetworkLevel]) -> GroupLayout {
    GroupLayout(
      inner: (context, stride(.context)), outer: (data, stride(.data)), ranks: ranks,
      levels: levels)
  }

  /// Of the groups over which experts are spread: `expert` consecutive members of a gradient group.
  /// `expert` divides `context · data`.
  package func expertLayout(_ expert: Int, on levels: [NetworkLevel]) -> GroupLayout {
    let (inner, outer) = expertSplit(expert)
    return GroupLayout(
      inner: (inner, stride(.context)), outer: (outer, stride(.data)), ranks: ranks,
      levels: levels)
  }

  /// Of the groups that hold copies of the same experts: a gradient group's members that are
  /// `expert` apart.
  package func expertGradientLayout(_ expert: Int, on levels: [NetworkLevel]) -> GroupLayout {
    let (inner, outer) = expertSplit(expert)
    return GroupLayout(
      inner: (context / inner, stride(.context) * inner),
      outer: (data / outer, stride(.data) * outer), ranks: ranks, levels: levels)
  }

  /// Members of an expert group along the context axis, and along the data axis.
  private func expertSplit(_ expert: Int) -> (Int, Int) {
    precondition(
      (context * data).isMultiple(of: expert), "experts are spread evenly over context and data")
    if expert <= context, context.isMultiple(of: expert) { return (expert, 1) }
    if expert.isMultiple(of: context) { return (context, expert / context) }
    // Neither nests: as many along the context axis as both divide.
    let common = greatestCommonDivisor(expert, context)
    return (common, expert / common)
  }
}

extension Pool {
  /// Whether groups and neighbours lie alike in every order of ranks: no block of the network but the
  /// whole holds ranks of two replicas, or of two stages, and nothing was measured of any distance.
  package func liesAlikeInEveryOrder(tensor: Int, context: Int) -> Bool {
    levels.dropLast().allSatisfy { $0.span / tensor <= context } && measuredNetwork == nil
  }
}

package func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
