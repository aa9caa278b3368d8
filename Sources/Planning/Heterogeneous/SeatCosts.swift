import Costing
import Quantities
import Workload

/// What any range of layers costs as one stage on one kind of seat, in O(1) where nothing needs
/// recomputing. Where the seat's stages have several chunks, layers are places of a `ChunkFold`, and a
/// range of them stands for that of every chunk.
///
/// The same figures as `StrategyModel` gives, from prefix sums: searching asks for millions. A class,
/// since copies of so many arrays would cost more than the sums.
final class SeatCosts {
  let model: StrategyModel
  let pool: Int
  let fold: ChunkFold
  /// Groups of GPUs of this size that the pool holds.
  let most: Int
  /// Seconds of all layers as one stage for one micro-batch, nothing recomputed.
  let wholeTime: Double
  /// Bytes that may be held, what a framework sets aside beside them taken off.
  private let limit: Double
  private let overhead: Double
  private let policy: RecomputePolicy
  /// Whether layers are recomputed for which there is no room.
  private let choosesLayers: Bool
  private let work: [Double]
  private let forward: [Double]
  /// Of the first chunk.
  private let firstWork: [Double]
  private let stateBytes: [Double]
  /// Bytes of one micro-batch that layers before each keep, unless recomputed in full: of the first
  /// chunk; and of those between and of the last, if there are several.
  private let keptBytes: [Double]
  private let keptBetween: [Double]
  private let keptLast: [Double]
  /// By node, as what is recomputed is counted chunk by chunk.
  private let recomputable: [Int]
  private let fullTime: [Double]
  private let fullSaving: [Double]
  private let tieBytes: Double
  /// The places of a table's copies.
  private let tie: (embedding: Int, head: Int)
  /// Node after the `n`-th that can recompute, by ordinal.
  private let recomputableEnd: [Int]
  /// Kinds by descending bytes that exist only while they run, and at which place each comes next; the
  /// same of those that are recomputed, by node.
  private let transients: [Transient]
  private let recomputedTransients: [Transient]
  /// Kinds of layers that there are, ascending.
  let kinds: [Int]
  let sendBytes: [Double]

  private struct Transient {
    var bytes: Double
    /// The first of the kind from an index on.
    var next: [Int]
  }

  init(_ model: StrategyModel, pool: Int, most: Int, fold: ChunkFold) {
    self.model = model
    self.pool = pool
    self.most = most
    self.fold = fold
    let table = model.table
    let problem = model.problem
    let nodes = table.nodeCount
    kinds = table.costs.indices.filter(table.kinds.contains)
    policy = model.strategy.recompute
    choosesLayers = policy == .full
    limit = problem.room(model.parallelism).value
    overhead = 2 * problem.costs.parameters.software.microBatchOverhead.value
    let sums = table.sums
    let whole = sums.map { $0.forward + $0.backward }
    work = fold.sums(of: whole)
    firstWork = fold.sums(of: whole, chunks: 0..<1)
    forward = sums.map(\.forward)
    let states = model.states
    stateBytes = fold.sums(
      of: sums.map {
        $0.parameters * states.perParameter + $0.expertParameters * states.perExpertParameter
      })
    let kept =
      policy == .selective ? sums.map(\.selectiveActivations) : sums.map(\.activations)
    let last = fold.chunks - 1
    keptBytes = fold.sums(of: kept, chunks: 0..<1)
    keptBetween = last > 1 ? fold.sums(of: kept, chunks: 1..<last) : []
    keptLast = last > 0 ? fold.sums(of: kept, chunks: last..<(last + 1)) : []
    recomputable = table.recomputable
    if let tie = problem.tie {
      self.tie = (fold.place(ofNode: tie.embedding), fold.place(ofNode: tie.head))
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
    transients = Self.transients(table, fold.places, fold.place) { cost in
      cost.transient.value
        + (selective ? (cost.activations - cost.selectiveActivations).value : 0)
    }
    recomputedTransients = Self.transients(table, nodes, { $0 }) { cost in
      cost.canRecompute
        ? cost.transient.value + (cost.activations - cost.fullActivations).value : 0
    }
    sendBytes = Self.sendBytes(problem.costs, model.parallelism)
    wholeTime = work[fold.places] + overhead * Double(fold.chunks)
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

  /// - Parameter place: Of a node, among so many.
  private static func transients(
    _ table: StageTable, _ places: Int, _ place: (Int) -> Int, _ bytes: (LayerCost) -> Double
  ) -> [Transient] {
    table.costs.indices.compactMap { kind -> Transient? in
      let bytes = bytes(table.costs[kind])
      guard bytes > 0 else { return nil }
      var next = [Int](repeating: .max, count: places + 1)
      for node in table.kinds.indices where table.kinds[node] == kind {
        next[place(node)] = place(node)
      }
      for place in (0..<places).reversed() { next[place] = min(next[place], next[place + 1]) }
      return Transient(bytes: bytes, next: next)
    }.sorted { $0.bytes > $1.bytes }
  }

  /// Seconds of one micro-batch, forward and backward, through layers `a ..< b`; infinite where they
  /// do not fit beside what is held.
  func time(_ a: Int, _ b: Int, held: HeldBatches) -> Double {
    guard let recomputed = leastRecomputation(a, b, held: held) else { return .infinity }
    let plain = plainTime(a, b)
    return recomputed == 0 ? plain : plain + rerunTime(a, b, recomputed)
  }

  /// Of one group.
  var gpus: Int { model.strategy.tensor * model.strategy.context * model.strategy.data }

  /// Seconds of the layers before each, forward and backward, no overhead: of all chunks, and of the
  /// first.
  var workBefore: [Double] { work }
  var firstWorkBefore: [Double] { firstWork }

  /// The passes of some nodes as one chunk.
  func passes(
    _ nodes: Range<Int>, recomputed: Int
  ) -> (forward: Seconds, input: Seconds, weight: Seconds, again: Seconds) {
    let table = model.table
    let weights = table.weightGradientTime(nodes)
    let again = table.recomputeTime(nodes, policy, recomputed: recomputed)
    return (
      Seconds(table.forwardTime(nodes) + overhead / 2),
      Seconds(max(0, table.backwardTime(nodes) - weights) + overhead / 2 + again),
      Seconds(weights), Seconds(again)
    )
  }

  /// Nothing recomputed, whether it fits or not.
  func plainTime(_ a: Int, _ b: Int) -> Double {
    work[b] - work[a] + overhead * Double(fold.chunks)
  }

  /// Of the first chunk, nothing recomputed.
  func firstChunkTime(_ a: Int, _ b: Int) -> Double { firstWork[b] - firstWork[a] + overhead }

  /// Without weight gradients, with one chunk.
  func gradientTime(_ a: Int, _ b: Int) -> Double {
    plainTime(a, b) - model.table.weightGradientTime(a..<b)
  }

  /// Of weight gradients alone, with one chunk.
  func weightTime(_ a: Int, _ b: Int) -> Double { model.table.weightGradientTime(a..<b) }

  /// Of the forward pass alone, with one chunk.
  func forwardTime(_ a: Int, _ b: Int) -> Double { forward[b] - forward[a] + overhead / 2 }

  /// The fewest layers to recompute so that `a ..< b` fit; nil if not even all suffice.
  func leastRecomputation(_ a: Int, _ b: Int, held: HeldBatches) -> Int? {
    guard choosesLayers else {
      let fixed = policy == .none ? 0 : recomputableLayers(a, b)
      return fits(a, b, held, fixed) ? fixed : nil
    }
    if fits(a, b, held, 0) { return 0 }
    let all = recomputableLayers(a, b)
    guard all > 0, fits(a, b, held, all) else { return nil }
    var (low, high) = (0, all)
    while low + 1 < high {
      let middle = (low + high) / 2
      if fits(a, b, held, middle) { high = middle } else { low = middle }
    }
    return high
  }

  private func recomputableLayers(_ a: Int, _ b: Int) -> Int {
    (0..<fold.chunks).reduce(0) { sum, chunk in
      sum + recomputable[fold.node(b, ofChunk: chunk)] - recomputable[fold.node(a, ofChunk: chunk)]
    }
  }

  /// Calls `visit` with the nodes of each chunk, and how many of them are recomputed if so many of all are.
  private func forEachChunk(
    _ a: Int, _ b: Int, recomputed: Int, _ visit: (_ chunk: Int, Range<Int>, Int) -> Void
  ) {
    var left = recomputed
    for chunk in 0..<fold.chunks {
      let nodes = fold.node(a, ofChunk: chunk)..<fold.node(b, ofChunk: chunk)
      let here = min(left, recomputable[nodes.upperBound] - recomputable[nodes.lowerBound])
      left -= here
      visit(chunk, nodes, here)
    }
  }

  private func rerunTime(_ a: Int, _ b: Int, _ recomputed: Int) -> Double {
    var sum = 0.0
    forEachChunk(a, b, recomputed: recomputed) { _, nodes, here in
      sum += model.table.recomputeTime(nodes, policy, recomputed: here)
    }
    return sum
  }

  /// Whether `time(a, b, held: held)` is at most so long, without finding it out exactly.
  func time(_ a: Int, _ b: Int, held: HeldBatches, isWithin seconds: Double) -> Bool {
    let spare = seconds - plainTime(a, b)
    guard spare >= 0 else { return false }
    if choosesLayers, fits(a, b, held, 0) { return true }
    guard choosesLayers, fold.chunks == 1 else { return time(a, b, held: held) <= seconds }
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

  private func fits(_ a: Int, _ b: Int, _ held: HeldBatches, _ recomputed: Int) -> Bool {
    var bytes = Double(held.first) * (keptBytes[b] - keptBytes[a]) + stateBytes[b] - stateBytes[a]
    if held.chunks > 1 {
      bytes += Double(held.last) * (keptLast[b] - keptLast[a])
      if held.chunks > 2 { bytes += Double(held.middle) * (keptBetween[b] - keptBetween[a]) }
    }
    if tie.head >= a, tie.head < b, tie.embedding < a { bytes += tieBytes }
    var again = 0.0
    if recomputed > 0, choosesLayers {
      forEachChunk(a, b, recomputed: recomputed) { chunk, nodes, here in
        guard here > 0 else { return }
        let first = recomputable[nodes.lowerBound]
        bytes -= Double(held[chunk]) * (fullSaving[first + here] - fullSaving[first])
        again = max(
          again,
          Self.largest(recomputedTransients, nodes.lowerBound, recomputableEnd[first + here]))
      }
    }
    return bytes <= limit && bytes + max(again, Self.largest(transients, a, b)) <= limit
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
