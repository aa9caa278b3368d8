/// The best choices for all stages at once, below the step of a known plan.
///
/// A relaxation gives each stage weights by which the step is at least a sum over stages. What stands
/// between it and the known plan is a slack that all stages together may spend on choices worse than
/// their best mixture; first a small part of it is tried, as the best choices seldom need more. Each
/// stage's choices within the slack are listed, but for those that another surpasses, and combined
/// depth-first.
struct JointSearch {
  private(set) var best: (seconds: Double, counts: [[Int]])?
  /// No choices take less, as far as the search went.
  private(set) var bound: Double
  private(set) var stepsLeft: Int

  private let function: StepFunction
  private let choices: [StageChoices]
  private let rooms: [Int]
  private var limit: Double
  private var floor: Double
  private var threshold = 0.0
  private var lists: [[Choice]] = []
  /// What the stages from one on spend at least, and add to the lines.
  private var rest: [(excess: Double, lines: SIMD3<Double>)] = []
  private var path: [Choice] = []

  struct Choice {
    var time: Double
    var exposure: Double
    /// Over the relaxation.
    var excess: Double
    var counts: [Int]
  }

  /// - Precondition: every stage has a choice within its room.
  init(
    _ function: StepFunction, _ choices: [StageChoices], rooms: [Int], limit: Double, steps: Int
  ) {
    self.function = function
    self.choices = choices
    self.rooms = rooms
    self.limit = limit
    floor = limit
    stepsLeft = steps
    bound = -.infinity
  }

  mutating func run() {
    let relaxation = StepRelaxation(function, choices, rooms: rooms, limit: limit)
    let whole = limit - relaxation.bound
    bound = relaxation.bound
    for part in [1.0 / 27, 1.0 / 9, 1.0 / 3, 1] where bound < min(limit, floor) {
      threshold = min(limit, relaxation.bound + part * whole)
      guard list(relaxation) else {
        if stepsLeft == 0 { return }
        bound = min(threshold, floor)
        continue
      }
      descend(StepFunction.Prefix(), spent: relaxation.bound)
      if stepsLeft == 0 { return }
      bound = min(threshold, limit, floor)
    }
    bound = min(bound, limit)
  }

  /// False where some stage has no choice within the slack, or steps ran out.
  private mutating func list(_ relaxation: StepRelaxation) -> Bool {
    lists = []
    var slack = threshold - relaxation.bound
    for stage in choices.indices {
      guard
        var walk = StageWalk(
          choices[stage], room: rooms[stage], weights: relaxation.weights[stage])
      else { preconditionFailure("every stage has a choice") }
      var front = Front(slack: slack)
      walk.run(&front, steps: &stepsLeft)
      let list = front.choices.sorted { $0.excess < $1.excess }
      guard stepsLeft > 0, let first = list.first else { return false }
      slack -= first.excess
      lists.append(list)
    }
    rest = [(0, .zero)]
    for (stage, list) in lists.enumerated().reversed() {
      let (excess, lines) = rest[rest.count - 1]
      let fastest = list.reduce(Double.infinity) { min($0, $1.time) }
      rest.append(
        (
          excess + list[0].excess,
          lines + function.slopes[stage] * (function.ends[stage] + fastest)
        ))
    }
    rest.reverse()
    return true
  }

  private mutating func descend(_ prefix: StepFunction.Prefix, spent: Double) {
    guard prefix.stages < lists.count else {
      floor = min(floor, prefix.floor())
      let seconds = prefix.seconds()
      if seconds < limit {
        limit = seconds
        threshold = min(threshold, seconds)
        best = (seconds, path.map(\.counts))
      }
      return
    }
    let later = rest[prefix.stages + 1]
    for choice in lists[prefix.stages] {
      let now = spent + choice.excess
      guard now + later.excess < threshold, stepsLeft > 0 else { return }
      stepsLeft -= 1
      let next = function.adding(time: choice.time, exposure: choice.exposure, to: prefix)
      guard next.floor(later.lines) < threshold else { continue }
      path.append(choice)
      descend(next, spent: now)
      path.removeLast()
    }
  }

  /// Choices of which none takes and exposes no less than another.
  private struct Front: ChoiceVisitor {
    var slack: Double
    var choices: [Choice] = []

    func wants(time: Double, exposure: Double) -> Bool {
      !choices.contains { $0.time <= time && $0.exposure <= exposure }
    }

    mutating func visit(time: Double, exposure: Double, excess: Double, counts: [Int]) {
      choices.removeAll { $0.time >= time && $0.exposure >= exposure }
      choices.append(Choice(time: time, exposure: exposure, excess: excess, counts: counts))
    }
  }
}
