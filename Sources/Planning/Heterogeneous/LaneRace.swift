import Scheduling

/// Shares micro-batches out to unequal replicas so that the last one to finish finishes earliest.
struct LaneRace {
  /// Of one replica of each lane.
  let times: [PipelineTimes]
  let replicas: [Int]
  let schedule: PipelineSchedule
  /// Micro-batches that a replica runs together: interleaved pipelines run as many as they have stages.
  let unit: Int
  let clock: Clock
  private var known: [Int: Double] = [:]

  /// What tells how long a replica takes.
  enum Clock {
    case played
    /// A bound on what is played, at a fraction of its cost: so is that on the race.
    case bounded
  }

  init(
    times: [PipelineTimes], replicas: [Int], schedule: PipelineSchedule, clock: Clock = .played
  ) {
    self.times = times
    self.replicas = replicas
    self.schedule = schedule
    unit = schedule == .interleaved ? times[0].stages : 1
    self.clock = clock
  }

  /// Micro-batches of each replica, as lanes of equal ones: `(index, micro-batches, replicas)`.
  ///
  /// One micro-batch, or `unit` of them, after another goes to the replica that would be done with it first. As a
  /// replica's time only grows with its share, this is optimal from any start that gives no replica
  /// more than some best sharing does; from a guess that is too high, micro-batches are first taken
  /// back from the replica that finishes last for as long as it could not keep up anyway.
  ///
  /// - Parameter least: Units that every replica has to run: where it is 0, some may be left out.
  ///
  /// Complexity: O(corrections of the guess · lanes), each with one step played or bounded.
  mutating func lanes(
    microBatches count: Int, from guess: [Int], atLeast least: Int = 0
  ) -> [(index: Int, microBatches: Int, replicas: Int)] {
    // All replicas of a lane have `shares` units or, the first `ahead` of them, one more.
    var shares = guess.map { max($0 / unit, least) }
    var ahead = replicas.map { _ in 0 }
    var left = count / unit - zip(shares, replicas).reduce(0) { $0 + $1.0 * $1.1 }
    while left < 0, let last = slowest(shares, above: least) {
      shares[last] -= 1
      left += replicas[last]
    }
    // Back from every lane that ends after another could have done the same work.
    while let last = slowest(shares, above: least), let first = quickest(shares),
      time(last, shares[last]) > time(first, shares[first] + 1)
    {
      shares[last] -= 1
      left += replicas[last]
    }
    while left > 0, let first = quickest(shares) {
      ahead[first] += 1
      left -= 1
      if ahead[first] == replicas[first] {
        shares[first] += 1
        ahead[first] = 0
      }
    }
    var lanes: [(Int, Int, Int)] = []
    for index in replicas.indices {
      if ahead[index] > 0 {
        lanes.append((index, (shares[index] + 1) * unit, ahead[index]))
      }
      if shares[index] > 0 {
        lanes.append((index, shares[index] * unit, replicas[index] - ahead[index]))
      }
    }
    return lanes
  }

  /// Until the last replica is done, if they are shared out so.
  mutating func seconds(microBatches count: Int, from guess: [Int]) -> Double {
    lanes(microBatches: count, from: guess).reduce(0) {
      max($0, time($1.index, $1.microBatches / unit))
    }
  }

  /// Of those with more than `least`.
  private mutating func slowest(_ shares: [Int], above least: Int) -> Int? {
    var last: Int?
    for index in shares.indices where shares[index] > least {
      if let known = last, time(index, shares[index]) <= time(known, shares[known]) { continue }
      last = index
    }
    return last
  }

  private mutating func quickest(_ shares: [Int]) -> Int? {
    var first: Int?
    for index in shares.indices {
      if let known = first, time(index, shares[index] + 1) >= time(known, shares[known] + 1) {
        continue
      }
      first = index
    }
    return first
  }

  private mutating func time(_ lane: Int, _ units: Int) -> Double {
    guard units > 0 else { return 0 }
    let microBatches = units * unit
    let key = units * times.count + lane
    if let time = known[key] { return time }
    let time =
      switch clock {
      case .played: schedule.makespan(times[lane], microBatches: microBatches)
      case .bounded: schedule.lowerBound(times[lane], microBatches: microBatches)
      }
    known[key] = time.value
    return time.value
  }
}

/// How fast unequal replicas get through a step at best, layers and micro-batches taken as divisible.
struct LaneRates {
  /// Tensor-parallel groups of each pool.
  let groups: [Int]
  let pools: [Pool]
  /// Of all replicas together.
  let microBatches: Int
  /// Seconds that a stage takes for each chunk of a micro-batch beside its layers; whole models are counted
  /// with that of one.
  var chunkOverhead = 0.0

  /// What of a pool counts.
  struct Pool {
    /// Of one group: whole models a second, for one micro-batch.
    var speed: Double
    /// The least part that the forward pass is of a layer's passes, and all but weight gradients.
    var forwardPart: Double
    var gradientPart: Double
    /// See `TripBound`: of 1F1B, and of ZB-H1.
    var forwardAhead: RunAhead
    var splitAhead: RunAhead
  }

  /// A pipeline of p stages with W of work takes f·W / (1 − (1 − f/m)^p) for m micro-batches (see
  /// `MixedBound.pipeline`), which is at least b·(m + f·(p − 1)/2), where b is the mean stage. By the trips of
  /// the first and last of them (see `TripBound`), with n = p − 1 and of a trip the part g of the layers' L, it
  /// takes at least g·L + (m − 1 − n·κ)·b − n·E. Replicas that end together share M micro-batches so: with
  /// b·(m + e) for each of d, S ≥ (M + Σ d·e) / Σ d/b. With several chunks, nothing is said of how a
  /// pipeline fills. Complexity: O(pools).
  ///
  /// - Parameter subset: Of the pools, as bits.
  func leastTime(_ shares: [Share], subset: Int) -> Double {
    var (rate, filling) = (0.0, 0.0)
    for index in shares.indices where subset >> index & 1 == 1 {
      rate += shares[index].rate
      filling += shares[index].filling
    }
    return rate > 0 ? (Double(microBatches) + filling) / rate : .infinity
  }

  /// What a pool's replicas add to a race: Σ d/b and Σ d·e.
  struct Share {
    var rate: Double
    var filling: Double
  }

  /// By pool, with pipelines of so many stages.
  func shares(depth: Int, _ schedule: PipelineSchedule, chunks: Int = 1) -> [Share] {
    let n = Double(depth - 1)
    let splits = schedule.splitsBackward
    return groups.indices.map { index in
      let pool = pools[index]
      let replicas = Double(groups[index] / depth)
      let layers = 1 / pool.speed - chunkOverhead
      let stage = layers / Double(depth) + chunkOverhead * Double(chunks)
      let rate = replicas / stage
      guard chunks == 1 else { return Share(rate: rate, filling: 0) }
      let ahead = splits ? pool.splitAhead : pool.forwardAhead
      let kept = schedule == .gpipe ? 0 : ahead.part
      let trips =
        (splits ? pool.gradientPart : 1) * layers / stage - 1 - n * (kept + ahead.excess / stage)
      let filling = replicas * max(trips, (splits ? pool.forwardPart : 1) * n / 2)
      return Share(rate: rate, filling: filling)
    }
  }

  /// The pools that hold a replica of so many stages.
  func pools(holding depth: Int) -> Int {
    groups.indices.reduce(0) { $0 | (groups[$1] >= depth ? 1 << $1 : 0) }
  }
}

extension LaneRates.Pool {
  /// - Parameters:
  ///   - counts: Layers of each kind.
  ///   - common: The most common kind.
  init(_ slice: StrategySlice, speed: Double, counts: [Double], common: Int) {
    self.init(
      speed: speed, forwardPart: slice.forwardFraction, gradientPart: 1 - slice.weightFraction,
      forwardAhead: .forward(slice, counts: counts, common: common),
      splitAhead: .split(slice, counts: counts, common: common))
  }
}
