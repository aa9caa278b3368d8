import Workload

/// The largest figure of a layer on a stage.
enum StageMaximum: Sendable {
  case overRuns(RunMaximum)
  case overDownSets(DownSetMaximum)

  /// Between two cuts of `StageTable`.
  func maximum(_ range: Range<Int>) -> Double {
    switch self {
    case .overRuns(let runs): runs.maximum(range)
    case .overDownSets(let sets): sets.maximum(range)
    }
  }
}

/// The largest figure of neighbouring layers, of which those of one run have the same.
struct RunMaximum: Sendable {
  private let runOfNode: [Int]
  private let maxima: RangeMaximum

  init(_ runs: LayerRuns, _ ofKind: (Int) -> Double) {
    runOfNode = runs.runOfNode
    maxima = RangeMaximum(count: runs.kindOfRun.count) { ofKind(runs.kindOfRun[$0]) }
  }

  /// Zero for an empty range. Complexity: O(1).
  func maximum(_ range: Range<Int>) -> Double {
    guard !range.isEmpty else { return 0 }
    return maxima.maximum(runOfNode[range.lowerBound]..<runOfNode[range.upperBound - 1] + 1)
  }
}

/// The largest figure of what one down-set adds to another.
struct DownSetMaximum: Sendable {
  private let downSets: DownSets
  /// Distinct figures above zero, the largest first, with the layers that have them.
  private let figures: [(value: Double, layers: LayerSet)]

  init(_ downSets: DownSets, _ kinds: [Int], _ perKind: [Double]) {
    self.downSets = downSets
    var layers: [Double: LayerSet] = [:]
    for (layer, kind) in kinds.enumerated() where perKind[kind] > 0 {
      layers[perKind[kind], default: LayerSet(count: kinds.count)].insert(layer)
    }
    figures = layers.map { (value: $0.key, layers: $0.value) }.sorted { $0.value > $1.value }
  }

  /// Complexity: O(distinct figures · layers / 64).
  func maximum(_ range: Range<Int>) -> Double {
    for (value, layers) in figures
    where downSets.adds(anyOf: layers, from: range.lowerBound, to: range.upperBound) {
      return value
    }
    return 0
  }
}
