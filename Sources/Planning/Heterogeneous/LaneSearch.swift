import Costing
import HeapModule
import Quantities
import Scheduling

/// Finds the best data parallelism over unequal replicas: each a pipeline on one pool, all cut alike,
/// those on faster GPUs with more of the step's micro-batches.
final class LaneSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  let slices: PoolSlices
  private(set) var kept: BestPlans
  private(set) var considered = 0
  private var excluded = 0
  /// Layouts that were looked at, and may hold something better; and their least bound.
  private var unsettled = 0
  private var unfinished = Double.infinity
  private var heap: Heap<Layout>?

  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    tables: SeatTables, slices: PoolSlices? = nil, incumbents: [MixedPlan]
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints)
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.slices = slices ?? PoolSlices(problem)
    kept = BestPlans(most: effort.kept, incumbents)
  }

  /// The best plans that are known: those found, and incumbents.
  var found: [MixedPlan] { kept.plans }
  var best: Double { kept.best }

  func keep(_ plan: MixedPlan) { kept.keep(plan) }

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

  /// Least bound of what was not looked at, or not to the end.
  var open: Double {
    guard let heap else { return 0 }
    return min(unfinished, heap.min?.bound ?? .infinity)
  }

  var pruned: Int { excluded + (heap?.count ?? 0) }

  /// Finds good plans, with little effort: `run` goes on from there.
  func sketch(shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void) {
    search(below: .infinity, layouts: Self.sketchedLayouts, shouldStop, onProgress)
  }

  private static let sketchedLayouts = 96

  /// - Parameter aim: A bound that is not exceeded anyway.
  func run(
    below aim: Double = .infinity, shouldStop: () -> Bool,
    onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    search(below: aim, layouts: effort.layouts, shouldStop, onProgress)
  }

  private func search(
    below aim: Double, layouts: Int, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) {
    if heap == nil {
      var layouts: [Layout] = []
      collect(into: &layouts)
      heap = Heap(layouts)
    }
    while let layout = heap!.min, layout.bound < min(best, aim) {
      onProgress(
        SearchProgress(
          best: best, bound: open, strategiesConsidered: considered, strategiesPruned: pruned))
      if shouldStop() || unsettled >= effort.laneLayouts || considered >= layouts { return }
      heap!.removeMin()
      switch layout.level {
      case .collected: insert(weigh(layout))
      case .weighed:
        considered += 1
        insert(reach(layout))
      case .reached:
        unsettled += 1
        unfinished = min(unfinished, layout.bound)
      }
    }
  }

  private func insert(_ layout: Layout?) {
    if let layout, layout.bound < best { heap!.insert(layout) } else { excluded += 1 }
  }

  // MARK: Layouts

  /// Whether so many replicas are wanted, and their groups hold the experts.
  func allows(_ base: ParallelStrategy, replicas: Int) -> Bool {
    BaseChoices.allows(replicas, space.constraints.data)
      && (base.tensor * base.context * replicas).isMultiple(of: base.expert)
  }

  private func collect(into layouts: inout [Layout]) {
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
            pools: slices.indices.map { pool in
              LaneRates.Pool(
                slices[pool], speed: 1 / self.slices.work(base.layerParallelism, pool: pool),
                counts: self.slices.counts, common: space.commonLayer.kind)
            },
            microBatches: job.globalBatchSize / size, chunkOverhead: bound.chunkOverhead)
          collect(base, race, slices, into: &layouts)
        }
      }
    }
  }

  private func collect(
    _ base: ParallelStrategy, _ race: LaneRates, _ slices: [StrategySlice],
    into layouts: inout [Layout]
  ) {
    let pools = problem.cluster.pools.count
    let all = (1 << pools) - 1
    // Of many pools, all of them or all but one.
    let subsets = pools <= 4 ? Array(1...all) : [all] + (0..<pools).map { all & ~(1 << $0) }
    var base = base
    for (schedule, fewest) in space.schedules {
      base.schedule = schedule
      func least(_ depth: Int, _ chunks: Int, _ subset: Int) -> Double {
        race.leastTime(depth: depth, subset: subset, schedule, chunks: chunks) + bound.overhead
      }
      if least(1, fewest, all) >= best { continue }
      for depth in 1...max(1, min(space.deepest, race.groups.max() ?? 0))
      where space.allowsDepth(depth) {
        base.pipeline = depth
        for chunks in space.evenChunks(base, microBatches: race.microBatches) {
          base.virtualStages = chunks
          for subset in subsets where subset & (subset - 1) != 0 {
            let value = least(depth, chunks, subset)
            guard value < best, race.coversAll(subset, depth: depth) else {
              excluded += 1
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
  }

  /// Shards and recomputes what so many replicas allow and have memory for.
  private func collect(
    _ base: ParallelStrategy, _ replicas: [Int], _ microBatches: Int, _ slices: [StrategySlice],
    _ value: Double, into layouts: inout [Layout]
  ) {
    let total = replicas.reduce(0, +)
    let unit = base.virtualStages > 1 ? base.pipeline : 1
    guard total * unit <= microBatches else { return }
    var base = base
    base.data = total
    for expert in space.choices.experts {
      base.expert = expert
      guard allows(base, replicas: total) else { continue }
      for zero in space.choices.zeroStages(replicas: total * base.context) where zero <= .optimizer
      {
        base.zeroStage = zero
        for recompute in space.choices.recompute {
          base.recompute = recompute
          let parallelism = base.layerParallelism
          let fits = replicas.indices.allSatisfy { pool in
            replicas[pool] == 0
              || expert > 1
              || (slices[pool].parameters
                * problem.pools[pool].costs.states(parallelism).perParameter
                + slices[pool].activations(recompute)) / Double(base.pipeline)
                <= problem.pools[pool].room(parallelism).value
          }
          guard fits else {
            excluded += 1
            continue
          }
          layouts.append(
            Layout(bound: value, order: layouts.count, base: base, replicas: replicas))
        }
      }
    }
  }
}
