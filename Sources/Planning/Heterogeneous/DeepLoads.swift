import Scheduling

/// How many whole layers some ways to split each pool can take in a time where stages hold the more micro-batches
/// the more stages there are: those with smaller groups then have less memory, and fewer layers, on all.
///
/// Most combinations of splits are excluded by this alone, which takes a fraction of what a bound on each does.
struct DeepLoads {
  let whole: WholeLayers
  let base: ParallelStrategy
  let fold: ChunkFold
  /// Stages that there may be.
  let stages: ClosedRange<Int>
  /// Seconds that a stage may take for the layers of a micro-batch.
  let time: Double
  /// By pool, of each split: a layer, and groups. Without any, nothing is excluded.
  let loads: [[(block: BlockRates, groups: Int)]]

  /// Complexity: O(pools² + whole layers of the last stages).
  ///
  /// - Parameter choice: The split of each pool that has any.
  func mayCover(_ choice: [Int]) -> Bool {
    let fewest = max(stages.lowerBound, fewestStages(choice))
    guard fewest <= stages.upperBound else { return false }
    var left = whole.least
    for pool in loads.indices where !loads[pool].isEmpty && left > 0 {
      let load = loads[pool][choice[pool]]
      left -= load.block.times(whole.each).layers(
        within: time, stages: min(load.groups, stages.upperBound), enough: left
      ) {
        base.schedule.held(
          fromEnd: $0, of: fewest, chunks: fold.chunks, microBatches: base.microBatches)
      }
    }
    return loads.isEmpty || left <= 0
  }

  /// Stages that all layers take at least, the quickest groups first, memory not counted.
  private func fewestStages(_ choice: [Int]) -> Int {
    var (stages, left) = (0, whole.least)
    forEachAscending(
      loads.count, by: { loads[$0].isEmpty ? .infinity : loads[$0][choice[$0]].block.seconds }
    ) { pool in
      guard !loads[pool].isEmpty else { return false }
      let (block, groups) = loads[pool][choice[pool]]
      let seconds = block.seconds * Double(whole.each)
      let each = Int(max(0, min(Double(whole.least), time / seconds * (1 + 1e-9))))
      let taken = each == 0 ? 0 : min(groups, (left + each - 1) / each)
      stages += taken
      left -= taken * each
      return left > 0
    }
    return stages
  }
}
