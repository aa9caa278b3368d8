import Costing
import Hardware

extension CostParameterSlot {
  /// Everything that published runs can teach, with what is known without them: microbenchmarks of
  /// products, attention, memory and NCCL on such chips.
  package static func all(for architectures: [Accelerator.Architecture]) -> [CostParameterSlot] {
    var slots: [CostParameterSlot] = []
    for architecture in architectures {
      for field in ChipField.allCases where isUsed(field, on: architecture) {
        slots.append(chip(architecture, field))
      }
    }
    for field in SoftwareField.allCases { slots.append(software(field)) }
    for stack in SoftwareStack.allCases {
      for field in StackField.allCases where isUsed(field, by: stack) {
        slots.append(self.stack(stack, field))
      }
    }
    return slots
  }

  /// Chips before Ampere run no fully sharded or fused stack, those before Hopper no 8-bit products.
  private static func isUsed(
    _ field: ChipField, on architecture: Accelerator.Architecture
  ) -> Bool {
    switch (architecture, field) {
    case (.volta, .matrix), (.volta, .memory), (.volta, .scaleUp), (.volta, .network): true
    case (.turing, .matrix), (.turing, .memory), (.turing, .scaleUp), (.turing, .network): true
    case (.volta, _), (.turing, _): false
    case (.ampere, .matrixFP8), (.ampere, .expertWait): false
    default: true
    }
  }

  /// The chips' rates are those of the fused stack.
  private static func isUsed(_ field: StackField, by stack: SoftwareStack) -> Bool {
    switch (stack, field) {
    case (.fullySharded, .matrix), (.fused, .matrix): false
    case (.lossScaled, .traffic): false
    case (.fullySharded, _) where field.followsFromJob: false
    case (.lossScaled, .stepOverhead): false
    default: true
    }
  }

  package static func usual(_ place: Place) -> CostParameterSlot {
    switch place {
    case .chip(let architecture, let field): chip(architecture, field)
    case .software(let field): software(field)
    case .stack(let stack, let field): self.stack(stack, field)
    }
  }

  package static func chip(
    _ architecture: Accelerator.Architecture, _ field: ChipField
  ) -> CostParameterSlot {
    let (prior, spread, bounds): (Double, Double, ClosedRange<Double>) =
      switch field {
      // A T4 holds its clock for moments only: 70 W feed a third of its peak.
      case .matrix: architecture == .turing ? (0.4, 0.3, 0.2...1.1) : (0.94, 0.12, 0.4...1.1)
      case .matrixFP8: (0.81, 0.12, 0.4...1.1)
      case .attention: (0.69, 0.25, 0.12...1.2)
      case .shardedMatrix: (0.89, 0.12, 0.4...1.1)
      case .shardedAttention: (0.41, 0.4, 0.08...1.2)
      // Copies reach 69 % on a T4 (Jia et al. 2019, "Dissecting the NVidia Turing T4 GPU").
      case .memory: architecture == .turing ? (0.69, 0.1, 0.2...1.1) : (0.85, 0.1, 0.65...1.1)
      case .scaleUp: (0.8, 0.12, 0.2...1)
      case .network: (0.75, 0.15, 0.1...1)
      // Cut into as many pieces as there are ranks, mostly 8, the first or the last always shows.
      case .tensorExposure: (0.6, 0.3, 0.125...1.2)
      // Some hundred launches of 5 to 10 µs.
      case .expertWait: (1e-3, 0.8, 1e-5...1e-2)
      }
    return CostParameterSlot(
      .chip(architecture, field), prior: prior, spread: spread, bounds: bounds)
  }

  package static func software(_ field: SoftwareField) -> CostParameterSlot {
    let (prior, spread, bounds): (Double, Double, ClosedRange<Double>) =
      switch field {
      case .matrixFill: (100, 0.6, 5...800)
      case .matrixWave: (6e5, 0.7, 1e4...8e6)
      case .kernelLaunch: (3e-6, 0.4, 5e-7...1e-5)
      case .scaleUpLatency: (5e-6, 0.7, 5e-7...1e-4)
      case .networkLatency: (12e-6, 0.7, 1e-6...2e-4)
      case .gradientOverlap: (0.6, 0.4, 0.05...1)
      case .weightGatherOverlap: (0.8, 0.2, 0.05...1)
      case .gathersPerLayer: (10, 0.4, 1...40)
      case .stepOverhead: (3e-3, 0.8, 1e-4...0.3)
      case .microBatchOverhead: (2e-4, 0.8, 1e-6...5e-3)
      // The vector units of an A100 do a sixteenth of what its matrix units do.
      case .misalignedRate: (0.0625, 0.3, 0.02...1)
      case .attentionHalfHead: (20, 1, 0.5...200)
      case .attentionHalfLength: (150, 1, 1...3000)
      case .scoreTraffic: (1, 0.3, 0.3...3)
      case .castTraffic: (1, 0.5, 0.05...6)
      case .expertRate: (0.75, 0.3, 0.2...1.2)
      case .expertTraffic: (1.5, 0.5, 0.2...6)
      // As with tensor-parallel traffic, some of what is cut into pieces always shows.
      case .expertExposure: (1, 0.4, 0.125...3)
      case .expertNetworkExposure: (1, 0.4, 0.125...4)
      }
    return CostParameterSlot(.software(field), prior: prior, spread: spread, bounds: bounds)
  }

  package static func stack(_ stack: SoftwareStack, _ field: StackField) -> CostParameterSlot {
    let isOld = stack == .lossScaled
    let (prior, spread, bounds): (Double, Double, ClosedRange<Double>) =
      switch field {
      case .matrix: (0.85, 0.25, 0.5...1.1)
      case .backward: (isOld ? 1 : 1.05, 0.03, 0.85...1.2)
      case .traffic: (stack == .fused ? 1.3 : 1.5, 0.3, 0.8...4)
      case .hostForward, .hostBackward: (isOld ? 3e-5 : 6e-6, 0.6, 5e-7...1e-3)
      case .stepOverhead: (10e-3, 0.8, 1e-4...0.3)
      case .stragglerGrowth: (isOld ? 0.01 : 0.005, 0.8, 1e-4...0.08)
      }
    return CostParameterSlot(.stack(stack, field), prior: prior, spread: spread, bounds: bounds)
  }
}
