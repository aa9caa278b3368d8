import Costing
import Quantities
import Scheduling

/// What cutting one strategy's pipeline needs to know, on plain numbers: any stage costs O(1).
///
/// The figures are those of `StrategyModel`; a test holds the two together. A class, so that the parts
/// of a search share it without copying.
final class SplitCosts {
  let model: StrategyModel
  let table: StageTable
  let stages: Int
  let nodes: Int
  let microBatches: Int
  let schedule: PipelineSchedule
  let policy: RecomputePolicy
  /// Under `full`, how many layers each stage recomputes is chosen: as few as fit. Otherwise all
  /// layers follow the policy.
  let choosesRecompute: Bool
  /// For plans that must be predicted although they do not fit.
  let ignoresMemory: Bool

  /// Of one pass.
  let overhead: Double
  /// Sums, before stage `i` and from it on, of the time from each stage to the next across
  /// whichever cut sends least.
  let sendsBefore: [Double]
  let sendsAfter: [Double]
  /// The longest of these times: that link carries every micro-batch, one after another.
  let slowestSend: Double
  private let held: [Double]
  private let limit: Double
  private let runtime: Double
  private let heldFactor: Double
  private let perParameter: Double
  private let perExpertParameter: Double
  /// A stage recomputes no layer, or as few as fit; of these two, as few as fit.
  private let recomputesLeast: Bool
  private let choosesAmongLayers: Bool
  /// Bytes that the dearest of all layers takes only while it runs.
  private let mostTransient: Double
  /// A stage fits whatever it holds, with no more recomputed than the policy says.
  private(set) var fitsAnywhere = false
  /// The nodes that share a table, and its parameters.
  private let tie: (embedding: Int, head: Int, parameters: Double)?

  /// - Parameter leastSend: Seconds from any stage to the next at least; left out, from each what it takes
  ///   across the cut that sends least.
  init(
    _ model: StrategyModel, choosesRecompute: Bool, ignoresMemory: Bool = false,
    leastSend: Double? = nil
  ) {
    self.model = model
    self.choosesRecompute = choosesRecompute
    self.ignoresMemory = ignoresMemory
    let strategy = model.strategy
    table = model.table
    stages = model.stages
    nodes = table.nodeCount
    microBatches = strategy.microBatches
    schedule = strategy.schedule
    policy = strategy.recompute
    choosesAmongLayers = policy == .full && choosesRecompute
    recomputesLeast = policy == .none || choosesAmongLayers
    overhead = model.problem.costs.parameters.software.microBatchOverhead.value
    held = (0..<stages).map { stage in
      Double(model.heldMicroBatches(stage: stage, chunk: 0))
    }
    // Sums are formed in another order than where plans are predicted.
    limit = model.problem.memoryLimit.value * (1 - 1e-12)
    let reserve = model.problem.reserve(model.parallelism)
    runtime = (model.problem.runtimeMemory + reserve.fixed).value
    heldFactor = 1 + reserve.fraction
    perParameter = model.states.perParameter
    perExpertParameter = model.states.perExpertParameter
    let table = table
    tie = model.problem.tie.map { tie in
      (tie.embedding, tie.head, table.costs[table.kinds[tie.embedding]].parameters)
    }

    let all = 0..<nodes
    mostTransient = table.transientBytes(
      all, policy, recomputed: recomputesLeast ? 0 : table.recomputableLayers(all))
    let sends = (0..<max(0, stages - 1)).map {
      leastSend ?? Self.leastSend(model, $0)
    }
    var before: [Double] = []
    before.reserveCapacity(sends.count + 1)
    before.append(0)
    for send in sends { before.append(before[before.count - 1] + send) }
    let oneWay = before[before.count - 1]
    sendsBefore = before
    sendsAfter = before.map { oneWay - $0 }
    slowestSend = sends.reduce(0) { max($0, $1) }
    // What a stage holds grows with its layers, and is most where most micro-batches are held.
    let fullest = held.indices.max { held[$0] < held[$1] } ?? 0
    let whole = memory(
      stage: fullest, all, recomputed: leastRecomputation(ifFitting: all))
    fitsAnywhere = ignoresMemory || whole * (1 + 1e-9) <= limit
  }

  private static func leastSend(_ model: StrategyModel, _ stage: Int) -> Double {
    model.sendTime(afterVirtualStage: stage, cut: model.problem.narrowestCut).value
  }

  /// Seconds of a stage's passes over one micro-batch.
  struct Passes {
    var forward: Double
    /// Up to the gradient of the input, recomputation included.
    var input: Double
    var weight: Double
    var recomputed: Int
  }

  func passes(_ range: Range<Int>, recomputed: Int) -> Passes {
    let (before, after) = (table.sums[range.lowerBound], table.sums[range.upperBound])
    let weights = after.weightGradient - before.weightGradient
    return Passes(
      forward: after.forward - before.forward + overhead,
      input: max(0, after.backward - before.backward - weights) + overhead
        + table.recomputeTime(range, policy, recomputed: recomputed),
      weight: weights, recomputed: recomputed)
  }

  /// Nil where the range does not fit on the stage.
  func passes(stage: Int, _ range: Range<Int>) -> Passes? {
    leastRecomputation(stage, range).map { passes(range, recomputed: $0) }
  }

  /// Bytes on one GPU of a stage that holds one range.
  func memory(stage: Int, _ range: Range<Int>, recomputed: Int) -> Double {
    memory(
      kept(stage, range, recomputed: recomputed),
      table.transientBytes(range, policy, recomputed: recomputed))
  }

  private func memory(_ kept: Double, _ transient: Double) -> Double {
    (kept + transient) * heldFactor + runtime
  }

  /// States, and the activations of the micro-batches that are held.
  private func kept(_ stage: Int, _ range: Range<Int>, recomputed: Int) -> Double {
    let (before, after) = (table.sums[range.lowerBound], table.sums[range.upperBound])
    let dense = after.parameters - before.parameters + tiedParameters(range)
    let expert = after.expertParameters - before.expertParameters
    return dense * perParameter + expert * perExpertParameter
      + held[stage] * table.activationBytes(range, policy, recomputed: recomputed)
  }

  private func tiedParameters(_ range: Range<Int>) -> Double {
    guard let tie, range.contains(tie.head), !range.contains(tie.embedding) else { return 0 }
    return tie.parameters
  }

  /// The fewest layers that a stage recomputes, whether or not it fits.
  private func leastRecomputation(ifFitting range: Range<Int>) -> Int {
    recomputesLeast ? 0 : table.recomputableLayers(range)
  }

  /// The fewest layers that a stage must recompute to fit; nil if not even all suffice.
  ///
  /// Recomputing one more layer never takes more memory: what it brings back while it runs is at
  /// most what one micro-batch no longer keeps, and at least one micro-batch is held.
  func leastRecomputation(_ stage: Int, _ range: Range<Int>) -> Int? {
    let least = leastRecomputation(ifFitting: range)
    if fitsAnywhere { return least }
    let kept = kept(stage, range, recomputed: least)
    // Mostly the dearest of all layers would fit too.
    if memory(kept, mostTransient) <= limit { return least }
    if memory(kept, table.transientBytes(range, policy, recomputed: least)) <= limit {
      return least
    }
    let all = table.recomputableLayers(range)
    guard least < all, choosesAmongLayers, memory(stage: stage, range, recomputed: all) <= limit
    else {
      return nil
    }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if memory(stage: stage, range, recomputed: middle) <= limit {
        high = middle
      } else {
        low = middle
      }
    }
    return high
  }

  /// The time that a cut costs after stage `stage`.
  func send(afterStage stage: Int, cut: Int) -> Double {
    stage < stages - 1 ? model.sendTime(afterVirtualStage: stage, cut: cut).value : 0
  }

  /// What the stage adds to the end of a step, by its own share.
  func stepEnd(_ range: Range<Int>, _ passes: Passes) -> (reduction: Double, optimizer: Double) {
    let again = table.recomputeTime(range, policy, recomputed: passes.recomputed)
    let ending = model.stepEnd(
      CollectionOfOne(range), forward: Seconds(passes.forward),
      backward: Seconds(passes.input + passes.weight - again))
    return (ending.reduction.value, ending.optimizer.value)
  }

  /// Seconds of a step but for what it takes whatever the split: the schedule played, the slowest
  /// gradient reduction and the slowest update.
  func played(_ split: PipelineSplit) -> Double {
    let times = model.pipelineTimes(split)
    var (reduction, optimizer) = (0.0, 0.0)
    for stage in 0..<stages {
      let chunks = (0..<split.virtualStages / stages).lazy.map { [stages] in
        split.nodes(ofVirtualStage: $0 * stages + stage)
      }
      var (forward, backward) = (Seconds.zero, Seconds.zero)
      for index in stride(from: stage, to: split.virtualStages, by: stages) {
        forward += times.forward[index]
        backward += times.backwardInput[index] + times.backwardWeight[index]
        backward -= times.recompute[index]
      }
      let ending = model.stepEnd(chunks, forward: forward, backward: backward)
      reduction = max(reduction, ending.reduction.value)
      optimizer = max(optimizer, ending.optimizer.value)
    }
    return schedule.makespan(times, microBatches: microBatches).value + reduction + optimizer
  }
}
