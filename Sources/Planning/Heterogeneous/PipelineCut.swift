import Scheduling

/// A pipeline as the search makes it: on which pool each stage sits, and where the model is cut, or a
/// lap of it.
struct PipelineCut: Hashable {
  /// Index of each stage's seat among those of the search.
  var seats: [Int]
  var boundaries: [Int]
}

extension SuffixTable {
  /// Cuts whose bound is below a threshold that `accept` may lower, in a fixed order, most promising
  /// first: a depth-first search from the first stage on, which the table tells the least time of
  /// everything that is left.
  ///
  /// - Parameters:
  ///   - threshold: Cuts that take no less are of no interest.
  ///   - accept: Given a cut, answers with the new threshold.
  ///   - effort: Stages that may be tried.
  /// - Returns: whether all cuts were seen or excluded.
  func visitCuts(
    of state: Int, below threshold: Double, effort: inout Int,
    _ accept: (PipelineCut) -> Double
  ) -> Bool {
    var walk = CutWalk(table: self, threshold: threshold, effort: effort)
    for pool in seats.indices.sorted(by: {
      (value(state, first: $0, from: 0), $0) < (value(state, first: $1, from: 0), $1)
    }) {
      walk.visit(state, first: pool, from: 0, waited: 0, slowest: 0, accept)
    }
    effort = walk.effort
    return !walk.isCut
  }
}

private struct CutWalk {
  let table: SuffixTable
  var threshold: Double
  var effort: Int
  var isCut = false
  var seats: [Int] = []
  var boundaries = [0]

  init(table: SuffixTable, threshold: Double, effort: Int) {
    self.table = table
    self.threshold = threshold
    self.effort = effort
  }

  /// Judging a cut takes about as long as trying so many stages.
  private static let stagesPerCut = 8

  private struct Step {
    var bound: Double
    var end: Int
    var next: Int
    var waited: Double
    var slowest: Double
  }

  /// - Parameters:
  ///   - waited: Seconds from the step's start to the stage's first input, and from its last
  ///     gradient to the step's end.
  ///   - slowest: The most that a stage so far makes the step take.
  mutating func visit(
    _ state: Int, first pool: Int, from a: Int, waited: Double, slowest: Double,
    _ accept: (PipelineCut) -> Double
  ) {
    if isCut || max(slowest, waited + table.value(state, first: pool, from: a)) >= threshold {
      return
    }
    seats.append(pool)
    for step in steps(state, pool, a, waited, slowest) where step.bound < threshold {
      if isCut { break }
      boundaries.append(step.end)
      if step.next < 0 {
        effort -= Self.stagesPerCut
        threshold = min(
          threshold, accept(PipelineCut(seats: seats, boundaries: boundaries)))
      } else {
        visit(
          table.state(without: pool, state), first: step.next, from: step.end,
          waited: step.waited, slowest: step.slowest, accept)
      }
      boundaries.removeLast()
    }
    seats.removeLast()
  }

  private mutating func steps(
    _ state: Int, _ pool: Int, _ a: Int, _ waited: Double, _ slowest: Double
  ) -> [Step] {
    let seat = table.seats[pool]
    let nodes = seat.fold.places
    let stages = table.counts(state).reduce(0, +)
    let held = table.held(stages)
    let m = Double(table.microBatches)
    let rest = table.state(without: pool, state)
    var steps: [Step] = []
    for end in table.window(rest).clamped(to: (a + 1)..<(nodes - stages + 2)) {
      effort -= 1
      let time = seat.time(a, end, held: held)
      let own = max(slowest, waited + m * time)
      if own >= threshold { break }
      if stages == 1 {
        steps.append(Step(bound: own, end: end, next: -1, waited: 0, slowest: own))
        break
      }
      for next in table.seats.indices {
        let waited =
          waited + table.passed(seat, a, end, time) + table.sends[pool][next][end]
        let bound = max(own, waited + table.value(rest, first: next, from: end))
        if bound < threshold {
          steps.append(Step(bound: bound, end: end, next: next, waited: waited, slowest: own))
        }
      }
    }
    if effort <= 0 { isCut = true }
    return steps.sorted { ($0.bound, $0.end, $0.next) < ($1.bound, $1.end, $1.next) }
  }
}
