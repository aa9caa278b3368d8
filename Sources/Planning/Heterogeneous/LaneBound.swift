import Scheduling

/// What no step over unequal replicas undercuts that cut the model alike and share its micro-batches.
///
/// Of a lane's pipeline of p stages, let W be the time of one micro-batch through all of them, and b
/// the least that the slowest of p stages can take, whichever layers it has: memory counted, as
/// micro-batches in flight take it from a stage by its position. With s micro-batches the lane takes at
/// least s·b; with trips of the first and last of them, W + (s − 1 − (p − 1)·κ)·b − (p − 1)·E in 1F1B and
/// ZB-H1, where W leaves out weight gradients (see `TripBound`), and W + (s − 1)·b in GPipe; in ZB-H1 the
/// forwards of the stages before one delay it too. Interleaved pipelines run as many micro-batches at a
/// time as there are stages, and fill as `MixedBound.pipeline` has it.
///
/// All lanes cut alike, so that one of them may not be cut as is best for it: the bound lets each be.
/// The most micro-batches that the lanes get through in a time, by lane, are then known, and the least
/// time in which that is all of them is found by bisection.
struct LaneBound {
  let schedule: PipelineSchedule
  let stages: Int
  /// Of one micro-batch on each lane, all and as far as a trip counts it, without weight gradients, and the
  /// least part of a layer's passes that its forward pass is.
  let works: [(all: Double, trip: Double, gradients: Double, forwardPart: Double, ahead: RunAhead)]
  /// The slowest stage's least time, if there are as many micro-batches as stages.
  let slowest: [Double]
  let replicas: [Int]
  private let firstChunk: Double

  /// Layers of the most common kind, which do not divide.
  enum Blocks {
    /// So many at a time as there is memory for, and how often all stages take so many.
    case limited(BlockRates, count: Int)
    /// One at a time, whether there is memory for them or not.
    case unlimited(seconds: Double, count: Int)
  }

  /// - Parameters:
  ///   - overhead: Of a chunk's two passes.
  ///   - blocks: By lane.
  ///   - firstChunk: The part of a stage's passes that its first chunk's are at least, but for the first
  ///     stage.
  init(
    _ slices: [PoolSlice], overhead: Double, blocks: [Blocks], replicas: [Int],
    firstChunk: Double, _ base: ParallelStrategy
  ) {
    let stages = base.pipeline
    schedule = base.schedule
    self.firstChunk = firstChunk
    self.stages = stages
    self.replicas = replicas
    let chunks = base.virtualStages
    works = slices.map { whole in
      let slice = whole.slice
      let selective = base.recompute == .selective ? slice.selective : 0
      return (
        slice.work + selective + overhead * Double(stages * chunks),
        slice.work + selective + overhead, slice.work - slice.weight, slice.forwardFraction,
        base.schedule.splitsBackward ? whole.splitAhead : whole.forwardAhead
      )
    }
    slowest = zip(works, blocks).map { work, blocks in
      let mean = work.all / Double(stages)
      switch blocks {
      case .limited(let block, let count):
        return block.slowestStage(of: stages, blocks: count, from: mean) {
          base.schedule.held(fromEnd: $0, of: stages, chunks: chunks, microBatches: stages)
        }
      case .unlimited(let seconds, let count):
        let most = Double((count + stages - 1) / stages)
        return max(mean, most * seconds + overhead * Double(chunks))
      }
    }
  }

  /// Micro-batches that one replica of each lane gets through at most.
  func shares(within seconds: Double, of count: Int) -> [Int] {
    replicas.indices.map { share($0, within: seconds, of: count) }
  }

  private func share(_ lane: Int, within seconds: Double, of count: Int) -> Int {
    var (low, high) = (0, count)
    let mean = works[lane].all / Double(stages)
    if seconds < mean * Double(count) { high = Int(seconds / mean) }
    while low < high {
      let middle = (low + high + 1) / 2
      if time(lane, middle) <= seconds { low = middle } else { high = middle - 1 }
    }
    return schedule == .interleaved ? low - low % stages : low
  }

  private func time(_ lane: Int, _ microBatches: Int) -> Double {
    // Fewer leave more memory.
    let slowest =
      microBatches < stages ? works[lane].all / Double(stages) : slowest[lane]
    let (s, p) = (Double(microBatches), Double(stages))
    let (work, n) = (works[lane], min(p, s) - 1)
    switch schedule {
    case .gpipe: return work.all + (s - 1) * slowest
    case .oneForwardOneBackward:
      let trips = work.trip + (s - 1 - n * work.ahead.part) * slowest - n * work.ahead.excess
      return max(s * slowest, trips)
    case .interleaved:
      let part = firstChunk
      let share = part > 0 ? (1 - integerPower(1 - part / s, stages - 1)) / part : 0
      return max(s * slowest, work.all, part > 0 ? work.all / (1 / s + share) : 0)
    case .zeroBubble:
      let own = max(0, s - 1 - (p - 1) * work.ahead.part) * slowest
      let trips = work.gradients + own - (p - 1) * work.ahead.excess
      return max(s * slowest, work.gradients, trips, filled(lane, microBatches: s))
    }
  }

  /// Of ZB-H1, layers taken as divisible (see `MixedBound.pipeline`).
  private func filled(_ lane: Int, microBatches: Double) -> Double {
    let part = works[lane].forwardPart
    guard part > 0 else { return 0 }
    return part * works[lane].all / (1 - integerPower(1 - part / microBatches, stages))
  }

  /// Whether the lanes may get through so many micro-batches in a time.
  func allows(_ seconds: Double, microBatches count: Int) -> Bool {
    var sum = 0
    for lane in replicas.indices {
      sum += replicas[lane] * share(lane, within: seconds, of: count)
      if sum >= count { return true }
    }
    return false
  }

  /// The least time for so many micro-batches, to a part in 2^8 of what was open; nil if it is not below
  /// `most`.
  func least(microBatches count: Int, from low: Double, below most: Double) -> Double? {
    var (low, high) = (max(0, low), most)
    guard allows(most, microBatches: count) else { return nil }
    for _ in 0..<8 {
      let middle = (low + high) / 2
      if allows(middle, microBatches: count) { high = middle } else { low = middle }
    }
    return low
  }
}

extension BlockRates {
  /// The least time of the slowest stage when so many layers are cut into so many stages; infinite
  /// where they do not fit. Complexity: O(bisections · layers a stage).
  fileprivate func slowestStage(
    of stages: Int, blocks: Int, from least: Double, held: (Int) -> HeldBatches
  ) -> Double {
    func covers(_ time: Double) -> Bool {
      layers(within: time, stages: stages, enough: blocks, held: held) >= blocks
    }
    if covers(least) { return least }
    guard covers(2 * (least + Double(blocks) * (seconds + again))) else { return .infinity }
    var (low, high) = (least, 2 * least)
    while !covers(high) { (low, high) = (high, 2 * high) }
    for _ in 0..<8 {
      let middle = (low + high) / 2
      if covers(middle) { high = middle } else { low = middle }
    }
    return low
  }
}
