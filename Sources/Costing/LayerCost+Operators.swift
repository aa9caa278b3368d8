import Quantities
import Workload

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
/// Bytes a logit of a fused loss: forward reads the 16-bit logits for the maximum and sum, and once more;
/// backward reads them, and writes the gradient and reads it again. Measured on an H100 for the compiled
/// loss of PyTorch 2.11: 10 bytes in all, for vocabularies of 32,000 to 128,256.
private let crossEntropyForwardBytes = 4.0
private let crossEntropyBackwardBytes = 6.0
/// The same where every step is a kernel of its own (Megatron-LM's `vocab_parallel_cross_entropy` of
/// 2020 to 2022): forward widens (6), takes the maximum (4), subtracts it (8), takes exponents (8), sums
/// them (4) and divides (8); backward multiplies (8) and narrows (6).
private let unfusedCrossEntropyForwardBytes = 38.0
private let unfusedCrossEntropyBackwardBytes = 14.0

extension LayerCost {
  /// Sums the operators of a layer, without the gathers of sharded weights. Complexity: O(operators).
  package init(of layer: borrowing Layer, in context: borrowing LayerContext) {
    self.init()
    canRecompute = layer.kind == .transformerBlock
    let operators = layer.operators
    var isRowParallel = false
    for index in operators.indices where operators[index].figures.isRowSharded {
      isRowParallel = true
    }
    for index in operators.indices {
      add(operators[index].figures, isRowParallel: isRowParallel, in: context)
    }
    feedFromHost(operators, in: context)
    context.collectives.hide(&forward)
    context.collectives.hide(&backward)
    if context.stack == .fullySharded, canRecompute {
      selectByOperator(layer, isRowParallel: isRowParallel, in: context)
    }
    if canRecompute {
      // A full recomputation runs the forward pass again, its collectives included.
      fullRecompute = forward
      fullActivations = ByteCount(
        context.tokens * Double(context.hiddenSize) * context.activationBytes
          / context.sequenceShards)
    } else {
      fullActivations = activations
    }
    if context.stack != .fullySharded || !canRecompute { selectiveActivations += activations }
    activations += scoreBytes(of: layer, in: context)
  }

  /// What PyTorch's stacks call selective: attention's output and every other product's are kept,
  /// beside the layer's input, and all else is computed again (torchtitan's
  /// `activation_checkpoint.selective_ac_option = "op"`).
  private mutating func selectByOperator(
    _ layer: Layer, isRowParallel: Bool, in context: LayerContext
  ) {
    var kept = Double(context.hiddenSize) / context.sequenceShards
    var again = LayerCost()
    for index in layer.operators.indices {
      let op = layer.operators[index].figures
      switch op.work {
      case .attention(let shape):
        kept += Double(shape.heads * shape.valueDimension) / context.tensor
      case .matrixProduct(_, let outputs):
        let shards = op.sharding == .columns || op.sharding == .tensor ? context.tensor : 1
        kept += Double(outputs) / shards / 2
        var product = LayerCost()
        product.add(op, isRowParallel: isRowParallel, in: context)
        again.forward.compute += product.forward.compute * 0.5
      case .expertProduct(_, let outputs, _, let active):
        kept += Double(outputs * active) / context.sequenceShards / 2
        var product = LayerCost()
        product.add(op, isRowParallel: isRowParallel, in: context)
        again.forward.compute += product.forward.compute * 0.5
      case .elementwise, .lookup, .crossEntropy, .expertExchange, .opaque:
        again.add(op, isRowParallel: isRowParallel, in: context)
      }
    }
    selectiveActivations = ByteCount(context.tokens * kept * context.activationBytes)
    selectiveRecompute = again.forward
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

  /// Kernels run one after the other, or as fast as the host launches them, whichever is slower:
  /// (gpu⁴ + host⁴)^¼, as a layer has some of either kind. A router's counts come on top, as nothing can
  /// be launched before them. Then the backward pass takes its factor.
  private mutating func feedFromHost(_ operators: [Operator], in context: LayerContext) {
    var (ahead, back) = (0.0, 0.0)
    var waits = false
    for index in operators.indices {
      let op = operators[index].figures
      waits = waits || op.sizesAreRouted(in: context)
      let kernels = op.kernels(in: context)
      ahead += kernels.forward
      back += kernels.backward
      if context.parallelism.tensor > 1, op.isRowSharded {
        ahead += 2
        back += 2
      }
    }
    forward.compute = Self.slower(forward.compute, context.efficiency.hostForward * ahead)
    if waits { forward.compute += context.kernels.chip.expertWait }
    let fed = Self.slower(backward.compute, context.efficiency.hostBackward * back)
    let factor = context.backwardFactor
    let growth = backward.compute > .zero ? fed / backward.compute * factor : 1
    weightGradient = weightGradient * growth
    backward.compute = fed * factor
  }

  private static func slower(_ a: Seconds, _ b: Seconds) -> Seconds {
    let (p, q) = (a.value * a.value, b.value * b.value)
    return Seconds((p * p + q * q).squareRoot().squareRoot())
  }

  private mutating func add(
    _ op: Operator.Figures, isRowParallel: Bool, in context: LayerContext
  ) {
    keep(op, in: context)
    switch op.work {
    case .matrixProduct(let inputs, let outputs):
      addProduct(op, Double(inputs), Double(outputs), isRowParallel: isRowParallel, in: context)
    case .expertProduct(let inputs, let outputs, let experts, let active):
      addExperts(
        op, Double(inputs), Double(outputs), experts: experts, active: Double(active),
        in: context)
    case .attention(let shape): addAttention(shape, in: context)
    case .lookup(let width): addLookup(op, Double(width), in: context)
    case .elementwise(let elements):
      let shards = op.sharding == .tensor ? context.tensor : context.sequenceShards
      let bytes =
        elements * context.tokens / shards * context.activationBytes * context.trafficFactor
        * (op.isPermutation ? context.kernels.software.expertTraffic : 1)
      forward.compute += context.kernels.traffic(bytes)
      backward.compute += context.kernels.traffic(bytes * elementwiseBackwardFactor)
    case .crossEntropy(let classes):
      let logits = Double(classes) / context.tensor * context.tokens
      let passed = logits * context.trafficFactor
      let isFused = context.stack != .lossScaled
      let ahead = isFused ? crossEntropyForwardBytes : unfusedCrossEntropyForwardBytes
      let back = isFused ? crossEntropyBackwardBytes : unfusedCrossEntropyBackwardBytes
      forward.compute += context.kernels.traffic(passed * ahead, kernels: 4)
      backward.compute += context.kernels.traffic(passed * back, kernels: 2)
      // The 16-bit logits, their 32-bit copy and its gradient, which PyTorch's compiled loss writes
      // over the copy.
      let copies = context.stack == .fullySharded ? 4.0 : 8
      transient += ByteCount(logits * (context.activationBytes + copies))
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
  private mutating func keep(_ op: Operator.Figures, in context: LayerContext) {
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
        * (op.savedElements * savedBytes(op, in: context) / shards
          + dropped / context.sequenceShards))
  }

  /// Transformer Engine keeps the inputs of 8-bit products in 8 bits; PyTorch's stacks keep them as
  /// they were.
  private func savedBytes(_ op: Operator.Figures, in context: LayerContext) -> Double {
    guard canRecompute, context.kernels.castsInputs, context.stack == .fused else {
      return context.activationBytes
    }
    switch op.work {
    case .matrixProduct: return op.sharding == .replicated ? context.activationBytes : 1
    case .expertProduct: return 1
    case .attention, .lookup, .elementwise, .crossEntropy, .expertExchange, .opaque:
      return context.activationBytes
    }
  }

  private mutating func addProduct(
    _ op: Operator.Figures, _ inputs: Double, _ outputs: Double, isRowParallel: Bool,
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
    let (rows, columns, inner) = (ProductSide(m), ProductSide(n), ProductSide(k))
    forward.compute += context.kernels.matrixProduct(
      m: rows, n: columns, k: inner, lowPrecision: narrow)
    let inputGradient = context.kernels.matrixProduct(
      m: rows, n: inner, k: columns, lowPrecision: narrow)
    let (product, accumulation) = context.weightGradient(
      m: inner, n: columns, k: rows, lowPrecision: narrow)
    backward.compute += inputGradient + product + accumulation
    weightGradient += product + accumulation
    if narrow {
      forward.compute += context.kernels.casting(m * k)
      backward.compute += context.kernels.casting(m * n)
    }
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
    if op.isRowSharded { forward.tensor += exchange }
    backward.tensor += exchange
  }

  private mutating func addLookup(
    _ op: Operator.Figures, _ width: Double, in context: LayerContext
  ) {
    let bytes = context.tokens * width * context.activationBytes
    forward.compute += context.kernels.traffic(2 * bytes)
    backward.compute += context.kernels.traffic(4 * bytes)
    if op.isRowSharded {
      forward.tensor += context.collectives.tensorExchange(ByteCount(bytes))
    }
  }

  /// Experts of one GPU: its own tokens' copies leave and as many others' arrive. Groups are padded
  /// to whole tiles, so that their size needs no alignment.
  private mutating func addExperts(
    _ op: Operator.Figures, _ inputs: Double, _ outputs: Double, experts: Int, active: Double,
    in context: LayerContext
  ) {
    let local = context.localExperts(of: experts)
    let copies = context.tokens / context.sequenceShards * active
    let m = copies / local
    let kernels = context.kernels
    func product(_ m: Double, _ n: Double, _ k: Double) -> Seconds {
      kernels.matrixProduct(m: m, n: n, k: k, batch: local, isPadded: true)
        / kernels.software.expertRate
    }
    let (gradient, accumulation) = context.weightGradient(
      m: ProductSide(inputs), n: ProductSide(outputs), k: ProductSide(m), batch: local,
      isPadded: true)
    let weights = gradient / kernels.software.expertRate + accumulation
    forward.compute += product(m, outputs, inputs) + kernels.casting(copies * inputs)
    backward.compute +=
      product(m, inputs, outputs) + weights + kernels.casting(copies * outputs)
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
      let passes = kernels.software.scoreTraffic
      let time =
        product
        + kernels.traffic(scores * (unfusedForwardPasses + dropout) * passes, kernels: 3)
      let back =
        product * 2.0
        + kernels.traffic(scores * (unfusedBackwardPasses + dropout) * passes, kernels: 4)
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
  /// backward one, behind the layer's own compute as far as that reaches. A recomputation runs with the
  /// weights that the backward pass has gathered, and hides more of both.
  ///
  /// Comes last: measured compute hides what it takes.
  mutating func addWeightGathers(in context: LayerContext) {
    guard context.parallelism.zeroStage == .weights, parameters + expertParameters > 0 else {
      return
    }
    let isLossScaled = context.stack == .lossScaled
    let pieces = isLossScaled ? context.kernels.software.gathersPerLayer : 1
    func traffic(_ bytesEach: Double) -> Seconds {
      context.collectives.gatherWeights(
        parameters: parameters, expertParameters: expertParameters, bytesEach: bytesEach,
        pieces: pieces)
    }
    let gather = traffic(context.activationBytes)
    let scatter = traffic(context.scatteredGradientBytes)
    let overlap = isLossScaled ? 0 : context.kernels.software.weightGatherOverlap
    func exposed(_ traffic: Seconds, behind compute: Seconds) -> Seconds {
      context.kernels.software.exposed(traffic, behind: compute * overlap)
    }
    // The layer's weights and, gathered ahead, the next one's.
    transient += ByteCount(2 * (parameters + expertParameters) * context.activationBytes)
    forward.data += exposed(gather, behind: forward.compute)
    let shown = exposed(gather + scatter, behind: backward.compute)
    func hidden(behind again: PassTime) -> Seconds {
      let left = exposed(gather + scatter, behind: backward.compute + again.compute)
      // Rounding must not make recomputing cost less than nothing.
      return max(left - shown, .zero - again.compute)
    }
    backward.data += shown
    selectiveRecompute.data += hidden(behind: selectiveRecompute)
    fullRecompute.data += hidden(behind: fullRecompute)
  }
}

extension Operator.Figures {
  fileprivate var isRowSharded: Bool {
    // By pattern: `==` of another module's enumeration is a call through its witness table.
    if case .rows = sharding { true } else { false }
  }

  /// Whether the host must know how many tokens each expert was sent: the loss-scaled stacks cut them
  /// to a capacity that they know before.
  fileprivate func sizesAreRouted(in context: LayerContext) -> Bool {
    guard context.stack != .lossScaled, case .expertProduct = work else { return false }
    return true
  }

  /// Kernels that the host launches for the operator. Experts' products are launched one by one, and
  /// so are the casts of their inputs (Transformer Engine's `GroupedLinear`).
  fileprivate func kernels(in context: LayerContext) -> (forward: Double, backward: Double) {
    switch work {
    case .matrixProduct: return (1, 2)
    case .expertProduct(_, _, let experts, _):
      let local = context.localExperts(of: experts)
      let casts = context.kernels.castsInputs ? local : 0
      return (local + casts, 2 * local + casts)
    case .attention: return context.attention == .unfused ? (6, 8) : (1, 1)
    case .lookup, .elementwise, .opaque: return (1, 1)
    case .crossEntropy: return (6, 4)
    case .expertExchange: return (4, 4)
    }
  }
}
