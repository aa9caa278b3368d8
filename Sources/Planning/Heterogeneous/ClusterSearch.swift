import Quantities

/// The search for the plan over several pools with the shortest step.
///
/// First good plans, from where most are, so that most others are excluded at once; then each kind of plan is
/// bounded as far as it decides what is known of the whole. What does not need the other's results is done
/// side by side: the same is found with one thread.
struct ClusterSearch {
  let problem: ClusterProblem
  let constraints: SearchConstraints
  let effort: SearchEffort
  let parallel: ParallelMap
  let baselines: Baselines
  /// Pipelines over several pools, and replicas on different ones: both of one chunk a stage and of several.
  /// Last, pipelines whose stages differ in replicas: few jobs gain by these, and there are many.
  private let searches: [any PoolSearch]
  private var done: Set<Int> = []
  private var phases: [SearchPhase]
  /// The best plans that are known.
  private(set) var kept: BestPlans
  /// The best of them after small changes, which searches do not know of.
  private var bettered: MixedPlan?
  /// Seconds of the best that was told, and the bound.
  private var told = (best: Double.infinity, bound: 0.0)
  /// Of all searches, the last of the part of one that goes on beside it.
  private let tables: [SearchTables]

  /// - Parameter plans: That are known.
  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    parallel: ParallelMap, knowing plans: [MixedPlan]
  ) {
    (self.problem, self.constraints) = (problem, constraints)
    (self.effort, self.parallel) = (effort, parallel)
    kept = BestPlans(most: 4 * effort.kept, plans)
    var tables = [SearchTables(problem)]
    func beside() -> SearchTables {
      tables.append(SearchTables(beside: tables[0]))
      return tables[tables.count - 1]
    }
    baselines = Baselines(problem, constraints, tables: tables[0])
    var searches: [any PoolSearch] = []
    let parts = constraints.byChunks
    for part in parts {
      let (mixed, lanes) = (beside(), beside())
      searches += [
        MixedSearch(
          problem, part, effort: effort, tables: mixed.seats, slices: mixed.slices,
          incumbents: []),
        LaneSearch(
          problem, part, effort: effort, tables: lanes.seats, slices: lanes.slices,
          incumbents: []),
      ]
    }
    let parting = beside()
    searches.append(
      MixedSearch(
        problem, constraints, partsBatches: true,
        effort: effort.partingBatches(gpus: problem.cluster.gpus), tables: parting.seats,
        slices: parting.slices, incumbents: []))
    _ = beside()
    (self.searches, self.tables) = (searches, tables)
    phases = searches.map { _ in .whole }
  }

  var plans: [MixedPlan] { kept.plans }

  /// Whether gradients or weights are free to be sharded, which is not searched over several pools unless it is
  /// wanted, and there is no plan, or the best has them sharded: once a bound was told that leaves these plans out,
  /// it is not taken back for them.
  var leavesSharding: Bool {
    constraints.zeroStage.isEmpty && told.bound == 0
      && (best.map { $0.plan.strategy.zeroStage > .optimizer } ?? true)
  }

  // MARK: What is known

  /// The search for pipelines whose stages differ in replicas.
  private var parting: Int { searches.count - 1 }
  /// The others, of which the bound speaks in any case.
  private var bounding: Range<Int> { 0..<parting }
  private var bounded: Tally { Tally(baselines, searches[bounding]) }
  private var all: Tally { Tally(baselines, searches) }

  /// The least that a plan might take which was not looked for to the end, of those of which the bound speaks.
  var open: Double { boundsParting ? all.open : bounded.open }

  /// Whether the bound speaks of pipelines whose stages differ in replicas.
  var boundsParting: Bool { all.open >= min(bounded.open, kept.best) }

  var considered: Int { all.considered }
  var pruned: Int { all.pruned }

  /// The best plan that is known, be it that searches do not know of it.
  private var best: MixedPlan? {
    guard let own = kept.plans.first, let bettered else { return kept.plans.first ?? bettered }
    return own.step < bettered.step ? own : bettered
  }

  /// Tells of the best plan with states sharded and layers recomputed as suits it. The bound does not speak of all
  /// such plans, so that they are known before it is told.
  private mutating func tell(_ shouldStop: () -> Bool, _ onProgress: (SearchProgress) -> Void) {
    if let step = best?.step, step < told.best {
      better(by: [.recomputation, .sharding], shouldStop)
    }
    // Until all other plans are bounded, no plan is.
    let bound = leavesSharding ? 0 : bounded.open
    let progress = SearchProgress(
      best: best?.step ?? .infinity, bound: bound, strategiesConsidered: considered,
      strategiesPruned: pruned)
    told = (progress.best, progress.bound)
    onProgress(progress)
  }

  /// Betters the best plan by small changes.
  private mutating func better(by changes: [PlanPolish.Change], _ shouldStop: () -> Bool) {
    guard let best else { return }
    let polish = PlanPolish(
      problem: problem, constraints: constraints, parallel: parallel,
      tables: tables.prefix(2).map(\.seats))
    bettered = polish.polished(
      best, by: changes, tries: effort.changes, shouldStop: shouldStop)
  }

  // MARK: Searching

  mutating func run(shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void) {
    begin(.sketch, 0)
    for search in partners { begin(.outline, search) }
    let others = partners.map { Piece.advance($0, Self.quota) }
    round([[.advance(0, isAlone ? Self.quota : .max)], [.compare] + others], shouldStop)
    while phases[0] == .sketch { round(parted([0]), shouldStop) }
    tell(shouldStop, onProgress)
    collect()
    for search in searches.indices { begin(search == 1 ? .sketch : .whole, search) }
    // To begin with unequal replicas, all their layouts are collected.
    var rows = parted([0])
    if !isAlone { rows[0] = Array(repeating: rows[0][0], count: 3) }
    round(
      rows + [[.close, .advance(1, Self.quota)] + (isAlone ? [] : others.prefix(1))], shouldStop)
    tell(shouldStop, onProgress)
    while true {
      let rows = next()
      if rows.isEmpty { break }
      round(rows, shouldStop)
      tell(shouldStop, onProgress)
    }
    collect()
    tell(shouldStop, onProgress)
    better(by: PlanPolish.Change.allCases, shouldStop)
    guard let bettered else { return }
    kept.keep(bettered)
    // What takes less than was told to be possible is for the answer to explain.
    if bettered.step >= told.bound { tell(shouldStop, onProgress) }
  }

  /// The more pools there are, the more ways to split them, of which a low bound of what is done excludes most: then
  /// most searches that are bounded wait for one, and the first is parted in two instead.
  private var isAlone: Bool { problem.pools.count > 3 }

  /// Searches besides the first two that go on beside the first.
  private var partners: [Int] {
    Array(isAlone ? searches.indices.suffix(1) : searches.indices.dropFirst(2))
  }

  /// Some searches side by side; where most wait, the first that can be is parted in two.
  private func parted(_ chosen: [Int]) -> [[Piece]] {
    let first = isAlone ? chosen.first { searches[$0] is MixedSearch } : nil
    return chosen.map { [.advance($0, Self.quota)] } + (first.map { [[.assist($0)]] } ?? [])
  }

  /// Keeps all plans that were found, and not only the best.
  private mutating func collect() {
    for plan in baselines.plans + searches.flatMap(\.found) { kept.keep(plan) }
  }

  private mutating func begin(_ phase: SearchPhase, _ search: Int) {
    phases[search] = phase
    for plan in kept.plans { searches[search].keep(plan) }
    aim(search, settled)
    searches[search].begin(phase)
  }

  /// What a search, or the comparison with one pool, does in a round.
  private enum Piece {
    case compare, close
    /// A search, for about so many microseconds.
    case advance(Int, Int)
    /// Takes a part of what a search has open, to go on with beside it. In a round one search may be parted so.
    case assist(Int)

    var assisted: Int? {
      if case .assist(let search) = self { search } else { nil }
    }
  }

  /// What searches do between one exchange of plans and the next.
  private static let quota = 4096

  /// Does pieces of work side by side, each after those before it in its row. From then on, all know the best plan,
  /// and what any has worked out.
  private mutating func round(_ rows: [[Piece]], _ shouldStop: () -> Bool) {
    let (searches, baselines, best) = (searches, baselines, kept.best)
    let assisted = rows.joined().lazy.compactMap(\.assisted).first
    let part = assisted.flatMap {
      (searches[$0] as? MixedSearch)?.split(tables[tables.count - 1])
    }
    let over = parallel.map(rows) { row in
      // Of each search that has a piece in the row, whether it came to an end.
      row.reduce(into: [Int: Bool]()) { over, piece in
        switch piece {
        case .compare: baselines.run(shouldStop: shouldStop)
        case .close: baselines.close(below: best, shouldStop: shouldStop)
        case .advance(let search, let quota):
          over[search] = searches[search].advance(quota, shouldStop: shouldStop)
        case .assist(let search):
          over[search] = part?.advance(Self.quota, shouldStop: shouldStop)
        }
      }
    }.reduce(into: [Int: Bool]()) { over, row in over.merge(row) { $0 && $1 } }
    if let assisted, let part { (searches[assisted] as? MixedSearch)?.absorb(part) }
    for each in tables { each.share() }
    let found = searches.min { $0.best < $1.best }.flatMap(\.found.first)
    for plan in baselines.plans + [found].compactMap(\.self) where plan.step < kept.best {
      kept.keep(plan)
    }
    for search in searches.indices where over[search] == true {
      if phases[search] < .whole { begin(.whole, search) } else { done.insert(search) }
    }
    let settled = settled
    for search in searches.indices {
      if let best = kept.plans.first, best.step < searches[search].best {
        searches[search].keep(best)
      }
      aim(search, settled)
    }
  }

  /// What has the least bound of all that is done need not be bounded any better by others. The first search also
  /// looks for better plans where these do not raise the bound.
  private func aim(_ search: Int, _ settled: Double) {
    if search > 0 { searches[search].aim = settled }
  }

  /// The least bound of what is done.
  private var settled: Double {
    Tally(baselines, bounding.filter(done.contains).map { searches[$0] }).open
  }

  /// The first search beside two others, until it is done, and then three: sketches first, and those of the least
  /// bound, until none can lower the whole's.
  private func next() -> [[Piece]] {
    let isFirstDone = done.contains(0)
    let limit = isFirstDone ? min(settled, kept.best) : searches[0].open.nextUp
    func comesBefore(_ a: Int, _ b: Int) -> Bool {
      // What it does may come to nothing until the others have found good plans.
      if !isFirstDone, (a == parting) != (b == parting) { return b == parting }
      return (phases[a], searches[a].open, a) < (phases[b], searches[b].open, b)
    }
    let others = searches.indices.dropFirst().filter { search in
      !done.contains(search)
        && (phases[search] == .sketch
          || (isFirstDone || search == 1 || partners.contains(search))
            && searches[search].open < limit)
    }.sorted(by: comesBefore)
    return parted(isFirstDone ? Array(others.prefix(3)) : [0] + others.prefix(2))
  }
}

/// What some searches together have looked at, and the least bound of what they have not.
private struct Tally {
  let open: Double
  let considered: Int
  let pruned: Int

  init(_ baselines: Baselines, _ searches: some Sequence<any PoolSearch>) {
    open = searches.reduce(baselines.open) { min($0, $1.open) }
    considered = searches.reduce(baselines.considered) { $0 + $1.considered }
    pruned = searches.reduce(baselines.pruned) { $0 + $1.pruned }
  }
}
