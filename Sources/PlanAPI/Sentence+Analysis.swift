/// What can be wrong with a request about a model alone.
extension Sentence {
  static let noSequenceLength =
    "missing: the model does not say for what length it was made; expected an integer"

  static func stageCounts(_ least: Int, _ most: Int) -> String {
    "the fewest stages, \(least), are more than the most, \(most)"
  }

  static let strategyTwice = "a strategy is named twice"

  static func moreStagesThanLayers(_ stages: Int, layers: Int) -> String {
    "\(stages) stages are more than the model's \(layers) layers"
  }

  static func longAnalysis(layers: Int) -> String {
    var most = 1
    while (most + 1) * (most + 1) <= WireLimits.partitionWork / layers { most += 1 }
    return "a model of \(layers) layers is split into up to \(most) stages"
  }

  static func undrawnTimeline(_ passes: Int) -> String {
    "The schedule has \(passes) passes, too many to draw."
  }
}
