import Scheduling

/// What no step over unequal replicas undercuts that cut the model alike and share its micro-batches.
///
/// Of a lane's pipeline of p stages, let W be the time of one micro-batch through all of them, and b
/// the least that the slowest of p stages can take, whichever layers it has: memory counted, as
/// micro-batches in flight take it from a stage by its position. With s micro-batches the lane takes at
/// least s·b; with trips of the first and last of them, W + (s − 1 − (p − 1)/2)·b in 1F1B (see
/// `StrategyBound`), W + (s − 1)·b in GPipe; in ZB-H1 the forwards of the stages before one delay it.
///
/// All lanes cut alike, so that one of them may not be cut as is best for it: the bound lets each be.
/// The most micro-batches that the lanes get through in a time, by lane, are then known, and the least
/// time in which that is all of them is found by bisection.
struct LaneBound {
  let schedule: PipelineSchedule
  let stages: Int
  /// Of one micro-batch on each lane, without weight gradients, and the least part of a layer's passes
  /// that its forward pass is.
  let works: [(all: Double, gradients: Double, forwardPart: Double)]
  /// The slowest stage's least time, if there are as many micro-batches as stages, and if not.
  let slowest: [(full: Double, few: Double)]
  let replicas: [Int]

  /// From the layers as they are.
  init(_ seats: [SeatCosts], replicas: [Int], stages: Int, schedule: PipelineSchedule) {
    self.schedule = schedule
    self.stages = stages
    self.replicas = replicas
    works = seats.map { seat in
      let table = seat.model.table
      let whole = seat.wholeTime + Double(stages - 1) * seat.plainTime(0, 0)
      return (whole, whole - table.weightGradient[table.nodeCount], seat.forwardPart)
    }
    slowest = seats.map { seat in
      let full = seat.slowestStage(of: stages) { schedule.heldAtLeast($0, stages) }
      return (full, stages == 1 ? full : seat.slowestStage(of: stages) { _ in 1 })
    }
  }

  /// From sums over them, and the most common of them: quicker, and no tighter.
  ///
  /// - Parameters:
  ///   - overhead: Of a stage's two passes.
  ///   - blocks: Of the most common kind of layer, by lane, and how many there are.
  init(
    _ slices: [StrategySlice], overhead: Double, blocks: [BlockRates], count: Int,
    replicas: [Int], stages: Int, _ base: ParallelStrategy
  ) {
    schedule = base.schedule
    self.stages = stages
    self.replicas = replicas
    works = slices.map { slice in
      let selective = base.recompute == .selective ? slice.selective : 0
      return (
        slice.work + selective + overhead, slice.work - slice.weight, slice.forwardFraction
      )
    }
    slowest = zip(works, blocks).map { work, block in
      func least(_ held: (Int) -> Int) -> Double {
        block.slowestStage(
          of: stages, blocks: count, from: work.all / Double(stages), held: held)
      }
      let full = least { base.schedule.heldAtLeast($0, stages) }
      return (full, stages == 1 ? full : least { _ in 1 })
    }
  }

  /// Micro-batches that one replica of a lane gets through at most.
  private func share(_ lane: Int, within seconds: Double, of count: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high + 1) / 2
      if time(lane, middle) <= seconds { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func time(_ lane: Int, _ microBatches: Int) -> Double {
    let slowest = microBatches < stages ? slowest[lane].few : slowest[lane].full
    let (s, p) = (Double(microBatches), Double(stages))
    switch schedule {
    case .gpipe: return works[lane].all + (s - 1) * slowest
    case .oneForwardOneBackward:
      return max(s * slowest, works[lane].all + (s - 1 - min(p - 1, s - 1) / 2) * slowest)
    case .zeroBubble, .interleaved:
      return max(s * slowest, works[lane].gradients, filled(lane, microBatches: s))
    }
  }

  /// Of ZB-H1, layers taken as divisible (see `MixedBound.pipeline`).
  private func filled(_ lane: Int, microBatches: Double) -> Double {
    let part = works[lane].forwardPart
    guard part > 0 else { return 0 }
    return part * works[lane].all / (1 - integerPower(1 - part / microBatches, stages))
  }

  /// Whether the lanes may get through so many micro-batches in a time.
  private func allows(_ seconds: Double, microBatches count: Int) -> Bool {
    var sum = 0
    for lane in replicas.indices {
      sum += replicas[lane] * share(lane, within: seconds, of: count)
      if sum >= count { return true }
    }
    return false
  }

  /// The least time for so many micro-batches, to a part in 2^12 of what was open; nil if it is not
  /// below `most`.
  func least(microBatches count: Int, from low: Double, below most: Double) -> Double? {
    var (low, high) = (max(0, low), most)
    guard allows(most, microBatches: count) else { return nil }
    for _ in 0..<12 {
      let middle = (low + high) / 2
      if allows(middle, microBatches: count) { high = middle } else { low = middle }
    }
    return low
  }
}

extension SeatCosts {
  /// The least time of the slowest stage when all layers are cut into so many; infinite where they do
  /// not fit. Complexity: O(bisections · stages · log layers).
  ///
  /// - Parameter held: Micro-batches that a stage holds, by how many stages there are from it on.
  func slowestStage(of stages: Int, held: (Int) -> Int) -> Double {
    let nodes = model.table.nodeCount
    func covers(_ time: Double) -> Bool {
      var end = nodes
      for place in 1...stages {
        let flying = held(place)
        // The stages before this one have a layer each.
        var (low, high) = (stages - place, end)
        while low < high {
          let start = (low + high) / 2
          if self.time(start, end, held: flying, isWithin: time) {
            high = start
          } else {
            low = start + 1
          }
        }
        if low == end { return false }
        end = low
      }
      return end == 0
    }
    var (low, high) = (wholeTime / Double(stages), 2 * wholeTime)
    guard covers(high) else { return .infinity }
    for _ in 0..<10 {
      let middle = (low + high) / 2
      if covers(middle) { high = middle } else { low = middle }
    }
    return low
  }
}

extension BlockRates {
  /// The least time of the slowest stage when so many layers are cut into so many stages; infinite
  /// where they do not fit. Complexity: O(bisections · layers a stage).
  fileprivate func slowestStage(
    of stages: Int, blocks: Int, from least: Double, held: (Int) -> Int
  ) -> Double {
    func covers(_ time: Double) -> Bool {
      layers(within: time, stages: stages, enough: blocks, held: held) >= blocks
    }
    if covers(least) { return least }
    var (low, high) = (least, 2 * (least + Double(blocks) * (seconds + again)))
    guard covers(high) else { return .infinity }
    for _ in 0..<8 {
      let middle = (low + high) / 2
      if covers(middle) { high = middle } else { low = middle }
    }
    return low
  }
}
