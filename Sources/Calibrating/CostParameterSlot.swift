import Costing
import Hardware

/// One number of `CostParameters` that measurements can speak about.
package struct CostParameterSlot: Sendable {
  package enum Place: Hashable, Sendable {
    case chip(Accelerator.Architecture, ChipField)
    case software(SoftwareField)
    case stack(SoftwareStack, StackField)
  }

  package enum ChipField: String, Hashable, Sendable, CaseIterable {
    case matrix, matrixFP8 = "matrix_fp8", attention
    case shardedMatrix = "sharded_matrix", shardedAttention = "sharded_attention"
    case memory, scaleUp = "scale_up", network, tensorExposure = "tensor_exposure"
    case expertWait = "expert_wait"

    var path: WritableKeyPath<ChipEfficiency, Double> & Sendable {
      switch self {
      case .matrix: \.matrix
      case .matrixFP8: \.matrixFP8
      case .attention: \.attention
      case .shardedMatrix: \.shardedMatrix
      case .shardedAttention: \.shardedAttention
      case .memory: \.memory
      case .scaleUp: \.scaleUp
      case .network: \.network
      case .tensorExposure: \.tensorExposure
      case .expertWait: \.expertWait.value
      }
    }
  }

  package enum SoftwareField: String, Hashable, Sendable, CaseIterable {
    case matrixFill = "matrix_fill", matrixWave = "matrix_wave"
    case kernelLaunch = "kernel_launch", scaleUpLatency = "scale_up_latency"
    case networkLatency = "network_latency", gradientOverlap = "gradient_overlap"
    case weightGatherOverlap = "weight_gather_overlap", gathersPerLayer = "gathers_per_layer"
    case stepOverhead = "step_overhead", microBatchOverhead = "micro_batch_overhead"
    case misalignedRate = "misaligned_rate", attentionHalfHead = "attention_half_head"
    case attentionHalfLength = "attention_half_length", scoreTraffic = "score_traffic"
    case castTraffic = "cast_traffic", expertRate = "expert_rate"
    case expertTraffic = "expert_traffic", expertExposure = "expert_exposure"
    case expertNetworkExposure = "expert_network_exposure"

    var path: WritableKeyPath<SoftwareEfficiency, Double> & Sendable {
      switch self {
      case .matrixFill: \.matrixFill
      case .matrixWave: \.matrixWave
      case .kernelLaunch: \.kernelLaunch.value
      case .scaleUpLatency: \.scaleUpLatency.value
      case .networkLatency: \.networkLatency.value
      case .gradientOverlap: \.gradientOverlap
      case .weightGatherOverlap: \.weightGatherOverlap
      case .gathersPerLayer: \.gathersPerLayer
      case .stepOverhead: \.stepOverhead.value
      case .microBatchOverhead: \.microBatchOverhead.value
      case .misalignedRate: \.misalignedRate
      case .attentionHalfHead: \.attentionHalfHead
      case .attentionHalfLength: \.attentionHalfLength
      case .scoreTraffic: \.scoreTraffic
      case .castTraffic: \.castTraffic
      case .expertRate: \.expertRate
      case .expertTraffic: \.expertTraffic
      case .expertExposure: \.expertExposure
      case .expertNetworkExposure: \.expertNetworkExposure
      }
    }
  }

  package enum StackField: String, Hashable, Sendable, CaseIterable {
    case matrix, backward, traffic, hostForward = "host_forward", hostBackward = "host_backward"
    case stepOverhead = "step_overhead", stragglerGrowth = "straggler_growth"

    var path: WritableKeyPath<StackEfficiency, Double> & Sendable {
      switch self {
      case .matrix: \.matrix
      case .backward: \.backward
      case .traffic: \.traffic
      case .hostForward: \.hostForward.value
      case .hostBackward: \.hostBackward.value
      case .stepOverhead: \.stepOverhead.value
      case .stragglerGrowth: \.stragglerGrowth
      }
    }

    /// From the job alone, whatever the sharding: a sharded one has the fused stack's.
    var followsFromJob: Bool { self == .stepOverhead || self == .stragglerGrowth }
  }

  package var place: Place
  /// What is expected before any run is seen, how wide (as a natural logarithm), and the limits that
  /// its meaning sets.
  package var prior: Double
  package var spread: Double
  package var bounds: ClosedRange<Double>

  package init(_ place: Place, prior: Double, spread: Double, bounds: ClosedRange<Double>) {
    self.place = place
    self.prior = min(max(prior, bounds.lowerBound), bounds.upperBound)
    self.spread = spread
    self.bounds = bounds
  }

  package var name: String { place.name }

  package func value(in parameters: CostParameters) -> Double { place.value(in: parameters) }

  package func set(_ value: Double, in parameters: inout CostParameters) {
    place.set(value, in: &parameters)
  }

  /// Whether a run on such a chip, of such a stack, can depend on it.
  package func concerns(_ architecture: Accelerator.Architecture, _ stack: SoftwareStack) -> Bool {
    switch place {
    case .chip(let own, let field):
      own == architecture
        && (stack == .fullySharded || (field != .shardedMatrix && field != .shardedAttention))
    case .software: true
    case .stack(let own, let field):
      own == stack
        || (field.followsFromJob && own == .fused && stack == .fullySharded)
    }
  }
}

extension CostParameterSlot.Place {
  package var name: String {
    switch self {
    case .chip(let architecture, let field): "\(architecture.rawValue).\(field.rawValue)"
    case .software(let field): "software.\(field.rawValue)"
    case .stack(let stack, let field): "\(stack.name).\(field.rawValue)"
    }
  }

  /// The place of that name.
  package init?(name: String) {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    if parts[0] == "software" {
      guard let field = CostParameterSlot.SoftwareField(rawValue: parts[1]) else { return nil }
      self = .software(field)
    } else if let stack = SoftwareStack.allCases.first(where: { $0.name == parts[0] }) {
      guard let field = CostParameterSlot.StackField(rawValue: parts[1]) else { return nil }
      self = .stack(stack, field)
    } else if let architecture = Accelerator.Architecture(rawValue: parts[0]) {
      guard let field = CostParameterSlot.ChipField(rawValue: parts[1]) else { return nil }
      self = .chip(architecture, field)
    } else {
      return nil
    }
  }

  /// Every number there is.
  package static let all: [CostParameterSlot.Place] = {
    let chips = Accelerator.Architecture.allCases.flatMap { architecture in
      CostParameterSlot.ChipField.allCases.map { CostParameterSlot.Place.chip(architecture, $0) }
    }
    let stacks = SoftwareStack.allCases.flatMap { stack in
      CostParameterSlot.StackField.allCases.map { CostParameterSlot.Place.stack(stack, $0) }
    }
    return chips + CostParameterSlot.SoftwareField.allCases.map { .software($0) } + stacks
  }()

  package func value(in parameters: CostParameters) -> Double {
    switch self {
    case .chip(let architecture, let field): parameters.chip(architecture)[keyPath: field.path]
    case .software(let field): parameters.software[keyPath: field.path]
    case .stack(let stack, let field): parameters.stack(stack)[keyPath: field.path]
    }
  }

  package func set(_ value: Double, in parameters: inout CostParameters) {
    switch self {
    case .chip(let architecture, let field):
      var chip = parameters.chip(architecture)
      chip[keyPath: field.path] = value
      parameters.chips[architecture] = chip
    case .software(let field): parameters.software[keyPath: field.path] = value
    case .stack(.lossScaled, let field): parameters.lossScaled[keyPath: field.path] = value
    case .stack(.fullySharded, let field): parameters.fullySharded[keyPath: field.path] = value
    case .stack(.fused, let field): parameters.fused[keyPath: field.path] = value
    }
  }
}

extension SoftwareStack {
  var name: String {
    switch self {
    case .lossScaled: "loss_scaled"
    case .fullySharded: "fully_sharded"
    case .fused: "fused"
    }
  }
}
