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
    // starts[i][e]: the start from which stage i reaches the end e; -1 where none does.
    var starts = [[Int]](repeating: [Int](repeating: -1, count: nodes + 1), count: stages)
    var reached = [Bool](repeating: false, count: nodes + 1)
    reached[0] = true
    for stage in 0..<stages {
      let last = nodes - (stages - 1 - stage)
      var latest = -1
      var now = [Bool](repeating: false, count: nodes + 1)
      var reachesAny = false
      for end in stride(from: stage, through: last, by: 1) {
        if end > 0, reached[end - 1] { latest = end - 1 }
        guard latest >= 0, latest < end else { continue }
        let needed = cost(stage, latest..<end)
        if needed <= budget {
          now[end] = true
          reachesAny = true
          starts[stage][end] = latest
        } else {
          next = min(next, needed)
        }
      }
      guard reachesAny else { return (nil, next) }
      reached = now
    }
    guard reached[nodes] else { return (nil, next) }
    var boundaries = [nodes]
    for stage in (0..<stages).reversed() {
      boundaries.append(starts[stage][boundaries[boundaries.count - 1]])
    }
    return (boundaries.reversed(), next)
  }
}
