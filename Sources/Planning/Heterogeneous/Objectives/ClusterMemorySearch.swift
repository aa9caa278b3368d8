import Costing
import Hardware
import Quantities
import Scheduling

/// The plan over several pools whose fullest GPU holds fewest bytes, among those below that satisfy the
/// constraints and fit, and what none of them undercuts.
///
/// Which bytes count does not depend on how large a GPU is: GPUs of 80 GB and of 24 GB that hold 20 GB each hold
/// alike. Of every pool alone `MemorySearch` finds the least. Over several pools, a plan is one of two:
///
/// - *A pipeline* whose stages lie on groups of `tensor · context · data` GPUs of some pool, with one tensor
///   degree a pool. Small micro-batches, all layers recomputed and 1F1B hold least, so that each choice of
///   degrees has one candidate for each way to shard. Its n groups hold the model together: if a group with all
///   layers would hold w beside what the runtime takes, the fullest holds at least 1 / Σ (n / w), the sum taken
///   over pools and the most stages there may be. What that does not exclude is cut by `LeanestStages`.
/// - *Unequal replicas*, each on one pool, as many as the pool holds: they are cut alike, so that `LeanestCut`
///   tells the least of each, with micro-batches shared out as evenly as they divide.
///
/// Best first, so that what was not looked at is bounded at any time.
struct ClusterMemorySearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let tables: SeatTables
  let slices: PoolSlices
  let states: Int
  /// Degrees of tensor parallelism of each pool, be it beyond a node.
  let tensors: [[Int]]
  private(set) var best: Leanest?
  /// Least bytes of what was not looked at, or not to the end.
  var open = Double.infinity
  /// Layouts that were cut, and those that their bound excluded.
  private(set) var considered = 0
  var pruned = 0

  /// A plan, and what its fullest GPU holds.
  struct Leanest {
    var plan: MixedPlan
    var memory: ByteCount
  }

  /// - Parameter effort: Of which the states of one layout count.
  init(_ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort) {
    self.problem = problem
    let space = MixedSpace(problem, constraints)
    self.space = space
    tables = SeatTables(problem)
    slices = PoolSlices(problem)
    states = effort.statesPerLayout
    let divided = space.limits.tensorDivides.reduce(0) { greatestCommonDivisor($0, $1.count) }
    tensors = problem.cluster.pools.map { pool in
      max(1, divided).divisors.filter {
        $0 <= pool.gpus && space.limits.allowsTensor($0)
          && BaseChoices.allows($0, constraints.tensor)
          && BaseChoices.allows(.tensorContextDataPipeline, constraints.rankOrder)
      }
    }
  }

  /// Plans of several pools that differ in where stages end alone.
  struct Layout {
    var bound: Double
    var base: ParallelStrategy
    var kind: Kind

    enum Kind {
      /// By pool: its groups, if it has any.
      case pipeline([MixedSpace.Split?])
      /// By pool.
      case replicas([Int])
    }
  }

  /// What holds no less is of no interest.
  var limit: Double { best?.memory.value ?? .infinity }

  /// - Parameters:
  ///   - shouldStop: Asked often; what it leaves is bounded, be there no plan yet.
  ///   - onProgress: Told how far it has come: no plan is the best before it is known how little is held.
  mutating func run(
    shouldStop: () -> Bool = { false }, onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    func report() {
      onProgress(
        SearchProgress(
          best: .infinity, bound: 0, strategiesConsidered: considered, strategiesPruned: pruned))
    }
    for pool in problem.pools.indices {
      searchAlone(pool, shouldStop)
      report()
    }
    var layouts: [Layout] = []
    guard collectPipelines(into: &layouts, shouldStop),
      collectReplicas(into: &layouts, shouldStop)
    else {
      open = min(open, runtime)
      return
    }
    let byBound = layouts.indices.sorted {
      (layouts[$0].bound, $0) < (layouts[$1].bound, $1)
    }
    defer { pruned += layouts.count - considered }
    for layout in byBound.lazy.map({ layouts[$0] }) {
      if layout.bound >= limit { break }
      if shouldStop() {
        open = min(open, layout.bound)
        break
      }
      considered += 1
      switch layout.kind {
      case .pipeline(let splits): cut(layout, splits, shouldStop)
      case .replicas(let replicas): cut(layout, replicas)
      }
      report()
    }
  }

  private mutating func searchAlone(_ pool: Int, _ shouldStop: () -> Bool) {
    var search = MemorySearch(problem.pools[pool], space.constraints)
    let found = search.run(shouldStop: shouldStop)
    if !search.isComplete { open = min(open, runtime) }
    guard let found else { return }
    consider(MixedStrategy(found.strategy, pool: pool), found.split)
  }

  /// Predicts a plan and keeps it if it fits and is the leanest.
  mutating func consider(_ strategy: MixedStrategy, _ split: PipelineSplit) {
    let plan = MixedPlan(problem, strategy, split, devices: [], tables: tables)
    let memory = plan.plan.prediction.peakMemory
    guard plan.plan.fits, memory.value < limit else { return }
    best = Leanest(plan: plan, memory: memory)
  }

  // MARK: What holds least

  var policy: RecomputePolicy? {
    let policies: [RecomputePolicy] = [.full, .selective, .none]
    return policies.first(where: space.choices.recompute.contains)
  }

  var schedule: PipelineSchedule? {
    let schedules: [PipelineSchedule] = [.oneForwardOneBackward, .zeroBubble, .gpipe]
    return schedules.first(where: space.plainSchedules.contains)
  }

  func zeroStages(_ ranks: Int) -> [ZeroStage] {
    if !space.constraints.zeroStage.isEmpty { return space.constraints.zeroStage }
    // With nothing to shard, the frameworks that shard weights still hold otherwise.
    return ZeroStage.allCases.filter {
      ranks > 1 || $0 == .none || $0 == .weights && !space.limits.hasOpaqueLayers
    }
  }

  /// Bytes of all layers as one stage that holds one micro-batch, on one GPU of a pool.
  func whole(_ strategy: ParallelStrategy, pool: Int) -> Double {
    let parallelism = strategy.layerParallelism
    let slice = slices.slice(parallelism, pool: pool)
    let states = problem.pools[pool].costs.states(parallelism)
    return slice.parameters * states.perParameter
      + slice.expertParameters * states.perExpertParameter
      + slice.activations(strategy.recompute)
  }

  var runtime: Double { problem.parameters.software.runtimeMemory.value }
}

extension ClusterProblem {
  /// The plan whose fullest GPU holds fewest bytes; nil where none fits.
  func leanest(
    _ constraints: SearchConstraints, effort: SearchEffort, _ shouldStop: () -> Bool
  ) -> ClusterMemorySearch.Leanest? {
    var search = ClusterMemorySearch(self, constraints, effort: effort)
    search.run(shouldStop: shouldStop)
    return search.best
  }
}
