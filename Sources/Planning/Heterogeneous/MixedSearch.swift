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
/// 1. *Splits* (context and expert parallelism, sharded gradients or weights or neither): each pool split as
///    is best for it, in an endless micro-batch.
/// 2. *Slices*, with a micro-batch size: each pool split as is best for it.
/// 3. *Bases*, with replicas: whole groups of each pool, the trips of the first and last micro-batch, and
///    the nodes that a better plan takes at least (`SliceRates`). Until a plan is known, and in sketches, the
///    likeliest layout of each is planned in at once (`dive`).
/// 4. *Layouts*, with ZeRO stage, recomputation, schedule and one way to split each pool: `MixedBound`, with
///    whole layers and the memory for them, by how many stages there are where each holds more the more
///    there are; and `ReachTable`, which also knows the order of stages.
/// 5. What is left is walked, order by order and cut by cut, guided by `SuffixTable` where that is
///    small enough. Once a layout that could not be walked to the end has the least bound of all, looking at
///    others would not raise it: from then on plans alone are looked for, the longer the wider the gap. A walk
///    that does not come to its end raises the bound as far as it can prove that less is impossible, and is
///    done again with twice the tries while there are some.
///
/// Effort is counted in steps and not in time, so that the same request always gets the same answer.
final class MixedSearch {
  let problem: ClusterProblem
  let space: MixedSpace
  let bound: MixedBound
  let effort: SearchEffort
  let tables: SeatTables
  let slices: PoolSlices
  private(set) var kept: BestPlans
  var considered = 0
  /// Layouts that a bound excluded, and nodes above layouts.
  var excluded = 0
  /// Least bound of what was looked at, and not to the end.
  var unfinished = Double.infinity
  var heap = Heap<OpenNode>()
  private var hasBegun = false
  /// What takes no less need not be told from anything else.
  var aim = Double.infinity
  var nodes: [Node] = []
  /// Splits, slices and walks that a sketch does without.
  var postponed: [OpenNode] = []
  /// Layouts that could not be walked to the end, and the best plan that was known then.
  var unwalked: [(node: Node, bound: Double, best: Double)] = []
  private let usual: SearchConstraints
  private var phase = SearchPhase.whole
  var isSketching: Bool { phase == .sketch }
  /// Layouts that had been looked at when a better plan was found last, and that plan's seconds.
  private var gain = (considered: 0, best: Double.infinity)
  var bases: [Base] = []
  var sliceRates: [SliceRates] = []
  var places: [Place] = []
  var seats: [SeatKey: SeatCosts] = [:]
  var triesLeft: Int
  var entriesLeft: Int
  var choicesLeft: Int
  var statesFilled = 0
  /// Cuts that were held against the best plan.
  var judged = 0
  /// Nodes above bases that are still looked into once it is to stop, until there is a plan.
  private var nodesAfterStop = 8
  /// Of a part of another search.
  var share: Share?

  /// - Parameter partsBatches: Looks at pipelines whose stages are not all replicated equally often, and at
  ///   no others.
  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, partsBatches: Bool = false,
    effort: SearchEffort, tables: SeatTables, slices: PoolSlices? = nil, incumbents: [MixedPlan]
  ) {
    self.problem = problem
    space = MixedSpace(problem, constraints, partsBatches: partsBatches)
    usual = constraints.usual
    bound = MixedBound(problem)
    self.effort = effort
    self.tables = tables
    self.slices = slices ?? PoolSlices(problem)
    triesLeft = effort.tries
    entriesLeft = effort.entries
    choicesLeft = effort.choices
    kept = BestPlans(most: effort.kept, incumbents)
  }

  /// A part of another search, which knows what that does.
  init(of whole: MixedSearch, _ tables: SearchTables) {
    (problem, space, usual) = (whole.problem, whole.space, whole.usual)
    (bound, effort, phase) = (whole.bound, whole.effort, whole.phase)
    (self.tables, slices) = (tables.seats, tables.slices)
    (kept, aim, seats) = (whole.kept, whole.aim, whole.seats)
    (triesLeft, entriesLeft) = (whole.triesLeft, whole.entriesLeft)
    (choicesLeft, nodesAfterStop) = (whole.choicesLeft, whole.nodesAfterStop)
    gain = (whole.gain.considered - whole.considered, whole.gain.best)
    hasBegun = true
    share = Share(
      tries: triesLeft, entries: entriesLeft, choices: choicesLeft, settled: whole.settled)
  }

  var found: [MixedPlan] { kept.plans }
  var best: Double { kept.best }
  /// What takes no less is not looked at.
  var cutoff: Double { min(best, aim) }

  func keep(_ plan: MixedPlan) { kept.keep(plan) }

  /// Least bound of what was not looked at, or not to the end.
  var open: Double {
    guard hasBegun else { return 0 }
    return min(
      unfinished, heap.min?.bound ?? .infinity, postponed.min()?.bound ?? .infinity, settled, aim)
  }

  /// What the bound is however many more layouts are looked at: that of the best of those that could not be
  /// walked to the end.
  var settled: Double { unwalked.reduce(share?.settled ?? .infinity) { min($0, $1.bound) } }

  var pruned: Int { excluded + heap.count + postponed.count }

  /// What a node stands for; small, since there can be a million.
  struct Node {
    enum Level: UInt8 {
      case split, slice, base, weighed, parted, reached

      var isAboveBases: Bool { rawValue < Level.base.rawValue }

      /// Of looking at a node, beside what it leads to.
      var cost: Int {
        switch self {
        case .split: 512
        case .slice, .base: 8
        case .weighed, .parted, .reached: 64
        }
      }
    }
    var level: Level
    /// Of the bases.
    var base: Int
    /// Of the space's folds.
    var fold = 0
    /// By pool, from the layouts on: of the places, or none.
    var places: [Int32] = []
    /// Stages of the pipelines that are meant.
    var fewest: Int16 = 1
    var deepest = Int16.max
    /// How often it was walked.
    var walks: UInt8 = 0
  }

  /// What nodes share: from the slices on, the micro-batch size, and from the bases on, replicas.
  struct Base {
    var strategy: ParallelStrategy
    /// Of the slices' rates.
    var slice = -1
    /// The least factor by which waiting for the slowest replica lengthens a step that is better than the best
    /// that was known.
    var waiting = 1.0
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
    var fold: Int
  }

  /// A sketch is among the usual micro-batch sizes and whole sequences, and without walks.
  func begin(_ phase: SearchPhase) {
    self.phase = phase
    for node in postponed { heap.insert(node) }
    postponed = []
    gain = (considered, best)
  }

  private static let sketchedLayouts = 96
  private static let sketchedStates = 1 << 19
  /// A gap for which no layout is walked a second time.
  private static let smallGap = 0x1p-6
  /// Layouts in a row that a sketch looks at for nothing.
  private static let sketchedInVain = 12

  func advance(_ quota: Int, shouldStop: () -> Bool) -> Bool {
    var spent = 0
    if isSketching {
      return explore(
        layouts: Self.sketchedLayouts, states: Self.sketchedStates, &spent, of: quota, shouldStop)
    }
    while explore(
      layouts: effort.layouts, states: effort.states, &spent, of: quota, shouldStop)
    {
      // What was too much beside a worse plan may be little beside the best.
      guard share == nil,
        let index = unwalked.indices.min(by: { unwalked[$0].bound < unwalked[$1].bound }),
        unwalked[index].bound < cutoff,
        best < unwalked[index].best
          || (unwalked[index].bound < cutoff * (1 - Self.smallGap)
            && hasTries(for: unwalked[index].node)),
        statesFilled < effort.states, !shouldStop()
      else { return true }
      guard spent < quota else { return false }
      let (node, bound, _) = unwalked.remove(at: index)
      spent -= work
      walk(node, bound, shouldStop)
      spent += work
    }
    return false
  }

  /// Whether it came to an end before the quota did.
  private func explore(
    layouts: Int, states: Int, _ spent: inout Int, of quota: Int, _ shouldStop: () -> Bool
  ) -> Bool {
    if !hasBegun { space.forEachSplit { addSplit($0) } }
    hasBegun = true
    while let next = heap.min, next.bound < cutoff {
      if best < gain.best { gain = (considered, best) }
      let isSettled = next.bound >= settled
      let vain = considered - gain.considered
      if isSettled, Double(vain) >= Self.patience * eagerness { return true }
      if isSketching, vain >= Self.sketchedInVain { return true }
      if considered >= layouts || statesFilled >= states || choicesLeft == 0 { return true }
      let isAboveBases = nodes[next.node].level.isAboveBases
      if phase == .outline, !isAboveBases { return true }
      guard spent < quota else { return false }
      if shouldStop() {
        guard found.isEmpty, isAboveBases, nodesAfterStop > 0 else { return true }
        nodesAfterStop -= 1
      }
      heap.removeMin()
      let node = nodes[next.node]
      spent += node.level.cost - work
      defer { spent += work }
      switch node.level {
      case .split: addSlices(bases[node.base].strategy, next.bound)
      case .slice: addBases(bases[node.base], next.bound, shouldStop)
      case .base: addLayouts(bases[node.base], next.bound, shouldStop)
      case .weighed where bases[node.base].strategy.schedule.holdsByDepth: part(node, next.bound)
      case .weighed, .parted:
        considered += 1
        reach(node, next.bound)
      case .reached where isSketching: postponed.append(next)
      case .reached where isSettled: leave(node, next.bound)
      case .reached: walk(node, next.bound, shouldStop)
      }
    }
    return true
  }

  /// How much is done to find better plans where the bound is settled, as a part of what is done to raise it: the
  /// more the wider the gap, and all from a quarter of a step on.
  var eagerness: Double { min(1, 4 * (1 - settled / best)) }

  /// Layouts in a row that are looked at for better plans alone, at most.
  private static let patience = 128.0

  /// Of all nodes, what they led to: choices of how to split pools, states and entries of tables, stages tried
  /// and cuts judged; in about microseconds.
  private var work: Int {
    effort.choices - choicesLeft + statesFilled / 6 + (effort.entries - entriesLeft) / 4
      + effort.tries - triesLeft + 128 * judged
  }

  // MARK: Nodes

  func push(_ new: Node, _ bound: Double) {
    guard bound < cutoff else {
      excluded += 1
      return
    }
    let (level, base) = (new.level, new.base)
    nodes.append(new)
    let node = OpenNode(bound: bound, node: nodes.count - 1)
    switch level {
    case .split
    where isSketching && !BaseChoices.allows(bases[base].strategy.context, usual.context),
      .slice
    where isSketching
      && !BaseChoices.allows(bases[base].strategy.microBatchSize, usual.microBatchSize):
      postponed.append(node)
    default: heap.insert(node)
    }
  }

  /// Leaves a layout that is too large to be walked to the end.
  func leave(_ node: Node, _ known: Double) { unwalked.append((node, known, best)) }

  /// Whether a layout that was walked may be walked again.
  private func hasTries(for node: Node) -> Bool { node.walks > 0 && triesLeft >= tries(node) }

  /// Stages that a walk tries for each choice of groups: twice as many each time.
  func tries(_ node: Node) -> Int { effort.triesPerState << Int(min(node.walks, 16)) }
}
