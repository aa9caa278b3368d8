import Hardware
import Quantities
import Workload

/// Where costs of layers come from: the analytic model, or measurements.
package protocol LayerCosting: Sendable {
  /// What each distinct layer of the graph (`LayerGraph.kinds`) costs under one split.
  func layerCosts(_ parallelism: LayerParallelism) -> [LayerCost]
}

/// The analytic cost model of one job on one pool.
///
/// A class, as a search asks it for every split and it never changes.
package final class CostModel: LayerCosting {
  package let graph: LayerGraph
  package let pool: Pool
  package let job: TrainingJob
  package let parameters: CostParameters
  package let chip: ChipEfficiency
  package let kernels: KernelTime
  private let network: NetworkRates
  private let measuredNetwork: MeasuredNetwork?
  /// By cut: before each node and behind the last, or the down-sets that were given.
  private let crossings: [Crossing]
  /// Of layers, where there are any.
  package let measurements: (any LayerMeasurements)?
  private let hasExperts: Bool
  /// The model's FLOPs of one step, forward and backward, by counting matrix products: no
  /// recomputation, no causal discount (Narayanan et al. 2021, equation 3, generalised).
  package let modelFLOPs: FLOPs

  /// - Parameter downSets: Where the graph is cut, if not between neighbours of its order.
  package convenience init(
    graph: LayerGraph, pool: Pool, job: TrainingJob, parameters: CostParameters,
    downSets: DownSets? = nil, measurements: (any LayerMeasurements)? = nil
  ) {
    self.init(
      graph, downSets.map(graph.crossings(of:)) ?? graph.crossings, pool, job, parameters,
      measurements)
  }

  private init(
    _ graph: LayerGraph, _ crossings: [Crossing], _ pool: Pool, _ job: TrainingJob,
    _ parameters: CostParameters, _ measurements: (any LayerMeasurements)?,
    modelFLOPs: FLOPs? = nil
  ) {
    self.graph = graph
    self.crossings = crossings
    self.pool = pool
    self.job = job
    self.parameters = parameters
    self.measurements = measurements
    hasExperts = graph.hasExperts
    self.modelFLOPs = modelFLOPs ?? graph.productFLOPs(of: job)
    chip = parameters.chip(pool.accelerator.architecture)
    kernels = KernelTime(
      pool.accelerator, precision: job.precision, chip: chip, software: parameters.software)
    network = NetworkRates(pool, chip: chip, software: parameters.software)
    measuredNetwork = pool.measuredNetwork
  }

  /// The same model's costs on another pool and in another job.
  package func with(_ pool: Pool, _ job: TrainingJob) -> CostModel {
    CostModel(
      graph, crossings, pool, job, parameters, measurements,
      modelFLOPs: job == self.job ? modelFLOPs : nil)
  }

  /// Fused where the chip has such kernels and the job's framework uses them: those of the years of loss
  /// scaling came before FlashAttention.
  package var attentionKernel: AttentionKernel {
    if let chosen = job.attention { return chosen }
    switch pool.accelerator.architecture {
    case .volta, .turing: return .unfused
    case .ampere, .ada, .hopper, .blackwell, .graceBlackwell, .blackwellUltra, .cdna2, .cdna3,
      .cdna4, .gaudi, .tpu, .davinci:
      return job.isLossScaled ? .unfused : .fused
    }
  }

  /// The kind of framework that a split implies (see `SoftwareStack`).
  package func stack(_ parallelism: LayerParallelism) -> SoftwareStack {
    SoftwareStack(job, parallelism, hasExperts: hasExperts)
  }

  /// What one GPU keeps of weights, gradients and optimizer states.
  package func states(_ parallelism: LayerParallelism) -> StateMemory {
    StateMemory(
      job, parallelism, stack: stack(parallelism),
      keepsTransposes: !pool.accelerator.multipliesAnyLayoutIn8Bits)
  }

  package func collectives(_ parallelism: LayerParallelism) -> CollectiveTime {
    CollectiveTime(
      network, measured: measuredNetwork, gpus: pool.gpus, parallelism: parallelism, chip: chip,
      software: parameters.software, stack: stack(parallelism))
  }

  package func layerCosts(_ parallelism: LayerParallelism) -> [LayerCost] {
    let stack = stack(parallelism)
    let efficiency = parameters.stack(stack)
    let context = LayerContext(
      kernels: kernels.running(stack, efficiency), stack: stack, efficiency: efficiency,
      collectives: collectives(parallelism), parallelism: parallelism,
      sequenceLength: job.sequenceLength, hiddenSize: graph.hiddenSize,
      attention: attentionKernel, usesDropout: job.usesDropout,
      activationBytes: job.precision.activationBytes, gradientBytes: job.gradientBytes,
      scatteredGradientBytes: job.scatteredGradientBytes)
    var costs = graph.kinds.map { LayerCost(of: $0, in: context) }
    if let measurements { costs = measurements.replacing(costs, for: parallelism) }
    for index in costs.indices { costs[index].addWeightGathers(in: context) }
    return costs
  }

  /// Bytes of one micro-batch, on one GPU, that cross a cut: from the nodes before `cut`, or of the
  /// down-set of that number, to the rest.
  /// Tensor-parallel ranks send disjoint parts (Narayanan et al. 2021, section 4.1).
  package func boundaryBytes(at cut: Int, _ parallelism: LayerParallelism) -> ByteCount {
    let sequences = Double(parallelism.microBatchSize)
    let tokens = sequences * Double(job.sequenceLength) / Double(parallelism.context)
    let bytes =
      crossings[cut].elementsPerToken * tokens * job.precision.activationBytes
      + crossings[cut].bytesPerSequence * sequences
    return ByteCount(bytes / Double(parallelism.tensor))
  }
}

extension LayerGraph {
  /// Of one step, forward and backward.
  fileprivate func productFLOPs(of job: TrainingJob) -> FLOPs {
    let perKind = kinds.map { $0.productFLOPs(job: job) }
    let tokens = Double(job.globalBatchSize) * Double(job.sequenceLength)
    return FLOPs(3 * nodes.reduce(0) { $0 + perKind[$1.kind] } * tokens)
  }
}

extension Layer {
  /// FLOPs a token of the layer's products, forward.
  fileprivate func productFLOPs(job: TrainingJob) -> Double {
    operators.reduce(0) { sum, op in
      switch op.work {
      case .matrixProduct(let inputs, let outputs):
        sum + 2 * Double(inputs) * Double(outputs)
      case .expertProduct(let inputs, let outputs, _, let active):
        sum + 2 * Double(inputs) * Double(outputs) * Double(active)
      case .attention(let shape):
        sum + 2 * Double(shape.heads) * Double(shape.keyDimension + shape.valueDimension)
          * Double(min(job.sequenceLength, shape.window ?? .max))
      case .opaque(let figures):
        sum + figures.forwardFLOPs / Double(job.sequenceLength)
      case .lookup, .elementwise, .crossEntropy, .expertExchange: sum
      }
    }
  }
}
