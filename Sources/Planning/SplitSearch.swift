import Costing
import Quantities
import Scheduling

/// Finds where to cut a pipeline for one strategy.
///
/// The slowest stage decides a pipeline's pace, so the search first minimises it: a probe asks
/// whether every stage can stay within a time τ, giving each stage in turn as many layers as τ and
/// its memory allow (never worse than giving it fewer, since what remains shrinks), and the least τ
/// is found by moving between times that stages can really have. Memory depends on the position:
/// early stages hold more micro-batches. Each stage recomputes the fewest layers that make it fit.
struct SplitSearch {
  let model: StrategyModel
  let stages: Int
  let nodes: Int
  /// Layers to recompute are chosen here; otherwise all layers follow the strategy's policy.
  let choosesRecompute: Bool
  /// Ignores memory: for plans that must be predicted although they do not fit.
  var ignoresMemory: Bool
  private let limit: Double

  init(_ model: StrategyModel, choosesRecompute: Bool, ignoresMemory: Bool = false) {
    self.model = model
    stages = model.stages
    nodes = model.table.nodeCount
    self.choosesRecompute = choosesRecompute
    self.ignoresMemory = ignoresMemory
    limit = model.problem.memoryLimit.value
  }

  /// The split with the least bottleneck, or nil where no split fits.
  /// Complexity: O(log(values) · stages · log²(nodes)).
  func best() -> PipelineSplit? {
    model.strategy.virtualStages > 1 ? bestInterleaved() : bestPlain()
  }

  // MARK: One chunk a stage

  private func bestPlain() -> PipelineSplit? {
    var low = 0.0
    var high = Double.infinity
    guard var best = probe(high).split else { return nil }
    high = bottleneck(best)
    low = model.table.forwardTime(0..<nodes) / Double(stages)
    // Each failed probe raises `low` to the next time a stage can have, each good one lowers `high`
    // to the time its split does have: the loop ends at the least feasible bottleneck.
    while low < high {
      // Between neighbouring numbers the mean may round to the upper one, which tells nothing new.
      let mean = (low + high) / 2
      let middle = mean < high ? mean : low
      let (split, next) = probe(middle)
      if let split {
        best = split
        high = min(bottleneck(split), middle)
      } else {
        low = next
        if next >= high { break }
      }
    }
    return best
  }

  /// Gives each stage as many layers as `time` and its memory allow. Where that fails, also tells
  /// the least larger time that would change an answer.
  private func probe(_ time: Double) -> (split: PipelineSplit?, next: Double) {
    var boundaries = [0]
    var recomputed: [Int] = []
    var next = Double.infinity
    var start = 0
    for stage in 0..<stages {
      let last = nodes - (stages - 1 - stage)
      // Binary search for the furthest end; costs grow with the range.
      var (low, high) = (start, last)
      while low < high {
        let end = (low + high + 1) / 2
        if let cost = cost(stage, start..<end), cost <= time { low = end } else { high = end - 1 }
      }
      if low < last, let over = cost(stage, start..<(low + 1)) { next = min(next, over) }
      guard low > start else { return (nil, next) }
      recomputed.append(leastRecomputation(stage, [start..<low]) ?? 0)
      boundaries.append(low)
      start = low
    }
    guard start == nodes else { return (nil, next) }
    return (PipelineSplit(boundaries: boundaries, recomputed: recomputed), next)
  }

  private func bottleneck(_ split: PipelineSplit) -> Double {
    (0..<stages).reduce(0) { slowest, stage in
      max(slowest, cost(stage, split.nodes(ofVirtualStage: stage)) ?? .infinity)
    }
  }

  /// Seconds of one micro-batch, forward and backward; nil where the range cannot fit.
  private func cost(_ stage: Int, _ range: Range<Int>) -> Double? {
    guard let recomputed = leastRecomputation(stage, [range]) else { return nil }
    let table = model.table
    return table.forwardTime(range) + table.backwardTime(range)
      + table.recomputeTime(range, model.strategy.recompute, recomputed: recomputed)
  }

  /// The fewest layers that a stage must recompute to fit; nil if not even all suffice.
  private func leastRecomputation(_ stage: Int, _ chunks: [Range<Int>]) -> Int? {
    let all = chunks.reduce(0) { $0 + model.table.recomputableLayers($1) }
    func fits(_ recomputed: Int) -> Bool {
      ignoresMemory
        || model.memory(stage: stage, chunks: chunks, recomputed: recomputed).total.value <= limit
    }
    guard model.strategy.recompute == .full, choosesRecompute else {
      let fixed = model.strategy.recompute == .none ? 0 : all
      return fits(fixed) ? fixed : nil
    }
    if fits(0) { return 0 }
    guard fits(all) else { return nil }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle }
    }
    return high
  }

  // MARK: Several chunks a stage

  /// Cuts the layers into equal chunks of time, and recomputes as much as each stage needs.
  private func bestInterleaved() -> PipelineSplit? {
    guard let boundaries = chunkBoundaries() else { return nil }
    var split = PipelineSplit(
      boundaries: boundaries, recomputed: [Int](repeating: 0, count: stages))
    for stage in 0..<stages {
      let chunks = split.chunks(ofStage: stage, of: stages)
      guard let least = leastRecomputation(stage, chunks) else { return nil }
      split.recomputed[stage] = least
    }
    return split
  }

  private func chunkBoundaries() -> [Int]? {
    let table = model.table
    let count = model.virtualStages
    guard count <= nodes else { return nil }
    let fixed = model.strategy.recompute
    func time(_ range: Range<Int>) -> Double {
      let recomputed = choosesRecompute && fixed == .full ? 0 : table.recomputableLayers(range)
      return table.forwardTime(range) + table.backwardTime(range)
        + table.recomputeTime(range, fixed, recomputed: recomputed)
    }
    func cut(within limit: Double) -> [Int]? {
      var boundaries = [0]
      var start = 0
      for index in 0..<count {
        let last = nodes - (count - 1 - index)
        var end = start + 1
        guard time(start..<end) <= limit else { return nil }
        while end < last, time(start..<(end + 1)) <= limit { end += 1 }
        boundaries.append(end)
        start = end
      }
      return start == nodes ? boundaries : nil
    }
    var (low, high) = (0.0, time(0..<nodes))
    var best = cut(within: high)
    for _ in 0..<50 where low < high {
      let middle = (low + high) / 2
      if let found = cut(within: middle) {
        best = found
        high = middle
      } else {
        low = middle
      }
    }
    return best
  }
}
