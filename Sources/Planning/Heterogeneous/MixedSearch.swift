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
  private(set) var considered = 0
  /// Layouts that a bound excluded, and nodes above layouts.
  var excluded = 0
  /// Least bound of what was looked at, and not to the end.
  var unfinished = Double.infinity
  private var heap = Heap<OpenNode>()
  private var hasBegun = false
  /// What takes no less need not be told from anything else.
  private var aim = Double.infinity
  private var nodes: [Node] = []
  /// Splits, slices and walks that a sketch does without.
  private var postponed: [OpenNode] = []
  /// Layouts that could not be walked to the end, and the best plan that was known then.
  private var unwalked: [(node: Node, bound: Double, best: Double)] = []
  private let usual: SearchConstraints
  private(set) var isSketching = false
  var bases: [Base] = []
  var sliceRates: [SliceRates] = []
  var places: [Place] = []
  var seats: [SeatKey: SeatCosts] = [:]
  var triesLeft: Int
  var entriesLeft: Int
  var choicesLeft: Int
  var statesFilled = 0
  /// Nodes above bases that are still looked into once it is to stop, until there is a plan.
  private var nodesAfterStop = 8

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
  var settled: Double { unwalked.reduce(.infinity) { min($0, $1.bound) } }

  var pruned: Int { excluded + heap.count + postponed.count }

  /// What a node stands for; small, since there can be a million.
  struct Node {
    enum Level: UInt8 { case split, slice, base, weighed, parted, reached }
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
    /// The least factor by which waiting for the slowest GPU lengthens a step that is better than the best
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

  /// Finds good plans among the usual micro-batch sizes and whole sequences, with little effort and no walk:
  /// `run` goes on from there.
  func sketch(shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void) {
    isSketching = true
    search(
      layouts: Self.sketchedLayouts, states: Self.sketchedStates, shouldStop, onProgress)
    isSketching = false
    for node in postponed { heap.insert(node) }
    postponed = []
  }

  private static let sketchedLayouts = 96
  private static let sketchedStates = 1 << 19
  /// A gap for which no layout is walked a second time.
  private static let smallGap = 0x1p-6
  /// Layouts in a row that a sketch looks at for nothing.
  private static let sketchedInVain = 12

  /// - Parameter aim: A bound that is not exceeded anyway.
  func run(
    below aim: Double = .infinity, shouldStop: () -> Bool,
    onProgress: (SearchProgress) -> Void = { _ in }
  ) {
    self.aim = aim
    while true {
      search(layouts: effort.layouts, states: effort.states, shouldStop, onProgress)
      // What was too much beside a worse plan may be little beside the best.
      guard let index = unwalked.indices.min(by: { unwalked[$0].bound < unwalked[$1].bound }),
        unwalked[index].bound < cutoff,
        best < unwalked[index].best
          || (unwalked[index].bound < cutoff * (1 - Self.smallGap)
            && hasTries(for: unwalked[index].node)),
        statesFilled < effort.states, !shouldStop()
      else { return }
      let (node, bound, _) = unwalked.remove(at: index)
      walk(node, bound, shouldStop)
    }
  }

  private func search(
    layouts: Int, states: Int, _ shouldStop: () -> Bool,
    _ onProgress: (SearchProgress) -> Void
  ) {
    if !hasBegun { space.forEachSplit { addSplit($0) } }
    hasBegun = true
    var (known, since) = (best, considered)
    while let next = heap.min, next.bound < cutoff {
      if best < known { (known, since) = (best, considered) }
      let isSettled = next.bound >= settled
      if isSettled, Double(considered - since) >= Self.patience * eagerness { return }
      if isSketching, considered - since >= Self.sketchedInVain { return }
      onProgress(
        SearchProgress(
          best: best, bound: open, strategiesConsidered: considered, strategiesPruned: pruned))
      if considered >= layouts || statesFilled >= states || choicesLeft == 0 { return }
      if shouldStop() {
        let isAboveBases = [.split, .slice].contains(nodes[next.node].level)
        guard found.isEmpty, isAboveBases, nodesAfterStop > 0 else { return }
        nodesAfterStop -= 1
      }
      heap.removeMin()
      let node = nodes[next.node]
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
  }

  /// How much is done to find better plans where the bound is settled, as a part of what is done to raise it: the
  /// more the wider the gap, and all from a quarter of a step on.
  var eagerness: Double { min(1, 4 * (1 - settled / best)) }

  /// Layouts in a row that are looked at for better plans alone, at most.
  private static let patience = 128.0

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
