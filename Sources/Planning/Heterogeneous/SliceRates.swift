import Costing
import Quantities
import Scheduling

/// What bounds all pipelines of one context and expert split and one micro-batch size, whatever their
/// replicas, ZeRO stages, recomputation and schedules: each pool is split as is best for it.
struct SliceRates {
  /// By pool, each way to split it.
  let options: [[Option]]
  private let pools: [(gpus: Int, gpusPerNode: Int)]
  private let expert: Int
  /// Seconds that a stage takes for each chunk of a micro-batch beside its layers.
  private let chunkOverhead: Double
  private var forwards: Trip
  private var splits: Trip

  struct Option {
    let tensor: Int
    /// Into how many a micro-batch is parted, each on a replica of its own.
    let parts: Int
    /// GPUs that take one micro-batch.
    let group: Int
    let whole: PoolSlice
    var slice: StrategySlice { whole.slice }
    /// Seconds of all layers for one micro-batch, or for its parts side by side; see `EvenWork`.
    fileprivate(set) var layers = 0.0
  }

  /// See `TripBound`: of schedules that run forward passes ahead, and of those that split the backward pass.
  private struct Trip {
    /// Through all layers, each where it is quickest.
    var seconds = 0.0
    /// The most that any option runs ahead.
    var part = 0.0
    var excess = 0.0

    mutating func take(_ ahead: RunAhead) {
      part = max(part, ahead.part)
      excess = max(excess, ahead.excess)
    }
  }

  /// - Parameter base: What all pipelines share.
  init(
    _ base: ParallelStrategy, _ space: MixedSpace, _ slices: PoolSlices, chunkOverhead: Double
  ) {
    let pools = space.problem.cluster.pools
    self.pools = pools.map { ($0.gpus, $0.gpusPerNode) }
    self.chunkOverhead = chunkOverhead
    expert = base.expert
    var options = pools.indices.map { pool in
      space.choices.tensors[pool].flatMap { tensor -> [Option] in
        guard space.choices.allowsSequence(tensor: tensor, context: base.context) else { return [] }
        return space.parts(ofMicroBatch: base.microBatchSize).map { parts in
          let strategy = space.strategy(base, tensor: tensor, parts: parts)
          return Option(
            tensor: tensor, parts: parts, group: tensor * base.context * parts,
            whole: slices.whole(strategy.layerParallelism, pool: pool))
        }
      }
    }
    var seconds = EvenWork.seconds(
      options.joined().map(\.whole.passes), common: slices.common
    ).makeIterator()
    for pool in options.indices {
      for option in options[pool].indices { options[pool][option].layers = seconds.next()! }
    }
    self.options = options
    (forwards, splits) = (Trip(), Trip())
    guard let first = options.joined().first else { return }
    for kind in first.whole.passes.indices {
      var least = (whole: Double.infinity, split: Double.infinity)
      for option in options.joined() {
        least.whole = min(least.whole, option.whole.passes[kind])
        least.split = min(least.split, option.whole.gradientPasses[kind])
      }
      forwards.seconds += least.whole
      splits.seconds += least.split
    }
    for option in options.joined() {
      forwards.take(option.whole.forwardAhead)
      splits.take(option.whole.splitAhead)
    }
  }

  /// How an option is split into groups of so many replicas; nil where there are none.
  func groups(_ option: Option, pool: Int, replicas: Int) -> Int? {
    let group = option.group * replicas
    guard group <= pools[pool].gpus, group.isMultiple(of: expert) else { return nil }
    return pools[pool].gpus / group
  }

  /// Groups of so many replicas that all pools hold at most.
  func mostGroups(replicas: Int) -> Int {
    options.indices.reduce(0) { sum, pool in
      sum
        + options[pool].reduce(0) { max($0, groups($1, pool: pool, replicas: replicas) ?? 0) }
    }
  }

  /// Micro-batches a second that all groups get through at best, however many replicas there are, if each takes
  /// so long beside all layers. Experts may lie on several replicas.
  func rate(beside overhead: Double) -> Double {
    options.indices.reduce(0) { sum, pool in
      sum
        + options[pool].reduce(0) {
          max($0, Double(pools[pool].gpus / $1.group) / ($1.layers + overhead))
        }
    }
  }

  private func rate(replicas: Int) -> Double {
    options.indices.reduce(0) { $0 + rate(pool: $1, replicas: replicas) }
  }

  private func rate(pool: Int, replicas: Int) -> Double {
    options[pool].reduce(0) { most, option in
      let groups = groups(option, pool: pool, replicas: replicas) ?? 0
      return max(most, Double(groups) / option.layers)
    }
  }

  /// The least time of a pipeline.
  ///
  /// The slowest stage takes T with (T − o)·rate ≥ 1, o being the overhead of its chunks: S ≥ m·T. And by the
  /// trips of the first and last micro-batch, S ≥ P + (m − 1 − n·κ)·T − n·E (see `TripBound`).
  ///
  /// - Parameter schedules: And the fewest chunks of each.
  func pipeline(
    replicas: Int, microBatches: Int, deepest: Int,
    _ schedules: [(PipelineSchedule, fewestChunks: Int)]
  ) -> Double {
    let rate = rate(replicas: replicas)
    let stages = min(deepest, mostGroups(replicas: replicas))
    let m = Double(microBatches)
    return schedules.reduce(Double.infinity) { least, each in
      let (schedule, chunks) = each
      let time = 1 / rate + chunkOverhead * Double(chunks)
      let trip = trip(schedule)
      var seconds = max(m * time, trip.seconds)
      if let (times, spare) = kept(schedule, microBatches: microBatches, stages: stages) {
        seconds = max(seconds, trip.seconds + times * time - spare)
      }
      return min(least, seconds)
    }
  }

  /// What a stage may take for a micro-batch, all its chunks included, if the pipeline is to take no more than
  /// so long.
  func stageTime(
    within seconds: Double, microBatches: Int, stages: Int, _ schedule: PipelineSchedule
  ) -> Double {
    var time = seconds / Double(microBatches)
    if let (times, spare) = kept(schedule, microBatches: microBatches, stages: stages), times > 0 {
      time = min(time, (seconds + spare - trip(schedule).seconds) / times)
    }
    return time
  }

  /// Nodes that a plan takes at least whose stages take no more than so long for a micro-batch: those of the
  /// pools that get through most on each.
  func leastNodes(replicas: Int, stageTime: Double, chunks: Int) -> Int {
    let time = stageTime - chunkOverhead * Double(chunks)
    guard time > 0 else { return 1 }
    var missing = 1 / time
    let rates = options.indices.map { pool in
      options[pool].reduce((node: 0.0, pool: rate(pool: pool, replicas: replicas))) {
        let gpus = Double($1.group * replicas)
        return (max($0.node, Double(pools[pool].gpusPerNode) / gpus / $1.layers), $0.pool)
      }
    }
    var nodes = 0.0
    for rate in rates.sorted(by: { $0.node > $1.node }) where missing > 0 && rate.node > 0 {
      let taken = min(missing, rate.pool)
      nodes += taken / rate.node
      missing -= taken
    }
    return max(1, Int((nodes * (1 - 1e-9)).rounded(.up)))
  }

  private func trip(_ schedule: PipelineSchedule) -> Trip {
    schedule.splitsBackward ? splits : forwards
  }

  /// How often a trip and all that a stage has left to do take the stage's time at least, and what may be run
  /// ahead beside that; nil where no such chain is known.
  private func kept(
    _ schedule: PipelineSchedule, microBatches: Int, stages: Int
  ) -> (times: Double, spare: Double)? {
    let m = Double(microBatches)
    switch schedule {
    case .interleaved: return nil
    case .gpipe: return (m - 1, 0)
    case .oneForwardOneBackward:
      let n = Double(max(0, min(stages, microBatches) - 1))
      return (m - 1 - n * forwards.part, n * forwards.excess)
    case .zeroBubble:
      let n = Double(max(0, min(stages - 1, 2 * (microBatches - 1))))
      return (max(0, m - 1 - n * splits.part), n * splits.excess)
    }
  }
}
