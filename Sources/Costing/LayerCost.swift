import Quantities

/// Time of one pass of a layer over one micro-batch on one GPU, by cause. Communication is what is
/// exposed: what hides behind compute is already taken off.
package struct PassTime: Hashable, Sendable {
  package var compute = Seconds.zero
  package var tensor = Seconds.zero
  package var context = Seconds.zero
  package var expert = Seconds.zero
  /// Gathers and scatters of fully sharded weights (ZeRO-3).
  package var data = Seconds.zero

  package init() {}

  package var total: Seconds { compute + tensor + context + expert + data }

  package static func + (a: PassTime, b: PassTime) -> PassTime {
    var sum = a
    sum += b
    return sum
  }

  package static func += (a: inout PassTime, b: PassTime) {
    a.compute += b.compute
    a.tensor += b.tensor
    a.context += b.context
    a.expert += b.expert
    a.data += b.data
  }

  package static func * (a: PassTime, factor: Double) -> PassTime {
    var scaled = a
    scaled.compute = a.compute * factor
    scaled.tensor = a.tensor * factor
    scaled.context = a.context * factor
    scaled.expert = a.expert * factor
    scaled.data = a.data * factor
    return scaled
  }
}

/// What one layer costs one GPU for one micro-batch, under one split.
package struct LayerCost: Hashable, Sendable {
  package var forward = PassTime()
  /// Without anything recomputed.
  package var backward = PassTime()
  /// The part of `backward` that produces weight gradients, which a zero-bubble schedule may defer.
  package var weightGradient = Seconds.zero
  /// What selective and full recomputation add to the backward pass. Of `data` that is zero or less: what of
  /// the gathers they hide.
  package var selectiveRecompute = PassTime()
  package var fullRecompute = PassTime()

  /// Parameters on this GPU before ZeRO, those of experts apart: they have a data-parallel group of
  /// their own.
  package var parameters: Double = 0
  package var expertParameters: Double = 0

  /// Bytes that one micro-batch keeps from its forward to its backward pass.
  package var activations = ByteCount.zero
  package var selectiveActivations = ByteCount.zero
  package var fullActivations = ByteCount.zero
  /// Bytes that exist only while the layer runs (logits and their softmax).
  package var transient = ByteCount.zero
  /// Whether `recompute` can be applied: only a transformer block can run again from its input.
  package var canRecompute = false

  package init() {}

  package func backward(_ policy: RecomputePolicy) -> PassTime {
    switch policy {
    case .none: backward
    case .selective: backward + selectiveRecompute
    case .full: backward + fullRecompute
    }
  }

  package func recompute(_ policy: RecomputePolicy) -> PassTime {
    switch policy {
    case .none: PassTime()
    case .selective: selectiveRecompute
    case .full: fullRecompute
    }
  }

  package func activations(_ policy: RecomputePolicy) -> ByteCount {
    switch policy {
    case .none: activations
    case .selective: selectiveActivations
    case .full: fullActivations
    }
  }
}
