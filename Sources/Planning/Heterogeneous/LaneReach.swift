import Scheduling

/// How good a plan over unequal replicas can be that all cut the model alike: layer by layer, with the
/// memory of every stage, and every schedule's own fill and drain.
///
/// Within a time, one replica of a lane gets through the more micro-batches the better it is cut for
/// that: `SplitProbe` tells whether so many are possible. If all lanes together get through too few, no
/// plan is that fast. If they do, cuts differ: of the shares that make up all micro-batches, some must
/// be possible under one cut, which a stage's ending where all lanes let it end tells exactly, since
/// going on later leaves no lane worse off (see `PipelineBound`). Only shares near the lanes' most can
/// make up all, so that few are tried.
struct LaneReach {
  /// Of one replica of each lane.
  private let models: [StrategyModel]
  private let leastSends: [Double]
  private let replicas: [Int]
  private let count: Int
  private var probes: [[Int: SplitProbe]]
  /// A cut within the least time that was found possible, and each lane's share under it.
  private(set) var cut: (boundaries: [Int], shares: [Int])?

  /// - Parameters:
  ///   - leastSends: Seconds between two stages of each lane at least.
  ///   - count: Micro-batches of all replicas.
  init(_ models: [StrategyModel], leastSends: [Double], replicas: [Int], count: Int) {
    self.models = models
    self.leastSends = leastSends
    self.replicas = replicas
    self.count = count
    probes = models.map { _ in [:] }
  }

  private static let bisections = 7
  /// Sharings that are tried for one time; if there are more, some is taken to be possible.
  private static let sharings = 32

  /// The least time of all lanes' pipelines, as finely as `LayoutReach` has it; nil if it is not below
  /// `most`.
  ///
  /// - Parameter shares: What one replica of each lane gets through within `most` at most.
  mutating func least(from low: Double, below most: Double, shares: [Int]) -> Double? {
    var (low, high) = (low, most)
    guard var highest = allows(most, shares) else { return nil }
    for _ in 0..<Self.bisections where high - low > LayoutReach.precision * high {
      let middle = (low + high) / 2
      if let shares = allows(middle, highest) {
        (high, highest) = (middle, shares)
      } else {
        low = middle
      }
    }
    return low
  }

  /// What each lane gets through within a time if it is cut as is best for it, and no more than `most`;
  /// nil if no sharing is possible.
  private mutating func allows(_ seconds: Double, _ most: [Int]) -> [Int]? {
    var shares = most
    guard total(shares) >= count else { return nil }
    // Played on a grid of its own: the hair is that grid's.
    let seconds = seconds * (1 + SplitSearch.tolerance)
    for lane in shares.indices {
      // What the others leave at least: mostly that is too much already.
      let others = total(shares) - shares[lane] * replicas[lane]
      var low = max(0, (count - others + replicas[lane] - 1) / replicas[lane])
      guard isPossible(lane, low, within: seconds) else { return nil }
      var high = shares[lane]
      while low < high {
        let middle = (low + high + 1) / 2
        if isPossible(lane, middle, within: seconds) { low = middle } else { high = middle - 1 }
      }
      shares[lane] = low
    }
    return sharing(shares, within: seconds) ? shares : nil
  }

  private mutating func isPossible(_ lane: Int, _ share: Int, within seconds: Double) -> Bool {
    share == 0 || SplitProbe.furthest([probe(lane, share)], seconds) != nil
  }

  private func total(_ shares: [Int]) -> Int {
    zip(shares, replicas).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Whether some shares, none above its lane's most, are possible under one cut.
  private mutating func sharing(_ most: [Int], within seconds: Double) -> Bool {
    var tries = 0
    return sharing(most, from: 0, spare: total(most) - count, seconds, &tries)
  }

  /// Of the lanes from one on, each share is lowered as far as `spare` micro-batches allow; the last by
  /// all that is left.
  private mutating func sharing(
    _ shares: [Int], from lane: Int, spare: Int, _ seconds: Double, _ tries: inout Int
  ) -> Bool {
    var shares = shares
    if lane == shares.count - 1 {
      shares[lane] = max(0, shares[lane] - spare / replicas[lane])
      tries += 1
      if tries > Self.sharings { return true }
      guard let boundaries = boundaries(shares, within: seconds) else { return false }
      cut = (boundaries, shares)
      return true
    }
    var spare = spare
    while spare >= 0, shares[lane] >= 0 {
      if sharing(shares, from: lane + 1, spare: spare, seconds, &tries) { return true }
      shares[lane] -= 1
      spare -= replicas[lane]
    }
    return false
  }

  /// Each stage ends where all lanes let it end at the latest; nil where some lane cannot go on.
  private mutating func boundaries(_ shares: [Int], within seconds: Double) -> [Int]? {
    let working = shares.indices.filter { shares[$0] > 0 }
    let probes = working.map { probe($0, shares[$0]) }
    return SplitProbe.furthest(probes, seconds)
  }

  private mutating func probe(_ lane: Int, _ share: Int) -> SplitProbe {
    if let known = probes[lane][share] { return known }
    let probe = SplitProbe(
      SplitCosts(
        models[lane].running(share), choosesRecompute: true, leastSend: leastSends[lane]))
    probes[lane][share] = probe
    return probe
  }
}
