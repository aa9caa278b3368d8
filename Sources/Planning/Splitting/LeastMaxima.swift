import Workload

/// By stage and down-set: the least that the dearest of the stages from there on can cost, over all ways
/// to cut what is left into nested down-sets.
///
/// least(k, I) = min over J ⊃ I of max(cost(k, J \ I), least(k + 1, J)), from the last stage to the first.
///
/// A class, so that the parts of a search share it without copying.
final class LeastMaxima {
  private let windows: DownSetWindows
  private let stages: Int
  private let values: [Double]

  /// - Parameters:
  ///   - limit: Costs of this or more are taken for infinite.
  ///   - areCosts: A stage costs at least what it adds to the weight.
  ///   - cost: Of a stage between two down-sets of which the first is in the second; infinite where
  ///     the stage cannot be.
  /// - Complexity: O(stages · sets²) in the worst case, of which the windows leave a small part where
  ///   their limit is near the least.
  init(
    _ windows: DownSetWindows, stages: Int, below limit: Double, weightsAreCosts areCosts: Bool,
    cost: (_ stage: Int, Range<Int>) -> Double
  ) {
    self.windows = windows
    self.stages = stages
    // In locals: a copy of the sets for each question, and a check of every access, cost more than most
    // answers.
    let downSets = windows.downSets
    let count = downSets.count
    var values = [Double](repeating: .infinity, count: (stages + 1) * count)
    values[values.count - 1] = 0
    for stage in (0..<stages).reversed() {
      for start in windows.starts(of: stage, among: stages) {
        var least = limit
        windows.forEachEnd(from: start) { end, added in
          // Sums of weights are rounded.
          if areCosts, added > least * (1 + 1e-12) { return false }
          let after = values[(stage + 1) * count + end]
          if after < least, downSets.isSubset(start, of: end) {
            least = min(least, max(after, cost(stage, start..<end)))
          }
          return true
        }
        if least < limit { values[stage * count + start] = least }
      }
    }
    self.values = values
  }

  /// Of the stages from `stage` on, where they start at a down-set; infinite where there is no way.
  subscript(stage: Int, start: Int) -> Double {
    values[stage * windows.downSets.count + start]
  }

  /// Of all stages.
  var whole: Double { self[0, 0] }

  /// A sequence of down-sets whose dearest stage costs the least, by the same costs; nil where there is
  /// none below the limit.
  func cuts(cost: (_ stage: Int, Range<Int>) -> Double) -> [Int]? {
    guard whole < .infinity else { return nil }
    let downSets = windows.downSets
    var cuts = [0]
    for stage in 0..<stages {
      let start = cuts[stage]
      var found: Int?
      windows.forEachEnd(from: start) { end, _ in
        if self[stage + 1, end] <= whole, downSets.isSubset(start, of: end),
          cost(stage, start..<end) <= whole
        {
          found = end
        }
        return found == nil
      }
      guard let found else { preconditionFailure("a stage reaches what its least cost came from") }
      cuts.append(found)
    }
    return cuts
  }
}

/// Down-sets by weight, with those that a stage can begin and end at.
final class DownSetWindows {
  let downSets: DownSets
  private let weights: [Double]
  /// No stage adds more.
  private let limit: Double
  /// In an order in which each follows those that it holds, and in which weights rise.
  private let ordered: [Int]
  private let places: [Int]

  /// - Parameters:
  ///   - weights: By down-set; more layers never weigh less.
  ///   - isWanted: Of a down-set; the first and the last are.
  init(
    _ downSets: DownSets, weights: [Double], limit: Double,
    where isWanted: (_ set: Int) -> Bool = { _ in true }
  ) {
    self.downSets = downSets
    self.weights = weights
    self.limit = limit * (1 + 1e-12)
    let ordered = (0..<downSets.count).filter(isWanted).sorted {
      (weights[$0], $0) < (weights[$1], $1)
    }
    var places = [Int](repeating: 0, count: downSets.count)
    for (place, set) in ordered.enumerated() { places[set] = place }
    self.ordered = ordered
    self.places = places
  }

  /// No stage before or after is empty, nor adds more than the limit.
  func starts(of stage: Int, among stages: Int) -> some Sequence<Int> {
    // The first stage begins at the empty set.
    let most = stage == 0 ? 0 : Double(stage) * limit
    let least = weights[weights.count - 1] - Double(stages - stage) * limit
    let sizes = stage...(stage == 0 ? 0 : downSets.layerCount - stages + stage)
    return ordered.lazy.filter { [downSets, weights] set in
      sizes.contains(downSets.sizes[set]) && weights[set] <= most && weights[set] >= least
    }
  }

  /// Visits the down-sets behind `start` with what they add to its weight, the lightest first, until
  /// told to stop. Not all of them hold it.
  func forEachEnd(from start: Int, _ visit: (_ end: Int, _ added: Double) -> Bool) {
    for place in stride(from: places[start] + 1, to: ordered.count, by: 1) {
      let end = ordered[place]
      let added = weights[end] - weights[start]
      guard added <= limit, visit(end, added) else { return }
    }
  }
}
