import Testing

@testable import Galvatron

/// Stages of a few layers each, with options of all proportions.
private func randomStages(
  _ generator: inout SeededGenerator
) -> (function: StepFunction, choices: [StageChoices], rooms: [Int], microBatches: Int) {
  func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }
  let stages = Int.random(in: 1...3, using: &generator)
  let microBatches = Int.random(in: stages...8, using: &generator)
  let choices = (0..<stages).map { _ in
    StageChoices(
      layers: Int.random(in: 1...4, using: &generator),
      candidates: (0..<4).map { strategy in
        LayerOption(
          memory: Int.random(in: 10...100, using: &generator), time: number(1...2),
          exposure: number(0...6), strategy: strategy)
      })
  }
  let rooms = choices.map {
    $0.leastMemory! + Int.random(in: 0...(60 * $0.layers), using: &generator)
  }
  let ends = choices.indices.map { $0 == 0 || $0 == stages - 1 ? number(0...2) : 0 }
  return (StepFunction(ends: ends, microBatches: microBatches), choices, rooms, microBatches)
}

/// Times and exposures of all choices within a room.
private func everyChoice(_ stage: StageChoices, room: Int) -> [(time: Double, exposure: Double)] {
  var found: [(time: Double, exposure: Double)] = []
  func add(_ index: Int, left: Int, memory: Int, time: Double, exposure: Double) {
    if memory > room { return }
    guard left > 0 else { return found.append((time, exposure)) }
    guard index < stage.options.count else { return }
    let option = stage.options[index]
    add(
      index, left: left - 1, memory: memory + option.memory, time: time + option.time,
      exposure: exposure + option.exposure)
    add(index + 1, left: left, memory: memory, time: time, exposure: exposure)
  }
  add(0, left: stage.layers, memory: 0, time: 0, exposure: 0)
  return found
}

private func combinations(
  _ lists: ArraySlice<[(time: Double, exposure: Double)]>
) -> [[(time: Double, exposure: Double)]] {
  guard let first = lists.first else { return [[]] }
  let rest = combinations(lists.dropFirst())
  return first.flatMap { choice in rest.map { [choice] + $0 } }
}

/// The least step of all ways to choose, tried one by one.
private func leastOfAll(
  _ function: StepFunction, _ choices: [StageChoices], rooms: [Int]
) -> Double {
  let all = zip(choices, rooms).map { everyChoice($0, room: $1) }
  return combinations(all[...]).map { stages in
    stages.reduce(StepFunction.Prefix()) {
      function.adding(time: $1.time, exposure: $1.exposure, to: $0)
    }.seconds()
  }.min()!
}

@Suite struct JointSearchTests {
  @Test func functionIsTheJudgesFormula() {
    var generator = SeededGenerator(state: 11)
    for _ in 0..<200 {
      let stages = Int.random(in: 1...5, using: &generator)
      let microBatches = Int.random(in: 1...9, using: &generator)
      func numbers(_ most: Double) -> [Double] {
        (0..<stages).map { _ in .random(in: 0...most, using: &generator) }
      }
      let (ends, times, exposures) = (numbers(1), numbers(3), numbers(20))
      let function = StepFunction(ends: ends, microBatches: microBatches)
      var prefix = StepFunction.Prefix()
      for (time, exposure) in zip(times, exposures) {
        prefix = function.adding(time: time, exposure: exposure, to: prefix)
      }
      let expected = PipelineTime.seconds(
        withoutSync: zip(ends, times).map { $0 + $1 },
        withSync: zip(times, exposures).map { $0 + $1 }, microBatches: microBatches)
      #expect(abs(prefix.seconds() - expected) < 1e-12 * expected)
      #expect(prefix.floor() <= prefix.seconds())
    }
  }

  /// With steps enough the search finds what trying all choices finds; its bounds always hold, also
  /// where it had to give up.
  @Test func findsWhatTryingAllFinds() {
    var generator = SeededGenerator(state: 5)
    var proved = 0
    for round in 0..<300 {
      let (function, choices, rooms, _) = randomStages(&generator)
      let least = leastOfAll(function, choices, rooms: rooms)
      let limit = least * Double.random(in: 1.001...1.5, using: &generator)
      let relaxation = StepRelaxation(function, choices, rooms: rooms, limit: limit)
      #expect(relaxation.bound <= least * (1 + 1e-12), "round \(round)")
      for steps in [0, 20, 200, 100_000] {
        var search = JointSearch(function, choices, rooms: rooms, limit: limit, steps: steps)
        search.run()
        #expect(search.bound <= least * (1 + 1e-12), "round \(round), \(steps) steps")
        guard search.stepsLeft > 0 else { continue }
        #expect(abs((search.best?.seconds ?? 0) / least - 1) < 1e-12, "round \(round)")
        if search.bound >= least * (1 - 1e-12) { proved += 1 }
      }
    }
    #expect(proved > 300, "\(proved)")
  }

  /// A limit that nothing undercuts is the bound.
  @Test func provesThatNothingIsBelow() {
    var generator = SeededGenerator(state: 17)
    for round in 0..<100 {
      let (function, choices, rooms, _) = randomStages(&generator)
      guard function.stages < 3 else { continue }
      let least = leastOfAll(function, choices, rooms: rooms)
      var search = JointSearch(
        function, choices, rooms: rooms, limit: least * (1 - 1e-9), steps: 100_000)
      search.run()
      #expect(search.best == nil && search.bound >= least * (1 - 1e-8), "round \(round)")
    }
  }
}
