/// A lower bound of the step by Lagrangian relaxation. Shares of the linear functions, and of the tails
/// and of none, which add up to one each, bound the step by a sum over stages of weighted times and
/// exposures, and that by each stage's best mixture of options.
struct StepRelaxation {
  private(set) var bound = -Double.infinity
  /// By stage, those that make the bound.
  private(set) var weights: [StageWeights] = []

  private let function: StepFunction
  private let choices: [StageChoices]
  private let rooms: [Int]

  private struct Shares {
    var lines = SIMD3(repeating: 1.0 / 3)
    /// The first is for no tail.
    var tails: [Double]
  }

  private static var rounds: Int { 60 }
  /// Rounds without progress after which nothing more is hoped for.
  private static var patience: Int { 12 }

  /// Raises the bound by subgradient steps (Polyak 1969) until it reaches `limit`, the step of a known
  /// plan.
  ///
  /// - Precondition: every stage has a choice within its room.
  /// - Complexity: O(stages · options²) a round.
  init(_ function: StepFunction, _ choices: [StageChoices], rooms: [Int], limit: Double) {
    self.function = function
    self.choices = choices
    self.rooms = rooms
    var shares = Shares(tails: [1] + Array(repeating: 0, count: function.stages))
    var stalled = 0
    for _ in 0..<Self.rounds where bound < limit && stalled < Self.patience {
      let before = bound
      let (value, lines, tails) = evaluate(shares)
      stalled = bound > before + 1e-7 * limit ? 0 : stalled + 1
      let a = lines - lines.sum() / 3
      let mean = tails.reduce(0, +) / Double(tails.count)
      let norm = (a * a).sum() + tails.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      guard norm > 0 else { break }
      let step = (limit - value) / norm
      let moved = onSimplex((0..<3).map { shares.lines[$0] + step * a[$0] })
      shares.lines = SIMD3(moved[0], moved[1], moved[2])
      shares.tails = onSimplex(zip(shares.tails, tails).map { $0 + step * ($1 - mean) })
      keepWeightsPositive(&shares)
    }
  }

  /// A stage whose time has a negative weight would be slowed down on purpose; only stages between the
  /// first and the last can be.
  private func keepWeightsPositive(_ shares: inout Shares) {
    guard function.stages > 2 else { return }
    let most = shares.lines[0] + shares.lines[1]
    let far = shares.tails[3...].reduce(0, +)
    guard far > most else { return }
    for index in 3..<shares.tails.count { shares.tails[index] *= most / far }
    shares.tails[0] += far - most
  }

  /// The bound that shares make, and its subgradient: lines and tails of the mixtures, none first.
  private mutating func evaluate(
    _ shares: Shares
  ) -> (value: Double, lines: SIMD3<Double>, tails: [Double]) {
    var weights: [StageWeights] = []
    var lines = SIMD3<Double>.zero
    var tails = [0.0]
    var (value, before) = (0.0, 0.0)
    var later = shares.tails.dropFirst().reduce(0, +)
    for stage in 0..<function.stages {
      let (end, share) = (function.ends[stage], shares.tails[stage + 1])
      later -= share
      let slope = (shares.lines * function.slopes[stage]).sum()
      let weight = StageWeights(time: max(0, slope - later), exposure: share)
      guard let mix = choices[stage].leastMix(weight, room: rooms[stage]) else {
        preconditionFailure("every stage has a choice")
      }
      value += mix.value + (slope - later - share) * end
      weights.append(weight)
      lines += function.slopes[stage] * (end + mix.time)
      tails.append(mix.exposure - end - before)
      before += end + mix.time
    }
    if value > bound { (bound, self.weights) = (value, weights) }
    return (value, lines, tails)
  }

  /// The nearest point of which all parts are positive and add up to one (Held et al. 1974).
  private func onSimplex(_ point: [Double]) -> [Double] {
    var sum = 0.0
    var threshold = 0.0
    for (index, value) in point.sorted(by: >).enumerated() {
      sum += value
      let level = (sum - 1) / Double(index + 1)
      if value > level { threshold = level }
    }
    return point.map { max(0, $0 - threshold) }
  }
}
