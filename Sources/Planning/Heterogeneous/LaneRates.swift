import Scheduling

/// How fast unequal replicas get through a step at best, micro-batches taken as divisible.
struct LaneRates {
  /// Tensor-parallel groups of each pool.
  let groups: [Int]
  let pools: [Pool]
  /// Of all replicas together.
  let microBatches: Int
  /// Seconds that a stage takes for each chunk of a micro-batch beside its layers; whole models are counted
  /// with that of one.
  var chunkOverhead = 0.0
  /// Layers of the most common kind.
  var blocks = 0
  /// Whether all blocks are alike, and so of a stage's chunks all but the first stage's first.
  var hasEqualBlocks = false

  /// What of a pool counts.
  struct Pool {
    /// Of one group: whole models a second, for one micro-batch.
    var speed: Double
    /// Seconds of a layer of the most common kind.
    var block = 0.0
    /// The least part that the forward pass is of a layer's passes, and all but weight gradients.
    var forwardPart: Double
    var gradientPart: Double
    /// See `TripBound`: of 1F1B, and of ZB-H1.
    var forwardAhead: RunAhead
    var splitAhead: RunAhead
  }

  /// The least time in which the pools of a subset run all micro-batches.
  ///
  /// A replica takes b·(m + e) at least for m of them. Replicas that end together share M micro-batches so: with
  /// d of each, S ≥ (M + Σ d·e) / Σ d/b. Two such bounds are known:
  ///
  /// - b is the *mean* stage, layers taken as divisible. A pipeline of p stages with W of work takes
  ///   f·W / (1 − (1 − f/m)^p) (see `MixedBound.pipeline`), which is at least b·(m + f·(p − 1)/2). With several
  ///   chunks, of which the first is f of a stage's, it takes W / (1/m + (1 − (1 − f/m)^(p − 1))/f), which is at
  ///   least b·(m + f·(p − 1)·(p − 2)/(2·p)).
  /// - b is the *busiest* stage's: of whole layers one has no fewer than the mean.
  ///
  /// And by the trips of the first and last of them (see `TripBound`), with n = p − 1 and of a trip the part g of
  /// the layers' L, it takes at least g·L + (m − 1 − n·κ)·b − n·E with either b. Complexity: O(pools).
  ///
  /// - Parameter subset: Of the pools, as bits.
  func leastTime(_ shares: [Share], subset: Int) -> Double {
    var (mean, busiest) = (Race(), Race())
    for index in shares.indices where subset >> index & 1 == 1 {
      mean.add(shares[index].mean)
      busiest.add(shares[index].busiest)
    }
    return max(mean.seconds(microBatches), busiest.seconds(microBatches))
  }

  /// What replicas add to a race: Σ d/b and Σ d·e.
  struct Race {
    var rate = 0.0
    var filling = 0.0

    fileprivate mutating func add(_ other: Race) {
      rate += other.rate
      filling += other.filling
    }

    fileprivate func seconds(_ microBatches: Int) -> Double {
      rate > 0 ? (Double(microBatches) + filling) / rate : .infinity
    }
  }

  /// What a pool's replicas add.
  struct Share {
    var mean: Race
    var busiest: Race

    /// The least time in which one of so many replicas that make up the share runs so many micro-batches.
    func seconds(ofOne microBatches: Int, among replicas: Int) -> Double {
      max(mean.seconds(microBatches * replicas), busiest.seconds(microBatches * replicas))
    }
  }

  /// By pool, with pipelines of so many stages.
  func shares(depth: Int, _ schedule: PipelineSchedule, chunks: Int = 1) -> [Share] {
    var shares: [Share] = []
    setShares(&shares, depth: depth, schedule, chunks: chunks)
    return shares
  }

  /// The same in place of others.
  func setShares(
    _ shares: inout [Share], depth: Int, _ schedule: PipelineSchedule, chunks: Int
  ) {
    shares.removeAll(keepingCapacity: true)
    let n = Double(depth - 1)
    let splits = schedule.splitsBackward
    let overhead = chunkOverhead * Double(chunks)
    let most = Double((blocks + depth - 1) / depth)
    let first = hasEqualBlocks ? 1 / Double(chunks) : 0
    for index in groups.indices {
      let pool = pools[index]
      let replicas = Double(groups[index] / depth)
      let layers = 1 / pool.speed - chunkOverhead
      let mean = layers / Double(depth) + overhead
      let busiest = max(mean, most * pool.block + overhead)
      guard chunks == 1 else {
        let filling = replicas * first * n * (n - 1) / (2 * Double(depth))
        shares.append(
          Share(
            mean: Race(rate: replicas / mean, filling: filling),
            busiest: Race(rate: replicas / busiest, filling: 0)))
        continue
      }
      let ahead = splits ? pool.splitAhead : pool.forwardAhead
      let kept = schedule == .gpipe ? 0 : ahead.part
      func trips(_ stage: Double) -> Double {
        (splits ? pool.gradientPart : 1) * layers / stage - 1 - n * (kept + ahead.excess / stage)
      }
      let filled = (splits ? pool.forwardPart : 1) * n / 2
      shares.append(
        Share(
          mean: Race(rate: replicas / mean, filling: replicas * max(trips(mean), filled)),
          busiest: Race(rate: replicas / busiest, filling: replicas * max(trips(busiest), 0))))
    }
  }

  /// The pools that hold a replica of so many stages.
  func pools(holding depth: Int) -> Int {
    groups.indices.reduce(0) { $0 | (groups[$1] >= depth ? 1 << $1 : 0) }
  }
}

extension LaneRates.Pool {
  /// - Parameter chunkOverhead: Of the two passes of one chunk.
  init(_ whole: PoolSlice, chunkOverhead: Double) {
    let slice = whole.slice
    self.init(
      speed: 1 / (slice.work + chunkOverhead), block: slice.costs[whole.common].ownPasses.value,
      forwardPart: slice.forwardFraction, gradientPart: 1 - slice.weightFraction,
      forwardAhead: whole.forwardAhead, splitAhead: whole.splitAhead)
  }
}
