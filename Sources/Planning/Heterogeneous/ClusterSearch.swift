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
  private(set) var baselines: Baselines
  /// Pipelines over several pools, and replicas on different ones: both of one chunk a stage and of several.
  private var searches: [any PoolSearch]
  /// For pipelines whose stages differ in replicas.
  private var parting: [MixedSearch] = []
  /// The best plans that are known.
  private(set) var kept: BestPlans
  /// Of all searches.
  private var tables: [SearchTables]

  /// - Parameter plans: That are known.
  init(
    _ problem: ClusterProblem, _ constraints: SearchConstraints, effort: SearchEffort,
    parallel: ParallelMap, knowing plans: [MixedPlan]
  ) {
    (self.problem, self.constraints) = (problem, constraints)
    (self.effort, self.parallel) = (effort, parallel)
    kept = BestPlans(most: 4 * effort.kept, plans)
    let tables = SearchTables(problem)
    self.tables = [tables]
    baselines = Baselines(problem, constraints, tables: SearchTables(beside: tables))
    searches = []
    addSearches(constraints.byChunks[0])
    self.tables.append(baselines.tables)
  }

  private mutating func addSearches(_ part: SearchConstraints) {
    let tables = (tablesBeside(), tablesBeside())
    searches += [
      MixedSearch(
        problem, part, effort: effort, tables: tables.0.seats, slices: tables.0.slices,
        incumbents: []),
      LaneSearch(
        problem, part, effort: effort, tables: tables.1.seats, slices: tables.1.slices,
        incumbents: []),
    ]
  }

  private mutating func tablesBeside() -> SearchTables {
    tables.append(SearchTables(beside: tables[0]))
    return tables[tables.count - 1]
  }

  /// What each part comes to; from then on, all know what any has worked out.
  private func sideBySide<Part, Result>(
    _ parts: [Part], _ body: (Part) -> Result
  ) -> [Result] {
    defer { for each in tables { each.share() } }
    return parallel.map(parts, body)
  }

  var plans: [MixedPlan] { kept.plans }

  /// Whether gradients or weights are free to be sharded, which is not searched over several pools unless it is
  /// wanted, and there is no plan, or the best has them sharded.
  var leavesSharding: Bool {
    constraints.zeroStage.isEmpty
      && (plans.first.map { $0.plan.strategy.zeroStage > .optimizer } ?? true)
  }

  /// The least that a plan might take which was not looked for to the end: of all, or of those of which the
  /// bound speaks.
  var open: Double {
    let all = Tally(baselines, searches + parting).open
    return boundsParting ? all : Tally(baselines, searches).open
  }

  /// Whether the bound speaks of pipelines whose stages differ in replicas.
  var boundsParting: Bool {
    let bounded = Tally(baselines, searches).open
    return parting.count == constraints.byChunks.count
      && Tally(baselines, searches + parting).open >= min(bounded, kept.best)
  }

  var considered: Int { Tally(baselines, searches + parting).considered }
  var pruned: Int { Tally(baselines, searches + parting).pruned }

  mutating func run(shouldStop: () -> Bool, onProgress: (SearchProgress) -> Void) {
    sketch(shouldStop)
    onProgress(progress)
    baselines.close(below: kept.best, shouldStop: shouldStop)
    for plan in baselines.plans { kept.keep(plan) }
    bound(shouldStop, onProgress)
    if !shouldStop() { refine(shouldStop) }
    onProgress(progress)
  }

  /// Until all other plans are bounded, no plan is.
  private var progress: SearchProgress {
    let all = Tally(baselines, searches)
    return SearchProgress(
      best: kept.best, bound: leavesSharding ? 0 : all.open,
      strategiesConsidered: all.considered, strategiesPruned: all.pruned)
  }

  /// Good plans.
  private mutating func sketch(_ shouldStop: () -> Bool) {
    let mixed = searches[0]
    for plan in kept.plans { mixed.keep(plan) }
    let compared = sideBySide([false, true]) { [baselines] compares -> Baselines in
      var baselines = baselines
      if compares {
        baselines.run(shouldStop: shouldStop)
      } else {
        mixed.sketch(shouldStop: shouldStop)
      }
      return baselines
    }
    baselines = compared[1]
    for plan in baselines.plans + mixed.found { kept.keep(plan) }
    for part in constraints.byChunks.dropFirst() { addSearches(part) }
  }

  /// Goes on with two searches at a time, until no other can lower the bound: what has the least bound of all
  /// need not be bounded any better by others.
  private mutating func bound(_ shouldStop: () -> Bool, _ onProgress: (SearchProgress) -> Void) {
    for search in searches { search.begin(.whole) }
    var left = Array(searches.indices)
    /// The least bound of what is done.
    var settled = baselines.open
    while let pair = next(left, settled: settled) {
      for search in pair {
        for plan in kept.plans { searches[search].keep(plan) }
        // The first also looks for better plans where these do not raise the bound.
        if search > 0 { searches[search].aim = settled }
      }
      let areDone = sideBySide(pair) { [searches] in
        searches[$0].advance(Self.quota, shouldStop: shouldStop)
      }
      for (search, isDone) in zip(pair, areDone) {
        for plan in searches[search].found { kept.keep(plan) }
        guard isDone else { continue }
        settled = min(settled, searches[search].open)
        left.removeAll { $0 == search }
      }
      onProgress(progress)
    }
  }

  /// What searches do between one exchange of plans and the next.
  private static let quota = 2048

  /// The first search, until it is done, and those of the least bound.
  private func next(_ left: [Int], settled: Double) -> [Int]? {
    let first = left.first == 0 ? searches[0] : nil
    let limit = min(settled, kept.best)
    let others = left.filter {
      let open = searches[$0].open
      return $0 > 0 && (first.map { open <= $0.open } ?? (open < limit))
    }.sorted { (searches[$0].open, $0) < (searches[$1].open, $1) }
    let pair = (first == nil ? [] : [0]) + others
    return pair.isEmpty ? nil : Array(pair.prefix(2))
  }

  /// Looks at what few jobs gain by.
  private mutating func refine(_ shouldStop: () -> Bool) {
    let bounded = Tally(baselines, searches).open
    let effort = effort.partingBatches(gpus: problem.cluster.gpus)
    var parting: [MixedSearch?] = []
    for part in constraints.byChunks {
      let tables = tablesBeside()
      parting.append(
        MixedSearch(
          problem, part, partsBatches: true, effort: effort, tables: tables.seats,
          slices: tables.slices, incumbents: kept.plans))
    }
    let polish = PlanPolish(
      problem: problem, constraints: constraints, tables: tablesBeside().seats)
    let (known, changes) = (kept, self.effort.changes)
    func polished(_ plan: MixedPlan) -> MixedPlan {
      polish.polished(plan, tries: changes, shouldStop: shouldStop)
    }
    // The best plan so far is polished beside them.
    let found = sideBySide(parting + [nil]) { search -> [MixedPlan] in
      search?.run(below: bounded, shouldStop: shouldStop)
      return search?.found ?? known.plans.prefix(1).map(polished)
    }
    for plan in found.dropLast().joined() { kept.keep(plan) }
    let isBetter = kept.best < known.best
    for plan in found.last! { kept.keep(plan) }
    if isBetter, let best = kept.plans.first { kept.keep(polished(best)) }
    self.parting = parting.compactMap(\.self)
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
