/// One operator of a layer, described per token so that it does not depend on the sequence length,
/// the batch or the way the work is split.
///
/// Costing multiplies by the tokens of a micro-batch, divides by the parallel degrees that
/// `sharding` allows, and adds the communication that `sharding` implies.
package struct Operator: Hashable, Sendable {
  package enum Work: Hashable, Sendable {
    /// `y = x·W` with `W` of `inputs` x `outputs`: 2·inputs·outputs FLOPs a token.
    case matrixProduct(inputs: Int, outputs: Int)
    /// Every token goes through `active` of `experts` matrices of `inputs` x `outputs`:
    /// 2·active·inputs·outputs FLOPs a token.
    case expertProduct(inputs: Int, outputs: Int, experts: Int, active: Int)
    /// Scaled dot-product attention, softmax(Q·Kᵀ)·V: 2·heads·(keyDimension + valueDimension) FLOPs
    /// for each pair of a query and a key. A `window` bounds the keys that a query sees.
    case attention(Attention)
    /// A table look-up of `width` elements a token.
    case lookup(width: Int)
    /// A kernel bound by memory: reads and writes `elements` activations a token, forward.
    case elementwise(elements: Double)
    /// Softmax and cross-entropy over `classes` logits a token, in 32 bits.
    case crossEntropy(classes: Int)
    /// Sends each token to the experts chosen for it (or back): `width` elements, `active` copies.
    case expertExchange(width: Int, active: Int)
    /// A step known only by its figures, for one sequence at the length the graph was given for.
    case opaque(Opaque)
  }

  /// How parallel degrees split an operator, and what that makes the GPUs exchange.
  package enum Sharding: String, Hashable, Sendable {
    /// Output features over the tensor group; with sequence parallelism the input is gathered first.
    case columns
    /// Input features over the tensor group; the partial outputs are reduced
    /// (all-reduce, or reduce-scatter with sequence parallelism).
    case rows
    /// Heads or features over the tensor group, without communication of its own.
    case tensor
    /// Every GPU of the tensor group does the same, unless sequence parallelism splits the tokens.
    case sequence
    /// Experts over the expert group.
    case experts
    /// Every GPU of the tensor group does the same, always.
    case replicated
  }

  package var name: String
  /// All else, which is numbers alone: costing copies them for each split, and a name would be retained.
  package var figures: Figures

  package struct Figures: Hashable, Sendable {
    package var work: Work
    package var sharding: Sharding
    /// Parameters (weights, biases, scales) that the operator owns.
    package var parameters: Int
    /// Activation elements a token that stay in memory for the backward pass (none of what attention
    /// keeps for its scores: costing knows how attention is computed). Routed copies are counted.
    package var savedElements: Double
    /// One-byte elements a token kept when the model is trained with dropout.
    package var dropoutElements: Double
    /// Sorts tokens by expert, or back: scattered reads and writes.
    package var isPermutation: Bool
  }

  package var work: Work { figures.work }
  package var sharding: Sharding { figures.sharding }
  package var parameters: Int { figures.parameters }
  package var savedElements: Double { figures.savedElements }
  package var dropoutElements: Double { figures.dropoutElements }

  package init(
    _ name: String, _ work: Work, sharding: Sharding, parameters: Int = 0,
    savedElements: Double = 0, dropoutElements: Double = 0, isPermutation: Bool = false
  ) {
    self.name = name
    figures = Figures(
      work: work, sharding: sharding, parameters: parameters, savedElements: savedElements,
      dropoutElements: dropoutElements, isPermutation: isPermutation)
  }
}

extension Operator {
  /// The shape of an attention operator.
  package struct Attention: Hashable, Sendable {
    package var heads: Int
    /// Heads of keys and values (equal to `heads` for multi-head, fewer for grouped-query attention).
    package var keyValueHeads: Int
    /// Elements of one head's query and key.
    package var keyDimension: Int
    /// Elements of one head's value.
    package var valueDimension: Int
    /// Keys that a query sees at most, itself included.
    package var window: Int?

    package init(
      heads: Int, keyValueHeads: Int, keyDimension: Int, valueDimension: Int, window: Int? = nil
    ) {
      self.heads = heads
      self.keyValueHeads = keyValueHeads
      self.keyDimension = keyDimension
      self.valueDimension = valueDimension
      self.window = window
    }
  }

  /// What is known of a step that its owner gave only as figures.
  package struct Opaque: Hashable, Sendable {
    /// Forward floating-point operations of one sequence.
    package var forwardFLOPs: Double
    /// Bytes that one sequence leaves in memory for the backward pass.
    package var savedBytes: Double
    /// Measured seconds of one sequence forward and backward, if any.
    package var forwardSeconds: Double?
    package var backwardSeconds: Double?

    package init(
      forwardFLOPs: Double, savedBytes: Double, forwardSeconds: Double? = nil,
      backwardSeconds: Double? = nil
    ) {
      self.forwardFLOPs = forwardFLOPs
      self.savedBytes = savedBytes
      self.forwardSeconds = forwardSeconds
      self.backwardSeconds = backwardSeconds
    }
  }
}
