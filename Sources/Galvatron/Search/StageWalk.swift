/// Weights of time and exposure in a linear function of a stage's layers.
struct StageWeights: Hashable {
  var time: Double
  var exposure: Double

  func callAsFunction(_ option: LayerOption) -> Double {
    time * option.time + exposure * option.exposure
  }
}

/// Is shown the choices for a stage one after another.
protocol ChoiceVisitor {
  /// Choices with a weighted sum of at least so much over the relaxation's are not wanted.
  var slack: Double { get }
  /// Whether a choice may be wanted that takes and exposes no less than this.
  func wants(time: Double, exposure: Double) -> Bool
  mutating func visit(time: Double, exposure: Double, excess: Double, counts: [Int])
}

/// Walks through how many of a stage's identical layers take which option: a knapsack with
/// multiplicities.
///
/// The linear relaxation of a weighted sum mixes two options, the ends of one segment of the hull of
/// weight over memory; with the segment's multiplier every other option costs a reduced weight r ≥ 0
/// more, and a choice within the slack spends no more than that on such layers. Depth-first search over
/// the others, dearest first, therefore visits few choices; the two ends fill the rest.
struct StageWalk {
  /// The relaxation's weighted sum: no choice has a lower one.
  let least: Double
  private let choices: StageChoices
  private let room: Int
  /// Positions of options, the basis last.
  private var order: [Int]
  private let reduced: [Double]
  /// Least memory of the options from a position of `order` on.
  private let leastMemory: [Int]
  /// How many options the relaxation mixes.
  private let basis: Int
  /// What unused memory costs, per MB.
  private let multiplier: Double
  private var counts: [Int]

  /// `nil` where no choice fits. Complexity: O(options²).
  init?(_ choices: StageChoices, room: Int, weights: StageWeights) {
    guard let mix = choices.leastMix(weights, room: room) else { return nil }
    self.choices = choices
    self.room = room
    let options = choices.options
    let (left, right) = (mix.left, mix.right)
    var price = 0.0
    if left != right {
      price =
        (weights(options[left]) - weights(options[right]))
        / Double(options[right].memory - options[left].memory)
    }
    multiplier = price
    let own = weights(options[left]) + price * Double(options[left].memory)
    let costs = options.map { max(0, weights($0) + price * Double($0.memory) - own) }
    let others = options.indices.filter { $0 != left && $0 != right }
    order = others.sorted { (costs[$1], $0) < (costs[$0], $1) }
    order += left == right ? [left] : [left, right]
    basis = left == right ? 1 : 2
    reduced = order.map { costs[$0] }
    var memory = Int.max
    leastMemory = order.reversed().map { index in
      memory = min(memory, options[index].memory)
      return memory
    }.reversed()
    counts = Array(repeating: 0, count: options.count)
    least = mix.value
  }

  /// - Parameter steps: how many the walk may take, and at the end how many are left: none if it did
  ///   not run its course.
  mutating func run(_ visitor: inout some ChoiceVisitor, steps: inout Int) {
    descend(
      0, left: choices.layers, memory: 0, time: 0, exposure: 0, spent: 0, &visitor, &steps)
  }

  private mutating func descend(
    _ position: Int, left: Int, memory: Int, time: Double, exposure: Double, spent: Double,
    _ visitor: inout some ChoiceVisitor, _ steps: inout Int
  ) {
    guard position < order.count - basis else {
      return finish(
        left: left, memory: memory, time: time, exposure: exposure, spent: spent, &visitor, &steps)
    }
    let index = order[position]
    let option = choices.options[index]
    var (m, t, e, cost) = (memory, time, exposure, spent)
    for count in 0...left {
      guard cost < visitor.slack, steps > 0 else { break }
      steps -= 1
      let rest = left - count
      if m + rest * leastMemory[position + 1] <= room {
        let (time, exposure) = choices.least(rest, room: room - m)
        if visitor.wants(time: t + time, exposure: e + exposure) {
          counts[index] = count
          descend(
            position + 1, left: rest, memory: m, time: t, exposure: e, spent: cost, &visitor, &steps
          )
        }
      }
      m += option.memory
      t += option.time
      e += option.exposure
      cost += reduced[position]
    }
    counts[index] = 0
  }

  /// Fills the rest with the basis: as much of the larger, faster option as there is room for, and
  /// less of it as long as the memory left unused may still pay.
  private mutating func finish(
    left: Int, memory: Int, time: Double, exposure: Double, spent: Double,
    _ visitor: inout some ChoiceVisitor, _ steps: inout Int
  ) {
    let small = order[order.count - basis]
    let large = order[order.count - 1]
    let (a, b) = (choices.options[small], choices.options[large])
    let free = room - memory - left * a.memory
    guard free >= 0 else { return }
    let most = basis == 1 ? 0 : min(left, free / (b.memory - a.memory))
    for count in (0...most).reversed() {
      let excess = spent + multiplier * Double(free - count * (b.memory - a.memory))
      guard excess < visitor.slack, steps > 0 else { break }
      steps -= 1
      let t = time + Double(left - count) * a.time + Double(count) * b.time
      let e = exposure + Double(left - count) * a.exposure + Double(count) * b.exposure
      guard visitor.wants(time: t, exposure: e) else { continue }
      counts[small] = left - count
      if basis == 2 { counts[large] = count }
      visitor.visit(time: t, exposure: e, excess: excess, counts: counts)
      counts[small] = 0
      counts[large] = 0
    }
  }
}
