import Costing

/// Cuts a pipeline of several chunks a stage (interleaved 1F1B): the best of the layouts that
/// `ChunkLayout` allows, each played unless its bound excludes it.
struct ChunkedSplitSearch {
  private let costs: SplitCosts

  init(_ costs: SplitCosts) { self.costs = costs }

  func result(cutoff: Double) -> SplitResult {
    var result = SplitResult(split: nil, seconds: .infinity, bound: .infinity)
    let ends = EndFloor(costs)
    let layout = costs.model.problem.chunks
    for boundaries in layout.cuts(chunks: costs.model.virtualStages) {
      guard bound(boundaries, []) + ends.total < min(cutoff, result.seconds) else {
        result.bound = min(result.bound, cutoff)
        continue
      }
      guard let split = costs.leastRecomputed(boundaries) else { continue }
      guard bound(boundaries, split.recomputed) + ends.total < min(cutoff, result.seconds) else {
        result.bound = min(result.bound, cutoff)
        continue
      }
      let seconds = costs.played(split)
      if seconds < result.seconds {
        result.split = split
        result.seconds = seconds
      }
    }
    result.bound = min(result.bound, result.seconds)
    return result
  }

  /// The best layout found without the rule that chunks are even: from the even ones, and the most even
  /// where there are none, layers move from chunk to chunk as long as that helps, within so many `plays`.
  /// The bound is that of any layout, so it stays open: the mean stage works m times.
  func unevenResult(cutoff: Double, plays: Int) -> SplitResult {
    let (all, table) = (0..<costs.nodes, costs.table)
    let chunks = costs.model.virtualStages
    let work =
      table.forwardTime(all) + table.backwardTime(all) + 2 * costs.overhead * Double(chunks)
    let least =
      Double(costs.microBatches) * work / Double(costs.stages) + EndFloor(costs).total
    guard least < cutoff else {
      return SplitResult(split: nil, seconds: .infinity, bound: cutoff)
    }
    var climb = ChunkClimb(costs, plays: plays)
    let layout = costs.model.problem.chunks
    for boundaries in layout.cuts(chunks: chunks) + [layout.balancedCuts(chunks: chunks)] {
      climb.start(boundaries)
    }
    climb.run()
    return SplitResult(
      split: climb.best, seconds: climb.seconds, bound: min(least, climb.seconds))
  }

  /// Stage `i` starts after the forwards of the stages before it, works m times on all its chunks,
  /// recomputing so many layers, and is followed by their backwards.
  private func bound(_ boundaries: [Int], _ recomputed: [Int]) -> Double {
    let table = costs.table
    func work(_ range: Range<Int>) -> Double {
      table.forwardTime(range) + table.backwardTime(range) + 2 * costs.overhead
    }
    var (slowest, before) = (0.0, 0.0)
    for stage in 0..<costs.stages {
      var own = 0.0
      var again = recomputed.isEmpty ? 0 : recomputed[stage]
      for chunk in stride(from: stage, to: boundaries.count - 1, by: costs.stages) {
        let nodes = boundaries[chunk]..<boundaries[chunk + 1]
        own += work(nodes)
        guard !recomputed.isEmpty else { continue }
        let here = min(again, table.recomputableLayers(nodes))
        own += table.recomputeTime(nodes, costs.policy, recomputed: here)
        again -= here
      }
      slowest = max(
        slowest, before + Double(costs.microBatches) * own + 2 * costs.sendsBefore[stage])
      before += work(boundaries[stage]..<boundaries[stage + 1])
    }
    return slowest
  }
}

extension SplitCosts {
  /// A cut into chunks with the fewest recomputed layers that fit; nil where a stage cannot fit.
  func leastRecomputed(_ boundaries: [Int]) -> PipelineSplit? {
    var split = PipelineSplit(
      boundaries: boundaries, recomputed: [Int](repeating: 0, count: stages))
    for stage in 0..<stages {
      let held = split.chunks(ofStage: stage, of: stages)
      guard
        let least = model.leastRecomputation(
          ofStage: stage, held, choosesRecompute: choosesRecompute, ignoresMemory: ignoresMemory)
      else { return nil }
      split.recomputed[stage] = least
    }
    return split
  }
}
