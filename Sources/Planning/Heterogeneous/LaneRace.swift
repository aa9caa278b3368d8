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
