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
}
