import Costing
import Hardware
import Quantities
import Scheduling

/// Finds the plan to go on with after a cluster has changed: what it gains over the steps to come is
/// weighed against moving to it.
package struct Replanner: Sendable {
  /// On the cluster for which the plan was made.
  package let before: ClusterProblem
  /// On the cluster as it is now.
  package let after: ClusterProblem
  package let plan: MixedPlan
  package let change: ClusterChange
  package let terms: Terms

  /// What a move is judged by.
  package struct Terms: Hashable, Sendable {
    /// Steps that the job is going to make under the plan.
    package var steps: Int
    /// Of stopping and starting again, whatever moves.
    package var restart: Seconds
    /// At which states are read that no GPU holds any more; unknown, reading takes no time.
    package var checkpointRate: Bandwidth?

    package init(steps: Int, restart: Seconds = .zero, checkpointRate: Bandwidth? = nil) {
      self.steps = steps
      self.restart = restart
      self.checkpointRate = checkpointRate
    }
  }

  /// A way to go on.
  package struct Option: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
      /// The same plan on the same GPUs.
      case stay
      /// The same degrees where they go on existing: stages are cut and counted anew.
      case adapt
      /// The best of a whole search.
      case replan
    }
    package var kind: Kind
    package var plan: MixedPlan
    package var migration: Migration
    /// Moving, and all steps of the horizon.
    package var total: Seconds
  }

  /// The ways to go on.
  package struct Ways: Hashable, Sendable {
    /// The best first.
    package var options: [Option]
    /// Whether the search was stopped before a way was found, or all were ruled out.
    package var isUndecided: Bool
  }

  /// Nil where the change leaves no GPU.
  package init?(
    _ before: ClusterProblem, plan: MixedPlan, change: ClusterChange, terms: Terms
  ) {
    guard let cluster = change.applied(to: before.cluster) else { return nil }
    self.before = before
    self.plan = plan
    self.change = change
    self.terms = terms
    after = before.on(cluster)
  }

  /// All ways that are possible.
  ///
  /// - Parameters:
  ///   - constraints: Of a whole search, if there is to be one beside the quick ones.
  ///   - parallel: See `ClusterPlanner`.
  ///   - onProgress: Told of the plans to go on with, and how far the whole search has come.
  package func ways(
    _ constraints: SearchConstraints? = nil, parallel: ParallelMap = .sequential,
    shouldStop: () -> Bool = { false },
    onProgress: (SearchProgress) -> Void = { _ in }
  ) -> Ways {
    let moves = MigrationPlan(
      after, before: before, from: plan.plan, lostNodes: change.lostNodes)
    var options: [Option] = []
    func tell() {
      let best = options.map(\.plan.plan.prediction.step).min()?.value ?? .infinity
      onProgress(
        SearchProgress(best: best, bound: 0, strategiesConsidered: 0, strategiesPruned: 0))
    }
    if let stay { options.append(stay) }
    tell()
    var wasStopped = false
    let adapted = adapted {
      wasStopped = wasStopped || shouldStop()
      return wasStopped
    }
    options += adapted.map { option(.adapt, $0, moves) }
    tell()
    if var constraints {
      // Ways are held against each other by their time, whatever a plan is wanted for.
      constraints.objective = .throughput
      constraints.wantsFrontier = false
      let outcome = ClusterPlanner(after, parallel: parallel).plan(
        constraints, shouldStop: shouldStop, onProgress: onProgress)
      wasStopped = wasStopped || outcome.outcome == .undecided
      if case .found(let result) = outcome.outcome {
        for plan in [result.best] + result.alternatives {
          if let mixed = try? ClusterPlanner(after).mixed(plan) {
            let near = mixed.reseated(near: self.plan.plan, on: after.cluster)
            options.append(option(.replan, near, moves))
          }
        }
      }
    }
    // Of equals, the one that moves less, then the one found first.
    let sorted = options.enumerated().sorted {
      ($0.element.total, $0.element.migration.bytes.value, $0.offset)
        < ($1.element.total, $1.element.migration.bytes.value, $1.offset)
    }.map(\.element)
    return Ways(options: sorted, isUndecided: sorted.isEmpty && wasStopped)
  }

  private func option(_ kind: Option.Kind, _ plan: MixedPlan, _ moves: MigrationPlan) -> Option {
    let migration = moves.migration(to: plan.plan, checkpointRate: terms.checkpointRate)
    return Option(
      kind: kind, plan: plan, migration: migration,
      total: terms.restart + migration.time + plan.plan.prediction.step * terms.steps)
  }

  // MARK: Staying

  /// The plan as it runs now, read off its devices, if all of these are left.
  private var stay: Option? {
    let devices = plan.plan.stages.map(\.devices)
    guard !devices.joined().contains(where: { change.lostNodes.contains($0.node) }) else {
      return nil
    }
    guard let now = try? ClusterPlanner(after).mixed(plan.plan), now.plan.fits else { return nil }
    return Option(
      kind: .stay, plan: now, migration: .none, total: now.plan.prediction.step * terms.steps)
  }

  // MARK: Adapting

  /// The best plans with the degrees of the old one but for the number of stages and replicas: few
  /// enough to answer at once.
  private func adapted(_ shouldStop: () -> Bool) -> [MixedPlan] {
    let base = plan.strategy.base
    var constraints = SearchConstraints()
    constraints.tensor = Set(plan.strategy.lanes.flatMap { $0.seats.map(\.tensor) }).sorted()
    constraints.context = [base.context]
    constraints.expert = [base.expert]
    constraints.microBatchSize = [base.microBatchSize]
    constraints.zeroStage = [base.zeroStage]
    constraints.recompute = [base.recompute == .none ? .full : base.recompute]
    // With several chunks a stage there is no quick search: 1F1B stands in.
    constraints.schedule = [
      base.schedule == .interleaved ? .oneForwardOneBackward : base.schedule
    ]
    let tables = SeatTables(after)
    func lanes(_ constraints: SearchConstraints, besides plans: [MixedPlan]) -> [MixedPlan] {
      guard after.cluster.pools.count > 1 else { return plans }
      let search = LaneSearch(
        after, constraints, effort: .quick, tables: tables, incumbents: plans)
      search.run(shouldStop: shouldStop)
      return search.found
    }
    var plans: [MixedPlan] = []
    // Unequal replicas as deep as before exclude most of what is not as good.
    if plan.strategy.lanes.count > 1 {
      var alike = constraints
      alike.pipeline = [base.pipeline]
      plans = lanes(alike, besides: [])
    }
    let mixed = MixedSearch(
      after, constraints, effort: .quick, tables: tables, incumbents: plans)
    mixed.run(shouldStop: shouldStop)
    return lanes(constraints, besides: mixed.found).prefix(Self.adapted).map {
      $0.reseated(near: plan.plan, on: after.cluster)
    }
  }

  /// Plans that are weighed by what moves.
  private static let adapted = 4
}

extension SearchEffort {
  /// A few milliseconds' worth.
  package static var quick: SearchEffort {
    var effort = SearchEffort()
    effort.layouts = 24
    effort.statesPerLayout = 1 << 9
    effort.states = 1 << 16
    effort.laneLayouts = 4
    effort.entriesPerLayout = 1 << 13
    effort.entries = 1 << 14
    effort.tries = 1 << 11
    effort.triesPerState = 1 << 9
    effort.kept = 6
    return effort
  }
}
