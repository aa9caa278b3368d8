/// How many of a stage's identical layers take which option, exactly: a knapsack with multiplicities.
///
/// The linear relaxation mixes two options, the ends of one segment of the hull of weight over
/// memory; with the segment's multiplier every other option costs a reduced weight r ≥ 0 more, and a
/// choice that beats the best so far spends less than the gap on such layers. Depth-first search
/// over the others, dearest first, therefore visits few choices; the two ends fill the rest.
struct StageSearch {
  private let options: [LayerOption]
  private let objective: StageObjective
  /// Positions, the basis last.
  private var order: [Int] = []
  private var reduced: [Double] = []
  /// Least memory of the options from a position of `order` on.
  private var leastMemory: [Int] = []
  /// What unused memory costs, per MB.
  private var multiplier = 0.0
  /// No choice has a lower value; `infinity` where none fits.
  private(set) var bound = Double.infinity
  private let layers: Int
  private let room: Int

  private var best: Double
  private var bestExposure = Double.infinity
  private var counts: [Int]
  private(set) var bestCounts: [Int]?
  private var stepsLeft: Int
  /// The search ran its course.
  var isComplete: Bool { stepsLeft > 0 }

  /// - Parameter limit: choices of at least this value are not wanted.
  init(
    _ choices: StageChoices, room: Int, objective: StageObjective, limit: Double = .infinity,
    steps: Int = 25_000
  ) {
    options = choices.options
    layers = choices.layers
    self.objective = objective
    self.room = room
    best = limit
    counts = Array(repeating: 0, count: options.count)
    stepsLeft = steps
    relax()
  }

  /// The best choice's value, below the limit; its layers by option are `bestCounts`.
  mutating func run() -> Double? {
    guard bound < best, !order.isEmpty else { return nil }
    descend(0, left: layers, memory: 0, time: 0, exposure: 0, spent: 0)
    return bestCounts == nil ? nil : best
  }

  /// Chooses the support with the highest bound.
  private mutating func relax() {
    let sizes = options.map { Double($0.memory) }
    let mean = Double(room) / Double(layers)
    var chosen: (weights: [Double], left: Int, right: Int)?
    for support in objective.supports {
      let weights = options.map { support.time * $0.time + support.exposure * $0.exposure }
      let hull = LowerHull(sizes: sizes, values: weights)
      guard let (left, right) = hull.segment(at: mean), let value = hull.value(at: mean) else {
        return
      }
      let bound = support.constant + value * Double(layers)
      guard chosen == nil || bound > self.bound else { continue }
      self.bound = bound
      chosen = (weights, left, right)
    }
    guard let (weights, left, right) = chosen else { return }
    if left != right {
      multiplier = (weights[left] - weights[right]) / (sizes[right] - sizes[left])
    }
    let price = weights[left] + multiplier * sizes[left]
    let all = options.indices.map { max(0, weights[$0] + multiplier * sizes[$0] - price) }
    order = options.indices.filter { $0 != left && $0 != right }.sorted {
      (all[$1], $0) < (all[$0], $1)
    }
    order += left == right ? [left] : [left, right]
    reduced = order.map { all[$0] }
    leastMemory = Array(repeating: 0, count: order.count)
    var least = Int.max
    for position in order.indices.reversed() {
      least = min(least, options[order[position]].memory)
      leastMemory[position] = least
    }
    basis = left == right ? 1 : 2
  }

  /// How many options the relaxation mixes.
  private var basis = 1

  private mutating func descend(
    _ position: Int, left: Int, memory: Int, time: Double, exposure: Double, spent: Double
  ) {
    guard position < order.count - basis else {
      return finish(left: left, memory: memory, time: time, exposure: exposure, spent: spent)
    }
    let index = order[position]
    let option = options[index]
    var (m, t, e, cost) = (memory, time, exposure, spent)
    for count in 0...left {
      guard bound + cost < best, stepsLeft > 0 else { break }
      stepsLeft -= 1
      if m + (left - count) * leastMemory[position + 1] <= room {
        counts[index] = count
        descend(position + 1, left: left - count, memory: m, time: t, exposure: e, spent: cost)
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
    left: Int, memory: Int, time: Double, exposure: Double, spent: Double
  ) {
    let small = order[order.count - basis]
    let large = order[order.count - 1]
    let (a, b) = (options[small], options[large])
    let free = room - memory - left * a.memory
    guard free >= 0 else { return }
    let most = basis == 1 ? 0 : min(left, free / (b.memory - a.memory))
    for count in (0...most).reversed() {
      let unused = Double(free - count * (b.memory - a.memory))
      guard bound + spent + multiplier * unused < best, stepsLeft > 0 else {
        break
      }
      stepsLeft -= 1
      let t = time + Double(left - count) * a.time + Double(count) * b.time
      let e = exposure + Double(left - count) * a.exposure + Double(count) * b.exposure
      let value = objective.value(time: t, exposure: e)
      guard value < best || (value == best && e < bestExposure && bestCounts != nil) else {
        continue
      }
      best = value
      bestExposure = e
      counts[small] = left - count
      if basis == 2 { counts[large] = count }
      bestCounts = counts
      counts[small] = 0
      counts[large] = 0
    }
  }
}
