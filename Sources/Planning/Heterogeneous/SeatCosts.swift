import Costing
import Quantities
import Workload

/// What any range of layers costs as one stage on one kind of seat, in O(1) where nothing needs
/// recomputing.
///
/// The same figures as `StrategyModel` gives, from prefix sums: searching asks for millions. A class,
/// since copies of so many arrays would cost more than the sums.
final class SeatCosts {
  let model: StrategyModel
  let pool: Int
  /// Groups of GPUs of this size that the pool holds.
  let most: Int
  /// Seconds of all layers as one stage for one micro-batch, nothing recomputed.
  let wholeTime: Double
  /// Bytes that may be held, what a framework sets aside beside them taken off.
  private let limit: Double
  private let overhead: Double
  private let policy: RecomputePolicy
  private let work: [Double]
  private let forward: [Double]
  private let stateBytes: [Double]
  /// Bytes of one micro-batch that layers before each keep, unless recomputed in full.
  private let keptBytes: [Double]
  private let recomputable: [Int]
  private let fullTime: [Double]
  private let fullSaving: [Double]
  private let tieBytes: Double
  private let tie: (embedding: Int, head: Int)
  /// Node after the `n`-th that can recompute, by ordinal.
  private let recomputableEnd: [Int]
  /// Kinds by descending bytes that exist only while they run, and where each comes next.
  private let transients: [Transient]
  private let recomputedTransients: [Transient]
  let sendBytes: [Double]

  private struct Transient {
    var bytes: Double
    /// First node of the kind from an index on.
    var next: [Int]
  }

  init(_ model: StrategyModel, pool: Int, most: Int) {
    self.model = model
    self.pool = pool
    self.most = most
    let table = model.table
    let problem = model.problem
    let nodes = table.nodeCount
    policy = model.strategy.recompute
    limit = problem.room(model.parallelism).value
    overhead = 2 * problem.costs.parameters.software.microBatchOverhead.value
    work = table.sums.map { $0.forward + $0.backward }
    forward = table.sums.map(\.forward)
    let states = model.states
    stateBytes = table.sums.map {
      $0.parameters * states.perParameter + $0.expertParameters * states.perExpertParameter
    }
    keptBytes =
      policy == .selective
      ? table.sums.map(\.selectiveActivations) : table.sums.map(\.activations)
    recomputable = table.recomputable
    if let tie = problem.tie {
      self.tie = tie
      tieBytes =
        table.costs[problem.graph.nodes[tie.embedding].kind].parameters * states.perParameter
    } else {
      tie = (-1, -1)
      tieBytes = 0
    }
    recomputableEnd =
      [0] + (0..<nodes).filter { table.costs[table.kinds[$0]].canRecompute }.map { $0 + 1 }
    fullTime = recomputableEnd.map { table.sums[$0].fullTime }
    fullSaving = recomputableEnd.map { table.sums[$0].fullSaving }
    let selective = policy == .selective
    transients = Self.transients(table) { cost in
      cost.transient.value
        + (selective ? (cost.activations - cost.selectiveActivations).value : 0)
    }
    recomputedTransients = Self.transients(table) { cost in
      cost.canRecompute
        ? cost.transient.value + (cost.activations - cost.fullActivations).value : 0
    }
    sendBytes = Self.sendBytes(problem.costs, model.parallelism)
    wholeTime = work[nodes] + overhead
  }

  /// Bytes across every cut. One edge crosses most cuts: what is found for one holds on for those
  /// that the same tensors cross.
  private static func sendBytes(
    _ costs: CostModel, _ parallelism: LayerParallelism
  ) -> [Double] {
    let nodes = costs.graph.nodes.count
    guard costs.graph.isChain, nodes > 1 else {
      return (0...nodes).map {
        $0 == 0 || $0 == nodes ? 0 : costs.boundaryBytes(at: $0, parallelism).value
      }
    }
    var known: [Double: Double] = [:]
    return (0...nodes).map { cut in
      if cut == 0 || cut == nodes { return 0 }
      let edge = costs.graph.edges[cut - 1]
      let bytes =
        edge.bytesPerSequence == 0 ? known[edge.elementsPerToken] : nil
      if let bytes { return bytes }
      let counted = costs.boundaryBytes(at: cut, parallelism).value
      if edge.bytesPerSequence == 0 { known[edge.elementsPerToken] = counted }
      return counted
    }
  }

  private static func transients(
    _ table: StageTable, _ bytes: (LayerCost) -> Double
  ) -> [Transient] {
    table.costs.indices.map { kind -> Transient in
      var next = [Int](repeating: .max, count: table.nodeCount + 1)
      for node in (0..<table.nodeCount).reversed() {
        next[node] = table.kinds[node] == kind ? node : next[node + 1]
      }
      return Transient(bytes: bytes(table.costs[kind]), next: next)
    }.filter { $0.bytes > 0 }.sorted { $0.bytes > $1.bytes }
  }

  /// Seconds of one micro-batch, forward and backward, through layers `a ..< b`; infinite where they
  /// do not fit beside `held` micro-batches.
  func time(_ a: Int, _ b: Int, held: Int) -> Double {
    let plain = work[b] - work[a] + overhead
    guard let recomputed = leastRecomputation(a, b, held: held) else { return .infinity }
    return plain + model.table.recomputeTime(a..<b, policy, recomputed: recomputed)
  }

  /// Of one group.
  var gpus: Int { model.strategy.tensor * model.strategy.context * model.strategy.data }

  /// Seconds of the layers before each, forward and backward, no overhead.
  var workBefore: [Double] { work }

  /// The passes of layers `a ..< b` as one stage.
  func passes(
    _ a: Int, _ b: Int, recomputed: Int
  ) -> (forward: Seconds, input: Seconds, weight: Seconds) {
    let table = model.table
    let weights = table.weightGradientTime(a..<b)
    let again = table.recomputeTime(a..<b, policy, recomputed: recomputed)
    return (
      Seconds(forwardTime(a, b)),
      Seconds(max(0, table.backwardTime(a..<b) - weights) + overhead / 2 + again),
      Seconds(weights)
    )
  }

  /// Nothing recomputed, whether it fits or not.
  func plainTime(_ a: Int, _ b: Int) -> Double { work[b] - work[a] + overhead }

  /// Of the forward pass alone.
  func forwardTime(_ a: Int, _ b: Int) -> Double { forward[b] - forward[a] + overhead / 2 }

  /// The fewest layers to recompute so that `a ..< b` fit; nil if not even all suffice.
  func leastRecomputation(_ a: Int, _ b: Int, held: Int) -> Int? {
    let all = recomputable[b] - recomputable[a]
    guard policy == .full else {
      let fixed = policy == .none ? 0 : all
      return fits(a, b, held, fixed) ? fixed : nil
    }
    if fits(a, b, held, 0) { return 0 }
    guard all > 0, fits(a, b, held, all) else { return nil }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(a, b, held, middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// Whether `time(a, b, held: held)` is at most so long, without finding it out exactly.
  func time(_ a: Int, _ b: Int, held: Int, isWithin seconds: Double) -> Bool {
    let spare = seconds - plainTime(a, b)
    guard spare >= 0 else { return false }
    guard policy == .full else { return time(a, b, held: held) <= seconds }
    if fits(a, b, held, 0) { return true }
    // As many layers recomputed as there is time for.
    let first = recomputable[a]
    var (low, high) = (0, recomputable[b] - first)
    while low < high {
      let middle = (low + high + 1) / 2
      let isInTime = fullTime[first + middle] - fullTime[first] <= spare
      if isInTime { low = middle } else { high = middle - 1 }
    }
    if low == 0 { return false }
    if fits(a, b, held, low) { return true }
    // Fewer may fit where the last of them brings more back than the others.
    let least = Self.largest(recomputedTransients, a, recomputableEnd[first + 1])
    return Self.largest(recomputedTransients, a, recomputableEnd[first + low]) > least
      && time(a, b, held: held) <= seconds
  }

  private func fits(_ a: Int, _ b: Int, _ held: Int, _ recomputed: Int) -> Bool {
    let first = recomputable[a]
    var bytes = keptBytes[b] - keptBytes[a]
    if policy == .full { bytes -= fullSaving[first + recomputed] - fullSaving[first] }
    bytes = Double(held) * bytes + stateBytes[b] - stateBytes[a]
    if tie.head >= a, tie.head < b, tie.embedding < a { bytes += tieBytes }
    if bytes > limit { return false }
    var transient = Self.largest(transients, a, b)
    if recomputed > 0, policy == .full {
      let end = recomputableEnd[first + recomputed]
      transient = max(transient, Self.largest(recomputedTransients, a, end))
    }
    return bytes + transient <= limit
  }

  private static func largest(_ transients: [Transient], _ a: Int, _ b: Int) -> Double {
    for transient in transients where transient.next[a] < b { return transient.bytes }
    return 0
  }

}

extension SeatCosts {
  /// Seconds of the fastest send between neighbouring groups of the pool.
  func nearestSend(cut: Int) -> Double {
    // Whether neighbours share a node repeats with the nodes.
    let period = max(1, model.problem.pool.gpusPerNode / gpus)
    return (0..<max(1, min(period, most - 1))).reduce(Double.infinity) {
      min($0, model.sendTime(afterVirtualStage: $1, cut: cut).value)
    }
  }
}
