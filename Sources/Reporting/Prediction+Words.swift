import Planning
import Quantities

extension StepBreakdown {
  /// Every cause with its name, in the order in which they are reported.
  var parts: [(name: String, time: Seconds)] {
    [
      ("compute", compute), ("recompute", recompute), ("tensor parallel", tensorParallel),
      ("context parallel", contextParallel), ("expert parallel", expertParallel),
      ("pipeline sends", pipeline), ("pipeline bubble", bubble), ("data parallel", dataParallel),
      ("optimizer", optimizer),
    ]
  }
  /// Every cause that takes time. The bubble is what is left of the step beside the others, and with
  /// them comes out some rounding errors from nothing.
  var causes: [(name: String, time: Seconds)] {
    let least = Seconds(total.value * 1e-9)
    return parts.filter { $0.time > least }
  }
}

extension Prediction {
  /// `412 ms a step, 159,000 tokens/s, 43.1 % MFU`.
  package var speed: String {
    "\(HumanNumber.time(step)) a step, \(HumanNumber.fixed(tokensPerSecond)) tokens/s, "
      + "\(HumanNumber.percent(modelFLOPsUtilization)) MFU"
  }
}
