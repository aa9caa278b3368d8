import Quantities

/// What is said of jobs that are valid: that they fit nothing, or what was taken for granted.
extension Sentence {
  static func unsupportedPrecision(
    _ precision: String, _ accelerator: String, supported: [String]
  ) -> String {
    "\(accelerator) has no units for \(precision), but for \(supported.joined(separator: ", "))"
  }

  static func emulatedPrecision(_ accelerator: String) -> String {
    "\(accelerator) has no units for bf16; the plan assumes fp16's speed."
  }

  static func longSequence(_ length: Int, most: Int) -> String {
    "A sequence length of \(length) is more than the \(most) that the model was made for."
  }

  static func longTimeline(_ passes: Int) -> String {
    "the schedule has \(passes) passes, more than the \(WireLimits.listedPasses) that are listed; "
      + "fewer micro-batches show the same pattern"
  }

  static let noStrategy =
    "No combination of degrees satisfies the constraints and the rules of training runtimes."

  static let outOfTime =
    "Time was up before a plan was found, and before it was shown that there is none."

  static let moreTime = "give the search more time: a longer deadline_ms, or none"

  static func memory(_ excess: ByteCount, over limit: ByteCount, atStage stage: Int) -> String {
    "The plan that comes nearest needs \(gibibytes(excess)) more than the "
      + "\(gibibytes(limit)) of a GPU at stage \(stage)."
  }

  static func gibibytes(_ size: ByteCount) -> String {
    let hundredths = (size.gibibytes * 100).rounded(.up)
    return "\(hundredths / 100) GiB"
  }
}
