import Quantities

/// What a plan's step is bound by, and what would shorten it most.
package struct Explanation: Hashable, Sendable {
  /// By its name on the wire.
  package enum Bound: String, Hashable, Sendable, CaseIterable {
    case compute, memory
    case tensorParallel = "tensor_parallel"
    case contextParallel = "context_parallel"
    case expertParallel = "expert_parallel"
    case pipeline, bubble
    case dataParallel = "data_parallel"
    case optimizer
  }

  package var boundBy: Bound
  /// One sentence with the share of the step.
  package var detail: String
  /// What gains most first.
  package var levers: [Lever]

  package init(boundBy: Bound, detail: String, levers: [Lever]) {
    self.boundBy = boundBy
    self.detail = detail
    self.levers = levers
  }
}

/// One change of the machines or the job, and what the plan's strategy gains by it.
package struct Lever: Hashable, Sendable {
  /// In words, as they stand on the wire.
  package enum Change: String, Hashable, Sendable, CaseIterable {
    case matrixPeak = "twice the peak compute rate"
    case memoryBandwidth = "twice the memory bandwidth"
    case memory = "twice the GPU memory"
    case scaleUpBandwidth = "twice the scale-up bandwidth"
    case networkBandwidth = "twice the network bandwidth"
    case globalBatch = "twice the global batch"
  }

  package var change: Change
  /// Of a step after the change. With twice the global batch it processes twice the sequences.
  package var step: Seconds
  /// Part of the time of a sequence that is saved; 0 where the change makes no difference.
  package var gain: Double
  /// What is gained, and what else changes, in a sentence or two.
  package var detail: String

  package init(change: Change, step: Seconds, gain: Double, detail: String) {
    self.change = change
    self.step = step
    self.gain = gain
    self.detail = detail
  }
}

extension StepBreakdown {
  /// Every part with what it is bound by: layers are recomputed for lack of memory.
  var bounds: [(bound: Explanation.Bound, name: String, time: Seconds)] {
    [
      (.compute, "Computation", compute), (.memory, "Recomputing layers", recompute),
      (.tensorParallel, "Tensor-parallel communication", tensorParallel),
      (.contextParallel, "Context-parallel communication", contextParallel),
      (.expertParallel, "The exchange between experts", expertParallel),
      (.pipeline, "Sending between pipeline stages", pipeline),
      (.bubble, "Waiting in the pipeline", bubble),
      (.dataParallel, "Data-parallel communication", dataParallel),
      (.optimizer, "The optimizer's update", optimizer),
    ]
  }
}
