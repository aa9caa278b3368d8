import Costing
import Hardware
import HeapModule
import Quantities
import Scheduling

/// Finds the best pipeline over unequal pools: how each pool is split into groups, how many groups
/// are used, in which order the stages sit on them, and where the model is cut.
///
/// Best-first branch and bound over a tree whose nodes bound everything under them:
///
/// 1. *Splits* (context and expert parallelism, sharded weights or not): each pool with the tensor
///    degree that is best for it, in an endless micro-batch.
/// 2. *Slices*, with a micro-batch size: each pool with the tensor degree that is best for it.
/// 3. *Bases*, with replicas, ZeRO stage, recomputation and schedule: whole groups of each pool.
/// 4. *Layouts*, with one tensor degree a pool: `MixedBound`, first with layers taken as divisible, then
///    with whole layers and the memory for them; and `ReachTable`, which also knows the order of stages.
/// 5. What is left is walked, order by order and cut by cut, guided by `SuffixTable` where that is
///    small enough.
///
/// Effort is counted in steps and not in time, so that the same request always gets the same answer.
struct MixedSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  let slices: PoolSlices
  var found: [MixedPlan] = []
  var considered = 0
  var pruned = 0
  /// Least bound of what was not looked at, or not to the end.
  var open = Double.infinity
  private var heap = Heap<OpenNode>()
  private var nodes: [Node] = []
  var bases: [ParallelStrategy] = []
  var places: [Place] = []
  private var placeOf: [SeatKey: Int] = [:]
  var seats: [SeatKey: SeatCosts] = [:]
  var triesLeft: Int
  var entriesLeft: Int
  var statesLeft: Int

  /// - Parameter pools: Left out, all.
  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    pools: [Int]? = nil, tables: SeatTables, slices: PoolSlices? = nil, incumbents: [MixedPlan]
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints, pools: pools)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.slices = slices ?? PoolSlices(problem)
    triesLeft = effort.tries
    entriesLeft = effort.entries
    statesLeft = effort.states
    for plan in incumbents { keep(plan) }
  }

  var best: Double { found.first?.plan.prediction.step.value ?? .infinity }

  /// What a node stands for; small, since there can be a million.
  struct Node {
    enum Level: UInt8 { case split, slice, base, layout, weighed, reached }
    var level: Level
    /// Of the bases.
    var base: Int
    /// By pool, from the layouts on: of the places, or none.
    var places: [Int32] = []
  }

  /// A pool, split one way.
  struct Place {
    var pool: Int
    var split: MixedSpace.Split
    var rates: SeatRates
  }

  struct SeatKey: Hashable {
    var pool: Int
    var parallelism: LayerParallelism
    var recompute: RecomputePolicy
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    space.forEachSplit { addSplit($0) }
    var layouts = 0
    while let next = heap.popMin() {
      if next.bound >= best {
        pruned += heap.count + 1
        break
      }
      onProgress(
        SearchProgress(
          best: best, bound: min(open, next.bound), strategiesConsidered: considered,
          strategiesPruned: pruned))
      if shouldStop() || layouts >= effort.layouts || statesLeft <= 0 {
        open = min(open, next.bound)
        pruned += heap.count
        break
      }
      let node = nodes[next.node]
      switch node.level {
      case .split: addSlices(bases[node.base])
      case .slice: addBases(bases[node.base])
      case .base: addLayouts(node.base, next.bound)
      case .layout: weigh(node, next.bound)
      case .weighed:
        layouts += 1
        reach(node, next.bound)
      case .reached: walk(node, next.bound, shouldStop)
      }
    }
  }

  // MARK: Branching

  mutating func push(
    _ level: Node.Level, _ bound: Double, base: Int, places: [Int32] = []
  ) {
    guard bound < best else {
      pruned += 1
      return
    }
    nodes.append(Node(level: level, base: base, places: places))
    heap.insert(OpenNode(bound: bound, node: nodes.count - 1))
  }

  private mutating func push(_ level: Node.Level, _ bound: Double, _ base: ParallelStrategy) {
    bases.append(base)
    push(level, bound, base: bases.count - 1)
  }

  private mutating func addSplit(_ base: ParallelStrategy) {
    var endless = base
    // A multiple of every tile.
    endless.microBatchSize = 128 * problem.job.globalBatchSize
    let rate = rate(endless) * Double(endless.microBatchSize)
    push(.split, Double(problem.job.globalBatchSize) / rate + bound.overhead, base)
  }

  private mutating func addSlices(_ split: ParallelStrategy) {
    var base = split
    for size in space.choices.microBatchSizes(data: 1) {
      base.microBatchSize = size
      let batches = Double(problem.job.globalBatchSize / size)
      push(.slice, batches / rate(base) + bound.overhead, base)
    }
  }

  /// Micro-batches a second that all pools get through at best.
  private func rate(_ base: ParallelStrategy) -> Double {
    problem.pools.indices.reduce(0.0) { sum, pool in
      sum
        + space.choices.tensors[pool].reduce(0.0) { most, tensor in
          let group = tensor * base.context * base.data
          guard group <= problem.cluster.pools[pool].gpus,
            space.choices.allowsSequence(tensor: tensor, context: base.context)
          else { return most }
          let parallelism = space.strategy(base, tensor: tensor).layerParallelism
          let work = slices.work(parallelism, pool: pool)
          return max(most, Double(problem.cluster.pools[pool].gpus / group) / work)
        }
    }
  }

  /// Seconds that one micro-batch takes through all layers, each on the group that is best for it; and
  /// without weight gradients.
  private func trip(_ base: ParallelStrategy) -> (all: Double, gradients: Double) {
    var least = slices.counts.map { _ in (all: Double.infinity, gradients: Double.infinity) }
    for pool in problem.pools.indices {
      for tensor in space.choices.tensors[pool] {
        let parallelism = space.strategy(base, tensor: tensor).layerParallelism
        let slice = slices.slice(parallelism, pool: pool)
        for (kind, cost) in slice.costs.enumerated() {
          let passes = cost.ownPasses
          least[kind].all = min(least[kind].all, passes.value)
          least[kind].gradients = min(
            least[kind].gradients, (passes - cost.weightGradient).value)
        }
      }
    }
    var sum = (all: 0.0, gradients: 0.0)
    for (count, cost) in zip(slices.counts, least) where count > 0 {
      sum.all += count * cost.all
      sum.gradients += count * cost.gradients
    }
    return sum
  }

  private mutating func addBases(_ slice: ParallelStrategy) {
    var base = slice
    let trip = trip(base)
    for data in space.choices.datas(context: base.context) {
      let share = problem.job.globalBatchSize / data
      guard share.isMultiple(of: base.microBatchSize) else { continue }
      base.data = data
      base.microBatches = share / base.microBatchSize
      let busy = Double(base.microBatches) / rate(base)
      for zero in space.choices.zeroStages(replicas: data * base.context)
      where zero.representative == slice.zeroStage {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          for schedule in space.plainSchedules {
            base.schedule = schedule
            let pipeline = max(busy, schedule.splitsBackward ? trip.gradients : trip.all)
            push(.base, pipeline + bound.overhead, base)
          }
        }
      }
    }
  }

  private mutating func addLayouts(_ index: Int, _ least: Double) {
    let base = bases[index]
    let pools = problem.pools.indices
    let splits = pools.map { space.splits(ofPool: $0, base) }
    let choices = pools.map { pool in splits[pool].map { place(base, pool: pool, $0) } }
    if pools.count > MixedSpace.freelySplitPools { open = min(open, least) }
    // Layers that each pool can take if the step is to be better than the best.
    let m = base.microBatches
    let time = bound.pipeline(within: best, (0, 0), microBatches: m) / Double(m)
    let blocks = space.commonLayer.count
    let layers = choices.map { choices in
      choices.map { place in
        places[place].rates.layers(
          within: time, microBatches: m, deepest: space.deepest, schedule: base.schedule,
          enough: blocks)
      }
    }
    guard layers.reduce(0, { $0 + ($1.max() ?? 0) }) >= blocks else {
      pruned += 1
      return
    }
    space.forEachChoice(among: splits) { choice in
      let taken = pools.reduce(0) { $0 + (layers[$1].isEmpty ? 0 : layers[$1][choice[$1]]) }
      guard taken >= blocks else {
        pruned += 1
        return
      }
      let chosen = pools.map { choices[$0].isEmpty ? -1 : Int32(choices[$0][choice[$0]]) }
      let seats = chosen.filter { $0 >= 0 }.map { places[Int($0)].rates }
      let pipeline = MixedBound.pipeline(
        seats, microBatches: m, deepest: space.deepest, schedule: base.schedule)
      guard pipeline.isFinite else { return }
      let value = bound.step(pipeline, MixedBound.ends(seats), microBatches: m)
      push(.layout, max(value, least), base: index, places: chosen)
    }
  }

  private mutating func place(
    _ base: ParallelStrategy, pool: Int, _ split: MixedSpace.Split
  ) -> Int {
    let parallelism = space.strategy(base, tensor: split.tensor).layerParallelism
    let key = SeatKey(pool: pool, parallelism: parallelism, recompute: base.recompute)
    if let known = placeOf[key] { return known }
    let rates = SeatRates(
      problem.pools[pool], slices.slice(parallelism, pool: pool), parallelism,
      groups: split.groups, counts: slices.counts, recompute: base.recompute)
    places.append(Place(pool: pool, split: split, rates: rates))
    placeOf[key] = places.count - 1
    return places.count - 1
  }

  func rates(_ node: Node) -> [SeatRates] {
    node.places.filter { $0 >= 0 }.map { places[Int($0)].rates }
  }
}
