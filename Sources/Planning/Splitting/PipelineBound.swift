import Costing
import Scheduling

/// What a one-chunk pipeline cannot undercut, seen from one stage.
///
/// **Why it holds.** A step takes at least as long as any chain of passes each of which waits for
/// the one before. Stage `i` of `p` runs its passes in a fixed order, so one such chain is: the
/// forwards of the stages before it (`head`), all its own passes, the backwards of the stages before
/// it (`tail`). A chain may also leave the stage after forward `k`, follow micro-batch `k` to the
/// last stage and back (`round`), and rejoin at backward `k`; it then leaves out what the stage runs
/// in between: at most the `q = p − 1 − i` forwards and `q` backwards that it runs ahead, fewer
/// forwards near the end of the step and fewer backwards near its start. Two such trips can follow
/// each other when they are q + 1 micro-batches apart. The bound takes trips at the first and last
/// micro-batch and every q + 1 between, those that gain. ZB-H1's weight gradients trail by `i`
/// micro-batches, so a trip leaves out fewer of them near the start, and the last `min(i, m − 1) + 1`
/// of them follow the last backward, beside the backwards of the stages before it.
///
/// GPipe is a flow shop there and back, in which links are machines too: the sum of all, and (m − 1)
/// times the slowest each way.
///
/// **How tight it is.** Equal to the played step for nearly all pipelines of similar stages, with
/// and without sends; a path that works at two stages in turn can be longer.
///
/// **Monotony.** More layers on the stage, or an earlier start with the same end, never lower it:
/// every chain runs at least one forward and one backward of the stage, which is what the layers
/// would take in `head`, `tail` or `round` instead. So a stage that takes as many layers as a bound
/// allows leaves the later ones no worse off, and greedy cutting answers exactly whether a split
/// within a bound exists.
struct PipelineBound {
  let costs: SplitCosts
  private let splitsBackward: Bool
  private let isFlowShop: Bool
  private let m: Double

  init(_ costs: SplitCosts) {
    self.costs = costs
    splitsBackward = costs.schedule.splitsBackward
    isFlowShop = costs.schedule == .gpipe
    m = Double(costs.microBatches)
  }

  /// Times before a stage's first forward begins, and from its last input gradient to the end of the
  /// step at the stages before it.
  struct Upstream {
    var head = 0.0
    var tail = 0.0
  }

  /// The least there can be before node `start`, on stage `stage`: no recomputation.
  func upstream(stage: Int, start: Int) -> Upstream {
    let fixed = costs.overhead * Double(stage) + costs.sendsBefore[stage]
    let before = costs.table.sums[start]
    return Upstream(
      head: before.forward + fixed, tail: backward(from: StageSums(), to: before) + fixed)
  }

  /// What the slowest link makes of a step, whatever the split: the first micro-batch on its way, all
  /// others over that link behind it, the last one on its way home. Under GPipe they all cross it there
  /// before any does back. What is recomputed is left out, as moving layers may save some.
  var linkFloor: Double {
    let all = costs.table.sums[costs.nodes]
    let trip =
      all.forward + backward(from: StageSums(), to: all) + 2 * costs.overhead * Double(costs.stages)
      + 2 * costs.sendsAfter[0]
    let ways = isFlowShop ? 2.0 : 1
    return trip + ways * (m - 1) * costs.slowestSend
  }

  /// What is before the next stage, exactly.
  func after(_ before: Upstream, stage: Int, _ passes: SplitCosts.Passes, cut: Int) -> Upstream {
    let send = costs.send(afterStage: stage, cut: cut)
    var own = before.tail
    if splitsBackward { own = max(own, weightsLeft(stage) * passes.weight) }
    return Upstream(
      head: before.head + passes.forward + send, tail: own + backward(passes) + send)
  }

  /// Of the layers, without recomputation and overhead, up to the gradient that is sent back.
  private func backward(from before: StageSums, to after: StageSums) -> Double {
    let whole = after.backward - before.backward
    return splitsBackward ? whole - (after.weightGradient - before.weightGradient) : whole
  }

  private func backward(_ passes: SplitCosts.Passes) -> Double {
    splitsBackward ? passes.input : passes.input + passes.weight
  }

  private func weightsLeft(_ stage: Int) -> Double {
    Double(min(stage, costs.microBatches - 1) + 1)
  }

  /// Complexity: O(1), for ZB-H1 O(stages) in the worst case.
  func seconds(
    stage: Int, _ before: Upstream, _ passes: SplitCosts.Passes, end: Int
  ) -> Double {
    let later = costs.stages - 1 - stage
    let (f, b) = (passes.forward, backward(passes))
    let (here, all) = (costs.table.sums[end], costs.table.sums[costs.nodes])
    let round =
      (all.forward - here.forward) + backward(from: here, to: all)
      + 2 * costs.overhead * Double(later) + 2 * costs.sendsAfter[stage]
    if isFlowShop {
      // Backward a stage is nearly always slower than a link: see `linkFloor` for the rest.
      return before.head + before.tail + f + b + round + (m - 1) * (max(f, costs.slowestSend) + b)
    }
    let w = splitsBackward ? passes.weight : 0
    let left = weightsLeft(stage)
    let alone =
      before.head + m * (f + b) + (m - left) * w + max(left * w, before.tail)
    guard later > 0 else { return alone }
    return alone + gain(stage: stage, ahead: later, round: round, f, b, w)
  }

  /// What trips to the last stage and back add to the stage's own passes.
  private func gain(
    stage: Int, ahead: Int, round: Double, _ f: Double, _ b: Double, _ w: Double
  ) -> Double {
    let last = costs.microBatches - 1
    func trip(_ k: Int) -> Double {
      let forwards = min(ahead, last - k)
      let backwards = min(ahead, k)
      let weights = max(0, k - max(stage, k - ahead, 0))
      return max(
        0, round - Double(forwards) * f - Double(backwards) * b - Double(weights) * w)
    }
    guard last > ahead else {
      // All forwards come before all backwards: one trip.
      return max(trip(0), trip(last))
    }
    var gained = trip(0) + trip(last)
    let between = last / (ahead + 1) - 1
    var number = 1
    if w > 0 {
      while number <= between, number * (ahead + 1) < stage + ahead {
        gained += trip(number * (ahead + 1))
        number += 1
      }
    }
    if number <= between {
      gained += Double(between - number + 1) * max(0, round - Double(ahead) * (f + b + w))
    }
    return gained
  }
}
