import Costing
import HeapModule
import Quantities
import Scheduling

/// Finds the best data parallelism over unequal replicas: each a pipeline on one pool, all cut alike,
/// those on faster GPUs with more of the step's micro-batches. On one pool alone all are equal, and some have a
/// micro-batch more than others where not all can have as many.
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
  private var made = 0
  /// What takes no less need not be told from anything else.
  var aim = Double.infinity
  private var phase = SearchPhase.whole
  /// Layouts that had been looked at when a better plan was found last, and that plan's seconds.
  private var gain = (considered: 0, best: Double.infinity)

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
  /// What takes no less is not looked at.
  var cutoff: Double { min(best, aim) }

  func keep(_ plan: MixedPlan) { kept.keep(plan) }

  struct Layout: Comparable {
    var bound: Double
    var order: Int
    /// Its data-parallel degree is that of all replicas together; what is sharded and recomputed is open until
    /// it is held against `LaneBound`.
    var base: ParallelStrategy
    var lanes: Lanes
    /// By pool, how many replicas it has.
    var replicas: [Int] { lanes.replicas }
    /// Those that have any: one lane each.
    var pools: [Int] { lanes.pools }
    /// Whether it has been held against `LaneBound`, and against `LaneReach`; before, how many stages and
    /// replicas there are on one pool may be open.
    var level = Level.collected
    enum Level {
      case open, collected, weighed, reached

      /// Of looking at a layout.
      var cost: Int { self == .weighed ? 256 : 8 }
    }
    static func < (a: Layout, b: Layout) -> Bool { (a.bound, a.order) < (b.bound, b.order) }
    static func == (a: Layout, b: Layout) -> Bool { a.order == b.order }
  }

  /// What the variants of a layout share.
  final class Lanes {
    let replicas: [Int]
    let pools: [Int]
    /// By lane.
    let slices: [PoolSlice]

    init(_ replicas: [Int], _ slices: [PoolSlice]) {
      self.replicas = replicas
      pools = replicas.indices.filter { replicas[$0] > 0 }
      self.slices = pools.map { slices[$0] }
    }

    /// On one pool, whose slice is given.
    init(_ replicas: [Int], pool: Int, _ slices: [PoolSlice]) {
      (self.replicas, self.slices, pools) = (replicas, slices, [pool])
    }
  }

  /// Least bound of what was not looked at, or not to the end.
  var open: Double {
    guard let heap else { return 0 }
    return min(unfinished, heap.min?.bound ?? .infinity, aim)
  }

  var pruned: Int { excluded + (heap?.count ?? 0) }

  func begin(_ phase: SearchPhase) {
    self.phase = phase
    gain = (considered, best)
  }

  private static let sketchedLayouts = 96
  /// Layouts in a row that a sketch looks at for nothing.
  private static let patience = 24

  func advance(_ quota: Int, shouldStop: () -> Bool) -> Bool {
    // Without a plan, all layouts would be kept.
    if phase == .outline { return true }
    var spent = 0
    let (layouts, patience) =
      phase == .sketch ? (Self.sketchedLayouts, Self.patience) : (effort.layouts, .max)
    if heap == nil {
      var layouts: [Layout] = []
      collect(into: &layouts, shouldStop)
      made = layouts.count
      heap = Heap(layouts)
    }
    while let layout = heap!.min, layout.bound < cutoff {
      if best < gain.best { gain = (considered, best) }
      if considered - gain.considered >= patience { return true }
      if shouldStop() || unsettled >= effort.laneLayouts || considered >= layouts { return true }
      guard spent < quota else { return false }
      heap!.removeMin()
      spent += layout.level.cost
      switch layout.level {
      case .open: insert(unevenly(layout))
      case .collected: insert(variants(layout))
      case .weighed:
        considered += 1
        insert(reach(layout))
      case .reached:
        unsettled += 1
        unfinished = min(unfinished, layout.bound)
      }
    }
    return true
  }

  private func insert(_ layout: Layout?) {
    if let layout, layout.bound < cutoff { heap!.insert(layout) } else { excluded += 1 }
  }

  private func insert(_ variants: [Layout]) {
    if variants.isEmpty { excluded += 1 }
    for var variant in variants {
      variant.order = made
      made += 1
      insert(variant)
    }
  }

  // MARK: Layouts

  /// The factor by which waiting for the slowest replica lengthens a step.
  func waiting(_ base: ParallelStrategy, _ replicas: [Int]) -> Double {
    let replica = base.pipeline * base.tensor * base.context
    let nodes = zip(problem.cluster.pools, replicas).reduce(0) { sum, part in
      sum + part.0.nodes(holding: part.1 * replica)
    }
    return 1
      + bound.straggling.fraction(
        nodes: nodes, replicas: replicas.reduce(0, +) * base.context)
  }

  /// Whether so many replicas are wanted, and their groups hold the experts.
  func allows(_ base: ParallelStrategy, replicas: Int) -> Bool {
    BaseChoices.allows(replicas, space.constraints.data)
      && (base.tensor * base.context * replicas).isMultiple(of: base.expert)
  }

  private func collect(into layouts: inout [Layout], _ shouldStop: () -> Bool) {
    let job = problem.job
    let pools = problem.cluster.pools
    let tensors = Set(space.choices.tensors.joined()).sorted()
    for context in space.choices.contexts {
      for tensor in tensors where space.choices.allowsSequence(tensor: tensor, context: context) {
        let groups = pools.indices.map { pool in
          space.choices.tensors[pool].contains(tensor)
            ? pools[pool].gpus / (tensor * context) : 0
        }
        var base = ParallelStrategy(
          tensor: tensor, context: context, zeroStage: .none,
          sequenceParallel: space.choices.sequenceParallel && tensor > 1)
        // No sequence takes less than in an endless micro-batch, a multiple of every tile.
        base.microBatchSize = 128 * job.globalBatchSize
        let rate = zip(groups, slices(base)).reduce(0) { $0 + Double($1.0) / $1.1.slice.work }
        let least = 1 / (128 * rate) + bound.overhead
        guard least < cutoff else {
          excluded += 1
          continue
        }
        if shouldStop() {
          unfinished = min(unfinished, least)
          continue
        }
        for size in job.globalBatchSize.divisors
        where BaseChoices.allows(size, space.constraints.microBatchSize) {
          base.microBatchSize = size
          let slices = slices(base)
          collect(base, race(base, groups, slices), slices, into: &layouts)
        }
      }
    }
  }

  /// - Parameter groups: Of each slice's pool.
  func race(
    _ base: ParallelStrategy, _ groups: [Int], _ slices: [PoolSlice]
  ) -> LaneRates {
    LaneRates(
      groups: groups,
      pools: slices.map { LaneRates.Pool($0, chunkOverhead: bound.chunkOverhead) },
      microBatches: problem.job.globalBatchSize / base.microBatchSize,
      chunkOverhead: bound.chunkOverhead, blocks: space.commonLayer.count,
      hasEqualBlocks: space.hasEqualBlocks)
  }

  /// By pool.
  private func slices(_ base: ParallelStrategy) -> [PoolSlice] {
    problem.pools.indices.map { slices.whole(base.layerParallelism, pool: $0) }
  }

  private func collect(
    _ base: ParallelStrategy, _ race: LaneRates, _ slices: [PoolSlice],
    into layouts: inout [Layout]
  ) {
    let pools = problem.cluster.pools.count
    let all = (1 << pools) &- 1
    // Of many pools, all of them or all but one.
    let subsets =
      (pools <= 4 ? Array(1...all) : [all] + (0..<pools).map { all & ~(1 << $0) })
      .filter { $0 & ($0 &- 1) != 0 }
    let fewestStages = slices.indices.map { self.fewestStages(base, slices[$0], pool: $0) }
    func poolsWithRoom(for depth: Int) -> Int {
      fewestStages.indices.reduce(0) { $0 | (fewestStages[$1] <= depth ? 1 << $1 : 0) }
    }
    var base = base
    var shares: [LaneRates.Share] = []
    for (schedule, fewest) in space.schedules {
      base.schedule = schedule
      race.setShares(&shares, depth: 1, schedule, chunks: fewest)
      if race.leastTime(shares, subset: all) + bound.overhead >= cutoff { continue }
      for pool in race.groups.indices {
        let least = race.leastTime(shares, subset: 1 << pool) + bound.overhead
        collect(base, onPool: pool, groups: race.groups[pool], slices, least, into: &layouts)
      }
      let deepest = min(space.deepest, race.groups.max() ?? 0)
      // With fewer, there is room on one pool at most.
      let shallowest = fewestStages.sorted()[1]
      guard shallowest <= deepest else { continue }
      for depth in shallowest...deepest where space.allowsDepth(depth) {
        base.pipeline = depth
        let holding = race.pools(holding: depth) & poolsWithRoom(for: depth)
        for chunks in space.evenChunks(base, microBatches: race.microBatches) {
          base.virtualStages = chunks
          race.setShares(&shares, depth: depth, schedule, chunks: chunks)
          for subset in subsets where subset & ~holding == 0 {
            let least = race.leastTime(shares, subset: subset) + bound.overhead
            if least < cutoff {
              let replicas = race.groups.enumerated().map {
                subset >> $0 & 1 == 1 ? $1 / depth : 0
              }
              collect(base, race, slices, replicas, least, into: &layouts)
            } else {
              excluded += 1
            }
          }
        }
      }
    }
  }

  /// - Parameters:
  ///   - replicas: By pool.
  ///   - least: Of a step, waiting for the slowest replica left out.
  private func collect(
    _ base: ParallelStrategy, _ race: LaneRates, _ slices: [PoolSlice], _ replicas: [Int],
    _ least: Double, into layouts: inout [Layout]
  ) {
    let total = replicas.reduce(0, +)
    let value = least * waiting(base, replicas)
    guard total <= units(base), value < cutoff else {
      excluded += 1
      return
    }
    var base = base
    base.data = total
    layouts.append(
      Layout(
        bound: value, order: layouts.count, base: base,
        lanes: Lanes(replicas, slices)))
  }

  /// Pipelines on one pool, of however many stages and replicas.
  private func collect(
    _ base: ParallelStrategy, onPool pool: Int, groups: Int, _ slices: [PoolSlice], _ least: Double,
    into layouts: inout [Layout]
  ) {
    guard groups > 1, least < cutoff else {
      excluded += 1
      return
    }
    let lanes = Lanes(slices.indices.map { $0 == pool ? groups : 0 }, slices)
    layouts.append(
      Layout(bound: least, order: layouts.count, base: base, lanes: lanes, level: .open))
  }

  /// Stages without which there is no room for the states, whatever is sharded over however many replicas, and one
  /// micro-batch.
  func fewestStages(_ base: ParallelStrategy, _ whole: PoolSlice, pool: Int) -> Int {
    guard space.choices.experts == [1] else { return 1 }
    var parallelism = base.layerParallelism
    parallelism.data = problem.job.globalBatchSize
    let (pool, slice) = (problem.pools[pool], whole.slice)
    var fewest = Int.max
    for zero in space.choices.zeroStages(replicas: .max) where zero <= .optimizer {
      parallelism.zeroStage = zero
      let bytes = slice.parameters * pool.costs.states(parallelism).perParameter
      for recompute in space.choices.recompute {
        let room = pool.room(parallelism).value
        let stages = (bytes + slice.activations(recompute)) / room * (1 - 1e-9)
        guard room > 0, stages < Double(space.deepest) else { continue }
        fewest = min(fewest, max(1, Int(stages.rounded(.up))))
      }
    }
    return fewest
  }
}
