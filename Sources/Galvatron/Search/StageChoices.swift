/// A way to run one layer of a stage.
struct LayerOption: Hashable {
  /// In MB.
  var memory: Int
  /// Of one micro-batch, without the gradients' reduction, in seconds.
  var time: Double
  /// What the reduction adds.
  var exposure: Double
  /// Which strategy it is.
  var strategy: Int
}

/// The options for the layers of one stage, all alike, that no other option surpasses in every way.
struct StageChoices {
  let layers: Int
  /// By memory, then time.
  let options: [LayerOption]
  private let timeHull: LowerHull
  private let exposureHull: LowerHull
  private let syncedHull: LowerHull

  /// Complexity: O(candidates²).
  init(layers: Int, candidates: [LayerOption]) {
    self.layers = layers
    let ordered = candidates.sorted {
      ($0.memory, $0.time, $0.exposure, $0.strategy)
        < ($1.memory, $1.time, $1.exposure, $1.strategy)
    }
    var kept: [LayerOption] = []
    for option in ordered
    where !kept.contains(where: { $0.time <= option.time && $0.exposure <= option.exposure }) {
      kept.append(option)
    }
    options = kept
    let sizes = kept.map { Double($0.memory) }
    timeHull = LowerHull(sizes: sizes, values: kept.map(\.time))
    exposureHull = LowerHull(sizes: sizes, values: kept.map(\.exposure))
    syncedHull = LowerHull(sizes: sizes, values: kept.map { $0.time + $0.exposure })
  }

  /// MB without which the stage does not run.
  var leastMemory: Int? { options.first.map { $0.memory * layers } }

  /// No choice of options within the room takes less; `nil` where none fits.
  func leastTime(room: Int) -> Double? {
    timeHull.value(at: Double(room) / Double(layers)).map { $0 * Double(layers) }
  }

  /// Of `time` and `exposure` together.
  func leastSyncedTime(room: Int) -> Double? {
    syncedHull.value(at: Double(room) / Double(layers)).map { $0 * Double(layers) }
  }

  /// What so many layers within the room take and expose at least, each by itself.
  func least(_ layers: Int, room: Int) -> (time: Double, exposure: Double) {
    guard layers > 0 else { return (0, 0) }
    let (count, mean) = (Double(layers), Double(room) / Double(layers))
    guard let time = timeHull.value(at: mean), let exposure = exposureHull.value(at: mean) else {
      return (.infinity, .infinity)
    }
    return (count * time, count * exposure)
  }

  /// A mixture of options in any parts.
  struct Mix {
    /// The weighted sum.
    var value: Double
    var time: Double
    var exposure: Double
    /// The smaller and the larger option of those that it mixes, or one twice.
    var left: Int
    var right: Int
  }

  /// The mixture of the least weighted sum within the room; `nil` where none fits. It has two options
  /// at most. Complexity: O(options²), without allocating.
  func leastMix(_ weights: StageWeights, room: Int) -> Mix? {
    let (count, mean) = (Double(layers), Double(room) / Double(layers))
    var best: (value: Double, part: Double, left: Int, right: Int)?
    for (left, a) in options.enumerated() {
      guard Double(a.memory) <= mean else { break }
      if weights(a) < best?.value ?? .infinity { best = (weights(a), 0, left, left) }
    }
    guard var best else { return nil }
    for right in options.indices.reversed() {
      let b = options[right]
      guard Double(b.memory) > mean else { break }
      guard weights(b) < best.value else { continue }
      for (left, a) in options.enumerated() {
        guard Double(a.memory) <= mean else { break }
        guard weights(b) < weights(a) else { continue }
        let part = (mean - Double(a.memory)) / Double(b.memory - a.memory)
        let value = weights(a) + part * (weights(b) - weights(a))
        if value < best.value { best = (value, part, left, right) }
      }
    }
    let (a, b) = (options[best.left], options[best.right])
    return Mix(
      value: count * best.value, time: count * (a.time + best.part * (b.time - a.time)),
      exposure: count * (a.exposure + best.part * (b.exposure - a.exposure)), left: best.left,
      right: best.right)
  }
}
