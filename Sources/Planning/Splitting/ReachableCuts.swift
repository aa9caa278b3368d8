/// Cuts of a chain into stages of which none is empty, each within a budget, where a cost never falls
/// with a later end nor rises with a later start.
///
/// Giving each stage as many layers as it can take is exact as long as every stage can take one. A
/// stage that cannot (a large layer, where a later stage would have room for it) needs the ends that
/// can be reached one by one: from the latest start before each.
enum ReachableCuts {
  /// - Parameter cost: Infinite where nothing but more memory helps.
  /// - Returns: A cut, or the least larger budget that could make a difference.
  /// - Complexity: O(stages · nodes).
  static func cut(
    stages: Int, nodes: Int, budget: Double, cost: (_ stage: Int, Range<Int>) -> Double
  ) -> (boundaries: [Int]?, next: Double) {
    var next = Double.infinity
    let width = nodes + 1
    // By stage and end: the start from which the stage reaches the end; -1 where none does.
    var starts = [Int32](repeating: -1, count: stages * width)
    for stage in 0..<stages {
      let (row, before) = (stage * width, (stage - 1) * width)
      var latest = -1
      // No end beyond one that is refused can be reached from the same start.
      var refused = -1
      var reachesAny = false
      for end in stride(from: stage + 1, through: nodes - (stages - 1 - stage), by: 1) {
        if stage == 0 ? end == 1 : starts[before + end - 1] >= 0 { latest = end - 1 }
        guard latest > refused else { continue }
        let needed = cost(stage, latest..<end)
        if needed <= budget {
          starts[row + end] = Int32(latest)
          reachesAny = true
        } else {
          next = min(next, needed)
          refused = latest
        }
      }
      guard reachesAny else { return (nil, next) }
    }
    guard starts[stages * width - 1] >= 0 else { return (nil, next) }
    var boundaries = [nodes]
    for stage in (0..<stages).reversed() {
      boundaries.append(Int(starts[stage * width + boundaries[boundaries.count - 1]]))
    }
    return (boundaries.reversed(), next)
  }
}
