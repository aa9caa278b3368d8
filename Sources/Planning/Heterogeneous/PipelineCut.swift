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
    var walk = CutWalk(
      table: self, stages: counts(state).reduce(0, +), threshold: threshold, effort: effort)
    for pool in seats.indices.sorted(by: {
      (value(state, first: $0, from: 0), $0) < (value(state, first: $1, from: 0), $1)
    }) {
      walk.visit(state, first: pool, from: 0, CutWalk.Prefix(), accept)
    }
    effort = walk.effort
    return !walk.isCut
  }
}

private struct CutWalk {
  let table: SuffixTable
  /// Of the whole pipeline.
  let stages: Int
  var threshold: Double
  var effort: Int
  var isCut = false
  var seats: [Int] = []
  var boundaries = [0]

  init(table: SuffixTable, stages: Int, threshold: Double, effort: Int) {
    self.table = table
    self.stages = stages
    self.threshold = threshold
    self.effort = effort
  }

  /// Judging a cut takes about as long as trying so many stages.
  private static let stagesPerCut = 8

  /// What the stages so far make of a step.
  fileprivate struct Prefix {
    /// Seconds from the step's start to the next stage's first input, and from its last gradient to the
    /// step's end.
    var waited = 0.0
    /// The same there and back.
    var returned = 0.0
    /// The most that a stage so far makes the step take; beside the trip from the next stage on, and
    /// beside two of them.
    var slowest = 0.0
    var once = -Double.infinity
    var twice = -Double.infinity

    func seconds(round: Double) -> Double {
      max(slowest, once + round, twice + 2 * round)
    }
  }

  private struct Step {
    var bound: Double
    var end: Int
    var next: Int
    var prefix: Prefix
  }

  mutating func visit(
    _ state: Int, first pool: Int, from a: Int, _ prefix: Prefix,
    _ accept: (PipelineCut) -> Double
  ) {
    let least = max(
      prefix.waited + table.value(state, first: pool, from: a),
      prefix.returned + table.home(state, first: pool, from: a),
      prefix.seconds(round: table.round(state, first: pool, from: a)))
    if isCut || least >= threshold { return }
    seats.append(pool)
    for step in steps(state, pool, a, prefix) where step.bound < threshold {
      if isCut { break }
      boundaries.append(step.end)
      if step.next < 0 {
        effort -= Self.stagesPerCut
        threshold = min(
          threshold, accept(PipelineCut(seats: seats, boundaries: boundaries)))
      } else {
        visit(
          table.state(without: pool, state), first: step.next, from: step.end, step.prefix, accept)
      }
      boundaries.removeLast()
    }
    seats.removeLast()
  }

  private mutating func steps(
    _ state: Int, _ pool: Int, _ a: Int, _ prefix: Prefix
  ) -> [Step] {
    let seat = table.seats[pool]
    let nodes = seat.fold.places
    let stages = table.counts(state).reduce(0, +)
    let held = table.schedule.held(
      fromEnd: stages, of: self.stages, chunks: seat.fold.chunks, microBatches: table.microBatches)
    let m = Double(table.microBatches)
    let rest = table.state(without: pool, state)
    let chains = table.chains(after: stages - 1)
    let trailing = table.trailing(before: self.stages - stages)
    var steps: [Step] = []
    for end in table.window(rest).clamped(to: (a + 1)..<(nodes - stages + 2)) {
      effort -= 1
      let time = seat.time(a, end, held: held)
      // Beside what the stages before take there, or there and back.
      let waited =
        trailing > 0
        ? max(prefix.waited, prefix.returned - trailing * seat.weightTime(a, end)) : prefix.waited
      if waited + m * time >= threshold { break }
      let (own, forward) = (table.round(seat, a, end), seat.forwardTime(a, end))
      if stages == 1 {
        let bound = max(waited + m * time, prefix.seconds(round: own))
        steps.append(Step(bound: bound, end: end, next: -1, prefix: prefix))
        break
      }
      for next in table.seats.indices
      where table.value(rest, first: next, from: end) < .infinity {
        let ahead = table.sendsOfRound(pool, next, end)
        let round = ahead + table.round(rest, first: next, from: end)
        var after = prefix
        after.waited += table.passed(seat, a, end, time) + table.sends[pool][next][end]
        after.returned += own + ahead
        after.slowest = max(prefix.slowest, waited + m * time)
        let bound = max(
          waited + chains.seconds(time, forward: forward, round: round),
          prefix.seconds(round: own + round),
          after.waited + table.value(rest, first: next, from: end),
          after.returned + table.home(rest, first: next, from: end))
        if bound < threshold {
          let (single, double) = chains.beside(time, forward: forward)
          after.once = max(prefix.once + own, waited + single) + ahead
          after.twice = max(prefix.twice + 2 * own, waited + double) + 2 * ahead
          steps.append(Step(bound: bound, end: end, next: next, prefix: after))
        }
      }
    }
    if effort <= 0 { isCut = true }
    return steps.sorted { ($0.bound, $0.end, $0.next) < ($1.bound, $1.end, $1.next) }
  }
}
