import Quantities
import Workload

/// Everything that the cost of a layer depends on beside the layer.
package struct LayerContext: Hashable, Sendable {
  package var kernels: KernelTime
  package var collectives: CollectiveTime
  package var parallelism: LayerParallelism
  package var sequenceLength: Int
  package var hiddenSize: Int
  package var attention: AttentionKernel
  package var usesDropout: Bool
  package var activationBytes: Double
  package var gradientBytes: Double

  package init(
    kernels: KernelTime, collectives: CollectiveTime, parallelism: LayerParallelism,
    sequenceLength: Int, hiddenSize: Int, attention: AttentionKernel, usesDropout: Bool,
    activationBytes: Double, gradientBytes: Double
  ) {
    self.kernels = kernels
    self.collectives = collectives
    self.parallelism = parallelism
    self.sequenceLength = sequenceLength
    self.hiddenSize = hiddenSize
    self.attention = attention
    self.usesDropout = usesDropout
    self.activationBytes = activationBytes
    self.gradientBytes = gradientBytes
  }

  /// Tokens of one micro-batch on one context-parallel rank.
  var tokens: Double {
    Double(parallelism.microBatchSize) * Double(sequenceLength) / Double(parallelism.context)
  }
  /// Whether the framework runs model code of separate kernels (see
  /// `SoftwareEfficiency.modularTraffic`).
  var isModular: Bool { parallelism.zeroStage == .weights }
  var trafficFactor: Double { isModular ? kernels.software.modularTraffic : 1 }
  var tensor: Double { Double(parallelism.tensor) }
  /// The factor by which sequence parallelism divides what lies between tensor-parallel regions.
  var sequenceShards: Double { parallelism.sequenceParallel ? tensor : 1 }
}

/// Bytes that a kernel of unfused attention reads and writes for each score, without dropout:
/// forward Q·Kᵀ writes 2, softmax reads and writes 4, P·V reads 2.
private let unfusedForwardPasses = 4.0
/// Backward: dP written, dS formed from P and dP, dQ and dK read dS, dV reads P.
private let unfusedBackwardPasses = 7.0
/// What dropout adds to each: read, write, and a mask of one byte.
private let dropoutPasses = 2.5
/// Backward over forward time of fused attention: 5 products for 2 (Dao 2023, section 3.1), at
/// five sixths of the rate.
private let fusedBackwardFactor = 3.0
/// Backward over forward traffic of element-wise kernels: the incoming gradient, the kept input
/// and the outgoing gradient for what was an input and an output.
private let elementwiseBackwardFactor = 1.5
/// Bytes a logit: forward reads 2, writes and re-reads the 32-bit copy (8), exponent and sum (4);
/// backward reads 4 and writes 2 + 4.
private let crossEntropyForwardBytes = 14.0
private let crossEntropyBackwardBytes = 10.0

extension LayerCost {
  /// Sums the operators of a layer. Complexity: O(operators).
  package init(of layer: Layer, in context: LayerContext) {
    self.init()
    canRecompute = layer.kind == .transformerBlock
    let isRowParallel = layer.operators.contains { $0.sharding == .rows }
    for op in layer.operators { add(op, isRowParallel: isRowParallel, in: context) }
    if canRecompute {
      // A full recomputation runs the forward pass again, its collectives included.
      fullRecompute = forward
      fullActivations = ByteCount(
        context.tokens * Double(context.hiddenSize) * context.activationBytes
          / context.sequenceShards)
    } else {
      fullActivations = activations
    }
    selectiveActivations += activations
    activations += scoreBytes(of: layer, in: context)
    addWeightGathers(in: context)
  }

  /// What unfused attention keeps of its scores: softmax output (2 bytes), and with dropout its
  /// mask (1) and output (2): 5·a·s²·b of Korthikanti et al. 2022, equation 1.
  private func scoreBytes(of layer: Layer, in context: LayerContext) -> ByteCount {
    guard context.attention == .unfused else { return .zero }
    let perScore = context.activationBytes + (context.usesDropout ? 1 + context.activationBytes : 0)
    return layer.operators.reduce(.zero) { sum, op in
      guard case .attention(let shape) = op.work else { return sum }
      let keys = Double(min(context.sequenceLength, shape.window ?? .max))
      return sum
        + ByteCount(context.tokens * keys * Double(shape.heads) / context.tensor * perScore)
    }
  }

  private mutating func add(_ op: Operator, isRowParallel: Bool, in context: LayerContext) {
    keep(op, in: context)
    switch op.work {
    case .matrixProduct(let inputs, let outputs):
      addProduct(op, Double(inputs), Double(outputs), isRowParallel: isRowParallel, in: context)
    case .expertProduct(let inputs, let outputs, let experts, let active):
      addExperts(
        op, Double(inputs), Double(outputs), experts: Double(experts), active: Double(active),
        in: context)
    case .attention(let shape): addAttention(shape, in: context)
    case .lookup(let width): addLookup(op, Double(width), in: context)
    case .elementwise(let elements):
      let shards = op.sharding == .tensor ? context.tensor : context.sequenceShards
      let bytes =
        elements * context.tokens / shards * context.activationBytes * context.trafficFactor
      forward.compute += context.kernels.traffic(bytes)
      backward.compute += context.kernels.traffic(bytes * elementwiseBackwardFactor)
    case .crossEntropy(let classes):
      let logits = Double(classes) / context.tensor * context.tokens
      let passed = logits * context.trafficFactor
      forward.compute += context.kernels.traffic(passed * crossEntropyForwardBytes, kernels: 4)
      backward.compute += context.kernels.traffic(passed * crossEntropyBackwardBytes, kernels: 2)
      // The 16-bit logits, their 32-bit copy and its gradient.
      transient += ByteCount(logits * (context.activationBytes + 8))
    case .expertExchange(let width, let active):
      let bytes = ByteCount(
        context.tokens / context.sequenceShards * Double(width) * context.activationBytes)
      let time = context.collectives.expertExchange(bytes, copies: Double(active))
      forward.expert += time
      backward.expert += time
    case .opaque(let figures): addOpaque(figures, in: context)
    }
  }

  /// Parameters on this GPU, and what the operator keeps for the backward pass.
  private mutating func keep(_ op: Operator, in context: LayerContext) {
    switch op.sharding {
    case .experts:
      expertParameters += Double(op.parameters) / Double(context.parallelism.expert)
    case .columns, .rows, .tensor: parameters += Double(op.parameters) / context.tensor
    case .sequence, .replicated: parameters += Double(op.parameters)
    }
    let shards: Double =
      switch op.sharding {
      case .rows, .tensor: context.tensor
      case .columns, .sequence, .replicated, .experts: context.sequenceShards
      }
    let dropped = context.usesDropout ? op.dropoutElements : 0
    activations += ByteCount(
      context.tokens
        * (op.savedElements * context.activationBytes / shards + dropped / context.sequenceShards))
  }

  private mutating func addProduct(
    _ op: Operator, _ inputs: Double, _ outputs: Double, isRowParallel: Bool,
    in context: LayerContext
  ) {
    var (m, k, n) = (context.tokens, inputs, outputs)
    switch op.sharding {
    case .columns: n /= context.tensor
    case .rows: k /= context.tensor
    case .tensor: n /= context.tensor
    case .sequence: m /= context.sequenceShards
    case .experts, .replicated: break
    }
    // The head and the router stay in 16 bits or more.
    let narrow = isRowParallel && op.sharding != .replicated
    forward.compute += context.kernels.matrixProduct(m: m, n: n, k: k, lowPrecision: narrow)
    let inputGradient = context.kernels.matrixProduct(m: m, n: k, k: n, lowPrecision: narrow)
    let weights = context.kernels.matrixProduct(m: k, n: n, k: m, lowPrecision: narrow)
    backward.compute += inputGradient + weights
    weightGradient += weights
    // One exchange a tensor-parallel region: charged where its partial sums meet, or, for the
    // head, which has no such place, where its input's gradient does.
    let width: Double
    switch op.sharding {
    case .rows: width = outputs
    case .columns where !isRowParallel: width = inputs
    case .columns, .tensor, .sequence, .replicated, .experts: return
    }
    let bytes = ByteCount(context.tokens * width * context.activationBytes)
    let exchange = context.collectives.tensorExchange(bytes)
    if op.sharding == .rows { forward.tensor += exchange }
    backward.tensor += exchange
  }

  private mutating func addLookup(_ op: Operator, _ width: Double, in context: LayerContext) {
    let bytes = context.tokens * width * context.activationBytes
    forward.compute += context.kernels.traffic(2 * bytes)
    backward.compute += context.kernels.traffic(4 * bytes)
    if op.sharding == .rows {
      forward.tensor += context.collectives.tensorExchange(ByteCount(bytes))
    }
  }

  /// Experts of one GPU: its own tokens' copies leave and as many others' arrive, the busiest
  /// expert's share above the mean by the fitted imbalance.
  private mutating func addExperts(
    _ op: Operator, _ inputs: Double, _ outputs: Double, experts: Double, active: Double,
    in context: LayerContext
  ) {
    let expertDegree = Double(context.parallelism.expert)
    let local = max(1, experts / expertDegree)
    let copies =
      context.tokens / context.sequenceShards * active * context.kernels.software.expertImbalance
    let m = copies / local
    let product = context.kernels.matrixProduct(m: m, n: outputs, k: inputs, batch: local)
    let weights = context.kernels.matrixProduct(m: inputs, n: outputs, k: m, batch: local)
    forward.compute += product
    backward.compute +=
      context.kernels.matrixProduct(m: m, n: inputs, k: outputs, batch: local) + weights
    weightGradient += weights
  }

  private mutating func addAttention(_ shape: Operator.Attention, in context: LayerContext) {
    let heads = Double(shape.heads) / context.tensor
    let sequence = Double(context.sequenceLength)
    let window = min(sequence, Double(shape.window ?? .max))
    let dimensions = Double(shape.keyDimension + shape.valueDimension)
    let kernels = context.kernels
    switch context.attention {
    case .fused:
      // The mask leaves w·s − w²/2 of a sequence's pairs (half of s² without a window).
      let keys = window - window * window / (2 * sequence)
      let time =
        kernels.fusedAttention(
          flops: FLOPs(2 * heads * dimensions * context.tokens * keys),
          headDimension: dimensions / 2, keys: keys)
        / (context.isModular ? kernels.software.modularAttention : 1)
      forward.compute += time
      backward.compute += time * fusedBackwardFactor
      selectiveRecompute.compute += time
      addRing(shape, behind: time, time * fusedBackwardFactor, in: context)
    case .unfused:
      let scores = heads * context.tokens * sequence * context.activationBytes
      let dropout = context.usesDropout ? dropoutPasses : 0
      // Q·Kᵀ and P·V, of the same size.
      let product =
        kernels.matrixProduct(
          m: sequence / Double(context.parallelism.context), n: sequence, k: dimensions / 2,
          lowPrecision: false, batch: heads * Double(context.parallelism.microBatchSize)) * 2.0
      let time = product + kernels.traffic(scores * (unfusedForwardPasses + dropout), kernels: 3)
      let back =
        product * 2.0 + kernels.traffic(scores * (unfusedBackwardPasses + dropout), kernels: 4)
      forward.compute += time
      backward.compute += back
      selectiveRecompute.compute += time
      addRing(shape, behind: time, back, in: context)
    }
  }

  /// Ring attention (Liu et al. 2023): keys and values travel once around the context group
  /// forward, and with their gradients backward, behind the attention of the block at hand.
  private mutating func addRing(
    _ shape: Operator.Attention, behind forwardCompute: Seconds, _ backwardCompute: Seconds,
    in context: LayerContext
  ) {
    guard context.parallelism.context > 1 else { return }
    let bytes = ByteCount(
      context.tokens * Double(shape.keyValueHeads) / context.tensor
        * Double(shape.keyDimension + shape.valueDimension) * context.activationBytes)
    let time = context.collectives.contextExchange(bytes)
    forward.context += max(time - forwardCompute, .zero)
    backward.context += max(time * 2.0 - backwardCompute, .zero)
  }

  private mutating func addOpaque(_ figures: Operator.Opaque, in context: LayerContext) {
    let sequences = Double(context.parallelism.microBatchSize)
    let estimate = context.kernels.opaque(FLOPs(figures.forwardFLOPs * sequences))
    let time = figures.forwardSeconds.map { Seconds($0 * sequences) } ?? estimate
    let back = figures.backwardSeconds.map { Seconds($0 * sequences) } ?? time * 2.0
    forward.compute += time
    backward.compute += back
    weightGradient += back / 2
    activations += ByteCount(figures.savedBytes * sequences)
  }

  /// Fully sharded weights are gathered before each pass, and their gradients scattered after the
  /// backward one, behind the layer's own compute as far as that reaches.
  private mutating func addWeightGathers(in context: LayerContext) {
    guard context.parallelism.zeroStage == .weights, parameters + expertParameters > 0 else {
      return
    }
    let gather = context.collectives.gatherWeights(
      parameters: parameters, expertParameters: expertParameters,
      bytesEach: context.activationBytes)
    let scatter = context.collectives.gatherWeights(
      parameters: parameters, expertParameters: expertParameters,
      bytesEach: context.gradientBytes)
    let overlap = context.kernels.software.weightGatherOverlap
    func exposed(_ traffic: Seconds, behind compute: Seconds) -> Seconds {
      max(traffic - compute * overlap, .zero)
    }
    forward.data += exposed(gather, behind: forward.compute)
    backward.data += exposed(gather + scatter, behind: backward.compute)
  }
}
