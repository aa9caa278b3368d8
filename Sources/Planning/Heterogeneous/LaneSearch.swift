import Costing
import HeapModule
import Quantities
import Scheduling

/// Finds the best data parallelism over unequal replicas: each a pipeline on one pool, all cut alike,
/// those on faster GPUs with more of the step's micro-batches.
struct LaneSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  let slices: PoolSlices
  var found: [MixedPlan] = []
  private(set) var considered = 0
  private(set) var pruned = 0
  private(set) var open = Double.infinity
  var best: Double

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    tables: SeatTables, slices: PoolSlices? = nil, below best: Double
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.slices = slices ?? PoolSlices(problem)
    self.best = best
  }

  struct Layout: Comparable {
    var bound: Double
    var order: Int
    /// Its data-parallel degree is that of all replicas together.
    var base: ParallelStrategy
    /// By pool, how many replicas it has.
    var replicas: [Int]
    /// Those that have any: one lane each.
    var pools: [Int] { replicas.indices.filter { replicas[$0] > 0 } }
    /// Whether it has been held against `LaneBound`, and against `LaneReach`.
    var level = Level.collected
    enum Level { case collected, weighed, reached }
    static func < (a: Layout, b: Layout) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Layout, b: Layout) -> Bool { a.order == b.order }
  }

  mutating func run(
    shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    var layouts: [Layout] = []
    collect(into: &layouts)
    var heap = Heap(layouts)
    var reached = 0
    while let layout = heap.popMin() {
      if layout.bound >= best {
        pruned += heap.count + 1
        break
      }
      onProgress(
        SearchProgress(
          best: best, bound: min(open, layout.bound), strategiesConsidered: considered,
          strategiesPruned: pruned))
      if shouldStop() || reached >= effort.laneLayouts || considered >= effort.layouts {
        open = min(open, layout.bound)
        pruned += heap.count
        break
      }
      switch layout.level {
      case .collected: insert(weigh(layout), into: &heap)
      case .weighed:
        considered += 1
        insert(reach(layout), into: &heap)
      case .reached:
        reached += 1
        open = min(open, layout.bound)
      }
    }
  }

  private mutating func insert(_ layout: Layout?, into heap: inout Heap<Layout>) {
    if let layout, layout.bound < best { heap.insert(layout) } else { pruned += 1 }
  }

  // MARK: Layouts

  private mutating func collect(into layouts: inout [Layout]) {
    let job = problem.job
    let pools = problem.cluster.pools
    let tensors = Set(space.choices.tensors.joined()).sorted()
    for context in space.choices.contexts {
      for tensor in tensors where space.choices.allowsSequence(tensor: tensor, context: context) {
        for size in job.globalBatchSize.divisors
        where BaseChoices.allows(size, space.constraints.microBatchSize) {
          let base = ParallelStrategy(
            tensor: tensor, context: context, microBatchSize: size, zeroStage: .none,
            sequenceParallel: space.choices.sequenceParallel && tensor > 1)
          let slices = pools.indices.map { self.slices.slice(base.layerParallelism, pool: $0) }
          let race = LaneRates(
            groups: pools.indices.map { pool in
              space.choices.tensors[pool].contains(tensor)
                ? pools[pool].gpus / (tensor * context) : 0
            },
            speeds: pools.indices.map { 1 / self.slices.work(base.layerParallelism, pool: $0) },
            forwardPart: slices.reduce(0.5) { min($0, $1.forwardFraction) },
            microBatches: job.globalBatchSize / size)
          collect(base, race, slices, into: &layouts)
        }
      }
    }
  }

  private mutating func collect(
    _ base: ParallelStrategy, _ race: LaneRates, _ slices: [StrategySlice],
    into layouts: inout [Layout]
  ) {
    let pools = problem.cluster.pools.count
    let all = (1 << pools) - 1
    // Of many pools, all of them or all but one.
    let subsets = pools <= 4 ? Array(1...all) : [all] + (0..<pools).map { all & ~(1 << $0) }
    var base = base
    for schedule in space.plainSchedules {
      base.schedule = schedule
      func least(_ depth: Int, _ subset: Int) -> Double {
        race.leastTime(depth: depth, subset: subset, schedule) + bound.overhead
      }
      if least(1, all) >= best { continue }
      for depth in 1...max(1, min(space.deepest, race.groups.max() ?? 0))
      where space.allowsDepth(depth) {
        base.pipeline = depth
        for subset in subsets where subset & (subset - 1) != 0 {
          let value = least(depth, subset)
          guard value < best, race.coversAll(subset, depth: depth) else {
            pruned += 1
            continue
          }
          let replicas = race.groups.enumerated().map {
            subset >> $0 & 1 == 1 ? $1 / depth : 0
          }
          collect(base, replicas, race.microBatches, slices, value, into: &layouts)
        }
      }
    }
  }

  /// Shards and recomputes what so many replicas allow and have memory for.
  private mutating func collect(
    _ base: ParallelStrategy, _ replicas: [Int], _ microBatches: Int, _ slices: [StrategySlice],
    _ value: Double, into layouts: inout [Layout]
  ) {
    let total = replicas.reduce(0, +)
    guard total <= microBatches, BaseChoices.allows(total, space.constraints.data) else { return }
    var base = base
    base.data = total
    for expert in space.choices.experts
    where (base.tensor * base.context * total).isMultiple(of: expert) {
      base.expert = expert
      for zero in space.choices.zeroStages(replicas: total * base.context) where zero <= .optimizer
      {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          let fits = replicas.indices.allSatisfy { pool in
            replicas[pool] == 0
              || expert > 1
              || (slices[pool].parameters
                * problem.pools[pool].costs.states(base.layerParallelism).perParameter
                + slices[pool].activations(recompute)) / Double(base.pipeline)
                <= problem.pools[pool].room(base.layerParallelism).value
          }
          guard fits else {
            pruned += 1
            continue
          }
          layouts.append(
            Layout(bound: value, order: layouts.count, base: base, replicas: replicas))
        }
      }
    }
  }
}

extension StageTable {
  /// Of all layers, nothing recomputed.
  var wholeTime: Double { forward[nodeCount] + backward[nodeCount] }
}
