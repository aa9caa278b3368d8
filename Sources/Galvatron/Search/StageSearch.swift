/// The best choice for one stage where the others are as they are.
struct StageSearch {
  private let objective: StageObjective
  private let walk: StageWalk?
  /// No choice has a lower value; `infinity` where none fits.
  private(set) var bound = Double.infinity
  private var limit: Double
  private var steps: Int
  private(set) var bestCounts: [Int]?
  /// The search ran its course.
  var isComplete: Bool { steps > 0 }

  /// - Parameter limit: choices of at least this value are not wanted.
  init(
    _ choices: StageChoices, room: Int, objective: StageObjective, limit: Double = .infinity,
    steps: Int = 4000
  ) {
    self.objective = objective
    self.limit = limit
    self.steps = steps
    var tightest: StageWalk?
    for support in objective.supports {
      guard let walk = StageWalk(choices, room: room, weights: support.weights) else { break }
      let value = support.constant + walk.least
      if tightest == nil || value > bound { (tightest, bound) = (walk, value) }
    }
    walk = tightest
  }

  /// The best choice's value, below the limit; its layers by option are `bestCounts`.
  mutating func run() -> Double? {
    guard bound < limit, var walk else { return nil }
    var visitor = Best(objective: objective, bound: bound, value: limit)
    walk.run(&visitor, steps: &steps)
    bestCounts = visitor.counts
    return bestCounts == nil ? nil : visitor.value
  }

  private struct Best: ChoiceVisitor {
    let objective: StageObjective
    let bound: Double
    var value: Double
    var exposure = Double.infinity
    var counts: [Int]?

    var slack: Double { value - bound }

    func wants(time: Double, exposure: Double) -> Bool {
      objective.value(time: time, exposure: exposure) < value || counts != nil
    }

    mutating func visit(time: Double, exposure: Double, excess: Double, counts: [Int]) {
      let found = objective.value(time: time, exposure: exposure)
      // Of equals, the one that exposes less.
      guard
        found < value || (found == value && exposure < self.exposure && self.counts != nil)
      else { return }
      (value, self.exposure, self.counts) = (found, exposure, counts)
    }
  }
}
